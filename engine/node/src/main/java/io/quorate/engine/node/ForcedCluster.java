package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.raft.ConfChange;
import io.quorate.engine.raft.ConfChangeCodec;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.EntryType;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A member that goes on alone with the data of a cluster that lost its majority for good (RC-11,
 * FL-101). Its log gets, as committed, the removal of all others.
 *
 * <p>What is in the log of this member stays, committed or not: nobody is left who could say, and a
 * write that was acknowledged is in it if this member was part of the majority that took it. This
 * breaks Raft's promises on purpose; the others must never start again.
 */
final class ForcedCluster {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private static final long READ_BYTES = 4 << 20;

    private ForcedCluster() {}

    /** Writes the removals, durable on return; nothing when the member is alone already. */
    static void write(RaftLog log, StateMachine state, Identity identity) {
        Map<Long, Member> members = lastMembers(log, state);
        Member self = members.get(identity.memberId());
        if (self == null) {
            throw new IllegalArgumentException(
                    "member %x was removed from the cluster, so it cannot go on with its data; restore a snapshot with etcdutl snapshot restore"
                            .formatted(identity.memberId()));
        }
        List<Command> changes = new ArrayList<>();
        if (self.learner()) {
            changes.add(new Command.MemberPromote(self.id()));
        }
        for (Member member : members.values()) {
            if (member.id() != self.id()) {
                changes.add(new Command.MemberRemove(member.id()));
            }
        }
        HardState hard = log.hardState();
        long last = log.lastIndex();
        LOGGER.log(
                WARNING,
                "forcing restart member",
                Fields.of(
                        "cluster-id",
                        Long.toHexString(identity.clusterId()),
                        "local-member-id",
                        Long.toHexString(identity.memberId()),
                        "commit-index",
                        last,
                        "removed-members",
                        changes.size()));
        if (changes.isEmpty() && hard.commit() == last) {
            return;
        }
        long term = Math.max(hard.term(), log.term(last));
        List<LogEntry> entries = new ArrayList<>();
        for (Command change : changes) {
            long index = last + 1 + entries.size();
            // The index is an id that no proposal of this life has: they begin with the member's.
            byte[] data = ConfChangeCodec.encode(MembershipChange.of(index, change));
            entries.add(new LogEntry(index, term, EntryType.CONF_CHANGE.ordinal(), data));
        }
        long vote = term == hard.term() ? hard.vote() : 0;
        log.append(entries, new HardState(term, vote, last + entries.size())).join();
    }

    /** The members once all of the log is applied, by id. */
    private static Map<Long, Member> lastMembers(RaftLog log, StateMachine state) {
        Map<Long, Member> members = new TreeMap<>();
        state.members().forEach(member -> members.put(member.id(), member));
        long next = state.applied().index() + 1;
        while (next <= log.lastIndex()) {
            for (LogEntry entry : log.read(next, log.lastIndex() + 1, READ_BYTES)) {
                change(entry, members);
                next = entry.index() + 1;
            }
        }
        return members;
    }

    private static void change(LogEntry entry, Map<Long, Member> members) {
        EntryType type = EntryType.values()[entry.type()];
        if (type == EntryType.NORMAL) {
            return;
        }
        Applied at = new Applied(entry.index(), entry.term());
        ConfChange change =
                ConfChangeCodec.decode(new Entry(entry.term(), entry.index(), type, entry.data()));
        switch (MembershipChange.command(change, at)) {
            case Command.MemberAdd(Member member) -> members.putIfAbsent(member.id(), member);
            case Command.MemberRemove(long id) -> members.remove(id);
            case Command.MemberPromote(long id) ->
                    members.computeIfPresent(id, (key, member) -> voter(member));
            default -> {}
        }
    }

    private static Member voter(Member learner) {
        return new Member(
                learner.id(), learner.name(), learner.peerUrls(), learner.clientUrls(), false);
    }
}
