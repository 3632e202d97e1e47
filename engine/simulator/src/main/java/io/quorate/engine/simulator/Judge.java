package io.quorate.engine.simulator;

import io.quorate.engine.node.Node;
import io.quorate.engine.raft.EntryType;
import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.MessageType;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.LogEntry;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Knows everything and checks, after each turn of each loop, what Raft promises (Ongaro's
 * dissertation, figure 3.2), and that equal logs give equal states.
 */
final class Judge {
    private final Map<Vote, Long> votes = new HashMap<>();
    private final Map<Long, Vote> lastVotes = new HashMap<>();
    private final Map<Long, Life> leaders = new HashMap<>();
    private final Map<Position, Content> entries = new HashMap<>();
    private final Map<Long, StateAt> states = new HashMap<>();
    // By index.
    private long[] committedTerm = new long[1024];
    private long[] committedIn = new long[1024];
    private long committed;

    private record Vote(long member, long term) {}

    private record Position(long index, long term) {}

    private record Content(int hash, long termBefore) {}

    private record StateAt(long hash, long term, String who) {}

    /** Highest index known to be committed by anybody. */
    long committed() {
        return committed;
    }

    /**
     * A member says whom it votes for (Raft §5.2). Whoever asks for votes has not voted for himself
     * for sure: that counts once it is durable, which shows when he leads.
     */
    void sent(Life life, Message message) {
        if (message.type() == MessageType.VOTE) {
            asks(life, message.term());
        }
        if (message.type() == MessageType.VOTE_RESP && !message.reject()) {
            votes(life, message.from(), message.term(), message.to());
        }
    }

    /** Who asks for votes cannot forget that he did, or he may be elected in that term again. */
    private static void asks(Life life, long term) {
        HardState durable = life.machine().disk().log().hardState;
        if (durable.term() < term) {
            throw new Violation(
                    "asks for votes too soon: %s, in term %d, with %s on its disk"
                            .formatted(life, term, durable));
        }
    }

    /** A life begins: it must know what the lives before it have told others. */
    void begins(Life life) {
        Vote told = lastVotes.get(life.machine().id());
        HardState known = life.log().hardState();
        if (told != null) {
            boolean forgot =
                    known.term() < told.term()
                            || known.term() == told.term()
                                    && known.vote() != votes.get(told).longValue();
            if (forgot) {
                throw new Violation(
                        "forgotten vote: %s begins with %s, but has voted for %x in term %d"
                                .formatted(life, known, votes.get(told), told.term()));
            }
        }
    }

    private void votes(Life life, long member, long term, long choice) {
        lastVotes.merge(member, new Vote(member, term), (a, b) -> a.term() > b.term() ? a : b);

        Long first = votes.putIfAbsent(new Vote(member, term), choice);
        if (first != null && first != choice) {
            throw new Violation(
                    "two votes: %s votes for %x and for %x in term %d"
                            .formatted(life, first, choice, term));
        }
    }

    /** A read that began when so much was committed is to be answered (Raft §6.4). */
    void reads(Life life, long committedBefore) {
        if (life.node().appliedIndex() < committedBefore) {
            throw new Violation(
                    "stale read: %s has applied %d only, and %d was committed before the read began"
                            .formatted(life, life.node().appliedIndex(), committedBefore));
        }
    }

    /** An entry is written to a log. */
    void holds(Life life, LogEntry entry, long termBefore) {
        changesMembers(life, entry);
        Content content =
                new Content(31 * Arrays.hashCode(entry.data()) + entry.type(), termBefore);
        Content first = entries.putIfAbsent(new Position(entry.index(), entry.term()), content);
        if (first != null && !first.equals(content)) {
            throw new Violation(
                    "log matching: %s has another entry %d of term %d than somebody before: %s, %s"
                            .formatted(life, entry.index(), entry.term(), content, first));
        }
    }

    /** A leader adds no membership change before it has applied the one before. */
    private static void changesMembers(Life life, LogEntry entry) {
        life.membershipChanges.tailSet(entry.index(), true).clear();
        if (entry.type() == EntryType.NORMAL.ordinal()) {
            return;
        }
        Node node = life.node();
        boolean own = node != null && life.termLeading == entry.term();
        Long before = life.membershipChanges.floor(entry.index());
        if (own && before != null && before > node.appliedIndex()) {
            throw new Violation(
                    "two membership changes at once: %s, which has applied %d, adds one at %d after one at %d"
                            .formatted(life, node.appliedIndex(), entry.index(), before));
        }
        life.membershipChanges.add(entry.index());
    }

    /** A life has taken a turn. */
    void observe(Life life) {
        Node node = life.node();
        long term = node.term();
        long commit = node.committedIndex();
        if (term < life.term || commit < life.commit) {
            throw new Violation(
                    "%s went back: term %d to %d, commit %d to %d"
                            .formatted(life, life.term, term, life.commit, commit));
        }
        life.term = term;
        if (node.leader() == node.memberId() && life.termLed != term) {
            life.termLed = term;
            leads(life, term);
        }
        if (commit > life.commit && life.termLeading == term) {
            countsOwnTerm(life, term, commit);
        }
        life.termLeading = node.leader() == node.memberId() ? term : 0;
        life.commit = commit;
        // The first members' entries count as committed before they are written.
        long written = Math.min(commit, life.log().lastIndex());
        if (written > life.checked && life.installs == 0) {
            commits(life, life.checked, written);
            life.checked = written;
        }
        long applied = node.appliedIndex();
        if (applied != life.applied) {
            applies(life, applied);
            life.applied = applied;
        }
    }

    /** A leader commits entries of its own term by counting; all others come along (§5.4.2). */
    private static void countsOwnTerm(Life life, long term, long commit) {
        LogImage log = life.log().image();
        if (commit > log.baseIndex
                && commit <= life.log().lastIndex()
                && log.term(commit) != term) {
            throw new Violation(
                    "counted an older term: %s leads term %d and commits entry %d of term %d"
                            .formatted(life, term, commit, log.term(commit)));
        }
    }

    private void leads(Life life, long term) {
        Life first = leaders.putIfAbsent(term, life);
        if (first != null && first != life) {
            throw new Violation(
                    "election safety: both %s and %s lead term %d".formatted(first, life, term));
        }
        votes(life, life.machine().id(), term, life.machine().id());
        LogImage log = life.log().image();
        for (long index = log.baseIndex + 1; index <= committed; index++) {
            if (committedIn[(int) index] < term && !log.holds(index, committedTerm[(int) index])) {
                throw new Violation(
                        "leader completeness: %s leads term %d without entry %d of term %d, committed in term %d"
                                .formatted(
                                        life,
                                        term,
                                        index,
                                        committedTerm[(int) index],
                                        committedIn[(int) index]));
            }
        }
    }

    private void commits(Life life, long before, long commit) {
        LogImage log = life.log().image();
        for (long index = Math.max(before, log.baseIndex) + 1; index <= commit; index++) {
            long term = log.term(index);
            if (index > committed) {
                record(index, term, life.term);
            } else if (committedTerm[(int) index] != 0 && committedTerm[(int) index] != term) {
                throw new Violation(
                        "a committed entry was replaced: %s commits entry %d of term %d, which was of term %d"
                                .formatted(life, index, term, committedTerm[(int) index]));
            }
        }
    }

    private void record(long index, long term, long in) {
        if (index >= committedTerm.length) {
            committedTerm = Arrays.copyOf(committedTerm, 2 * (int) index);
            committedIn = Arrays.copyOf(committedIn, 2 * (int) index);
        }
        committedTerm[(int) index] = term;
        committedIn[(int) index] = in;
        committed = index;
    }

    private void applies(Life life, long applied) {
        if (applied < life.applied) {
            throw new Violation("%s applied %d after %d".formatted(life, applied, life.applied));
        }
        if (life.installs == 0 && applied > life.machine().disk().log().lastIndex()) {
            throw new Violation(
                    "%s applied entry %d, but its log is durable to %d only"
                            .formatted(life, applied, life.machine().disk().log().lastIndex()));
        }
        // What a compaction takes away goes bit by bit, at each member in its own time.
        if (life.node().state().compactionPending()) {
            return;
        }
        var at = life.store().applied();
        StateAt state = new StateAt(life.store().hash(), at.term(), life.toString());
        StateAt first = states.putIfAbsent(at.index(), state);
        if (first != null && (first.hash != state.hash || first.term != state.term)) {
            throw new Violation(
                    "state machine safety: at index %d %s and %s differ"
                            .formatted(at.index(), first, state));
        }
    }
}
