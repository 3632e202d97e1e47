package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.WriteBatch;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The members of the cluster and the version they agree on. Does not touch the revision of the
 * keys. Changed by the apply thread, read by any thread.
 */
final class Membership {
    private static final byte[] REMOVED = Meta.name("removed");
    private static final byte[] CLUSTER_VERSION = Meta.name("clusterVersion");

    private volatile Map<Long, Member> members;
    private volatile Set<Long> removed;
    private volatile Optional<String> clusterVersion;

    Membership(ReadView view) {
        TreeMap<Long, Member> found = byId();
        try (Cursor cursor = view.cursor(Keyspaces.MEMBERS, null, null, false)) {
            while (cursor.next()) {
                Member member = MemberJson.read(cursor.value());
                found.put(member.id(), member);
            }
        }
        members = Collections.unmodifiableMap(found);
        removed = removed(view);
        clusterVersion =
                Optional.ofNullable(view.get(Keyspaces.CLUSTER, CLUSTER_VERSION))
                        .map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    private static Set<Long> removed(ReadView view) {
        Set<Long> found = new HashSet<>();
        try (Cursor cursor = view.cursor(Keyspaces.MEMBERS_REMOVED, null, null, false)) {
            while (cursor.next()) {
                String id = new String(cursor.key(), StandardCharsets.UTF_8);
                found.add(Long.parseUnsignedLong(id, 16));
            }
        }
        return Set.copyOf(found);
    }

    boolean isRemoved(long id) {
        return removed.contains(id);
    }

    List<Member> members() {
        return List.copyOf(members.values());
    }

    Optional<String> clusterVersion() {
        return clusterVersion;
    }

    void apply(Command.MemberAdd add, WriteBatch batch) {
        Member member = add.member();
        // RC-10
        if (removed.contains(member.id())) throw EtcdError.MEMBER_NOT_FOUND.exception();
        if (members.containsKey(member.id())) throw EtcdError.MEMBER_EXISTS.exception();
        refuseUrlsOfOthers(member.id(), member.peerUrls());
        save(member, batch);
    }

    void apply(Command.MemberRemove remove, WriteBatch batch) {
        Member gone = existing(remove.id());
        TreeMap<Long, Member> rest = byId();
        rest.putAll(members);
        rest.remove(gone.id());
        // Raft cannot go on without a voter; a check before the proposal may have seen an older
        // membership than this one.
        if (!gone.learner() && rest.values().stream().allMatch(Member::learner)) {
            throw EtcdError.NOT_ENOUGH_STARTED.exception();
        }
        Set<Long> tombstones = new HashSet<>(removed);
        tombstones.add(gone.id());
        batch.delete(Keyspaces.MEMBERS, key(gone.id()));
        batch.put(Keyspaces.MEMBERS_REMOVED, key(gone.id()), REMOVED);
        removed = Set.copyOf(tombstones);
        members = Collections.unmodifiableMap(rest);
    }

    void apply(Command.MemberUpdate update, WriteBatch batch) {
        Member old = existing(update.id());
        refuseUrlsOfOthers(old.id(), update.peerUrls());
        save(
                new Member(
                        old.id(), old.name(), update.peerUrls(), old.clientUrls(), old.learner()),
                batch);
    }

    void apply(Command.MemberPromote promote, WriteBatch batch) {
        Member old = existing(promote.id());
        if (!old.learner()) throw EtcdError.MEMBER_NOT_LEARNER.exception();
        save(new Member(old.id(), old.name(), old.peerUrls(), old.clientUrls(), false), batch);
    }

    private Member existing(long id) {
        Member member = members.get(id);
        if (member == null) throw EtcdError.MEMBER_NOT_FOUND.exception();
        return member;
    }

    private void refuseUrlsOfOthers(long id, List<String> urls) {
        for (Member other : members.values())
            if (other.id() != id && !Collections.disjoint(other.peerUrls(), urls))
                throw EtcdError.PEER_URL_EXISTS.exception();
    }

    void apply(Command.MemberAttributes told, WriteBatch batch) {
        Member old = existing(told.id());
        save(
                new Member(old.id(), told.name(), old.peerUrls(), told.clientUrls(), old.learner()),
                batch);
    }

    void apply(Command.ClusterVersion told, WriteBatch batch) {
        byte[] version = told.version().getBytes(StandardCharsets.UTF_8);
        batch.put(Keyspaces.CLUSTER, CLUSTER_VERSION, version);
        clusterVersion = Optional.of(told.version());
    }

    private void save(Member member, WriteBatch batch) {
        TreeMap<Long, Member> changed = byId();
        changed.putAll(members);
        changed.put(member.id(), member);
        batch.put(Keyspaces.MEMBERS, key(member.id()), MemberJson.write(member));
        members = Collections.unmodifiableMap(changed);
    }

    private static TreeMap<Long, Member> byId() {
        return new TreeMap<>(Long::compareUnsigned);
    }

    private static byte[] key(long id) {
        return Meta.name(Long.toHexString(id));
    }
}
