package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.WriteBatch;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The members of the cluster and the version they agree on. Does not touch the revision of the
 * keys. Changed by the apply thread, read by any thread.
 */
final class Membership {
    private static final byte[] CLUSTER_VERSION = Meta.name("clusterVersion");

    private volatile Map<Long, Member> members;
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
        clusterVersion =
                Optional.ofNullable(view.get(Keyspaces.CLUSTER, CLUSTER_VERSION))
                        .map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }

    List<Member> members() {
        return List.copyOf(members.values());
    }

    Optional<String> clusterVersion() {
        return clusterVersion;
    }

    void apply(Command.MemberAdd add, WriteBatch batch) {
        if (members.containsKey(add.member().id())) throw EtcdError.MEMBER_EXISTS.exception();
        for (Member other : members.values())
            if (!Collections.disjoint(other.peerUrls(), add.member().peerUrls()))
                throw EtcdError.PEER_URL_EXISTS.exception();
        save(add.member(), batch);
    }

    void apply(Command.MemberAttributes told, WriteBatch batch) {
        Member old = members.get(told.id());
        if (old == null) throw EtcdError.MEMBER_NOT_FOUND.exception();
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
