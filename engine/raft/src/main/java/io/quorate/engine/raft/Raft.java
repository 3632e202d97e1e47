package io.quorate.engine.raft;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The state of one member (Raft figure 2) and the rules that hold in every role: terms, votes, and
 * the change of roles. What is special to a role is in {@link Follower}, {@link Candidate} and
 * {@link Leader}.
 *
 * <pre>
 * from           to             when                                              term, vote
 * -------------  -------------  ------------------------------------------------  -----------------
 * (start)        FOLLOWER       always                                            as stored
 * FOLLOWER       PRE_CANDIDATE  election time-out or campaign, with pre-vote      unchanged
 * FOLLOWER       CANDIDATE      the same without pre-vote; TIMEOUT_NOW            term + 1, itself
 * PRE_CANDIDATE  PRE_CANDIDATE  election time-out                                 unchanged
 * PRE_CANDIDATE  CANDIDATE      a majority would vote for it                      term + 1, itself
 * PRE_CANDIDATE  FOLLOWER       a majority would not; a leader of this term       unchanged
 * CANDIDATE      CANDIDATE      election time-out, without pre-vote               term + 1, itself
 * CANDIDATE      PRE_CANDIDATE  election time-out, with pre-vote                  unchanged
 * CANDIDATE      LEADER         a majority voted for it                           unchanged
 * CANDIDATE      FOLLOWER       a majority did not; a leader of this term         unchanged
 * LEADER         FOLLOWER       no majority heard (check-quorum); left the group  unchanged
 * any            FOLLOWER       a message of a higher term, except pre-votes      that term, nobody
 * </pre>
 *
 * A vote or an acknowledgement promises that something survives a crash, so those answers wait
 * until what they promise is stable ({@link #messagesAfterAppend}); everything else goes out at
 * once. A member's own vote and its own acknowledgement take the same way, so that a leader never
 * counts itself before its own disk has spoken (dissertation §10.2.1).
 */
final class Raft {
    static final long NONE = 0;

    /** Context of a VOTE that the old leader asked for; it is heard even within its lease. */
    private static final byte[] TRANSFER = "CampaignTransfer".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] NO_CONTEXT = new byte[0];

    /** The ways into an election. */
    enum Campaign {
        PRE_ELECTION,
        ELECTION,
        TRANSFER
    }

    final RaftConfig config;
    final long id;
    final Tracer trace;
    final RaftLogView log;

    ProgressTracker tracker;

    /**
     * The membership before the snapshot that is being put in place, or null. Entries that were
     * handed out for apply before the snapshot came are still made in it, not in the newer one.
     */
    private ProgressTracker overtaken;

    long term;
    long vote;
    long leader;
    RoleSteps steps;

    /** Ticks since the leader was heard of; on a leader, since the last check-quorum round. */
    int electionElapsed;

    int randomizedElectionTicks;

    /** Messages to other members that may leave at once. */
    List<Message> messages = new ArrayList<>();

    /** Messages, also to this member, that wait until all that is unstable now is stable. */
    List<Message> messagesAfterAppend = new ArrayList<>();

    List<ReadState> readStates = new ArrayList<>();

    Raft(RaftConfig config) {
        this.config = config;
        this.id = config.id();
        this.trace = new Tracer(config.trace());
        this.log =
                new RaftLogView(
                        config.storage(),
                        config.maxCommittedBytesPerReady(),
                        config.applyUnstableEntries(),
                        trace);
        this.steps = new Follower(this);

        var stored = config.storage().initialState();
        var last = log.lastEntryId();
        restoreMembership(stored.conf());
        term = stored.hardState().term();
        vote = stored.hardState().vote();
        log.restart(stored.hardState().commit(), config.applied());
        becomeFollower(term, NONE);
        trace.info(
                "newRaft %x [peers: [%s], term: %d, commit: %d, applied: %d, lastindex: %d,"
                        + " lastterm: %d]",
                id, peers(), term, log.committed(), log.applied(), last.index(), last.term());
    }

    private ProgressTracker newTracker() {
        return new ProgressTracker(config.maxInflightMessages(), config.maxInflightBytes());
    }

    private String peers() {
        var text = tracker.membership().voters().ids().toString();
        return text.substring(1, text.length() - 1).replace(' ', ',');
    }

    Role role() {
        return steps.role();
    }

    SoftState softState() {
        return new SoftState(leader, role());
    }

    HardState hardState() {
        return new HardState(term, vote, log.committed());
    }

    void tick() {
        steps.tick();
    }

    // ---------------------------------------------------------------- messages in

    /** Takes one message. */
    void step(Message m) throws ProposalDroppedException {
        if (m.term() > term && !stepHigherTerm(m)) return;
        if (m.term() != 0 && m.term() < term) {
            stepLowerTerm(m);
            return;
        }
        switch (m.type()) {
            case HUP -> hup(config.preVote() ? Campaign.PRE_ELECTION : Campaign.ELECTION);
            case VOTE, PRE_VOTE -> answerVote(m);
            case STORAGE_APPEND_RESP -> storageAppended(m, true);
            case STORAGE_APPLY_RESP -> storageApplied(m);
            case BEAT,
                    PROP,
                    APP,
                    APP_RESP,
                    VOTE_RESP,
                    SNAP,
                    HEARTBEAT,
                    HEARTBEAT_RESP,
                    UNREACHABLE,
                    SNAP_STATUS,
                    CHECK_QUORUM,
                    TRANSFER_LEADER,
                    TIMEOUT_NOW,
                    READ_INDEX,
                    READ_INDEX_RESP,
                    PRE_VOTE_RESP,
                    STORAGE_APPEND,
                    STORAGE_APPLY,
                    FORGET_LEADER ->
                    steps.step(m);
        }
    }

    // A higher term ends whatever this member was doing in its own (Raft §5.1). False if the
    // message
    // is not to be looked at any further.
    private boolean stepHigherTerm(Message m) {
        boolean voteRequest = m.type() == MessageType.VOTE || m.type() == MessageType.PRE_VOTE;
        if (voteRequest && !Arrays.equals(m.context(), TRANSFER) && hearsFromLeader()) {
            // Raft §6: who lost touch, or was removed, must not depose a leader that works.
            var last = log.lastEntryId();
            trace.info(
                    "%x [logterm: %d, index: %d, vote: %x] ignored %s from %x"
                            + " [logterm: %d, index: %d] at term %d:"
                            + " lease is not expired (remaining ticks: %d)",
                    id,
                    last.term(),
                    last.index(),
                    vote,
                    m.type().wireName(),
                    m.from(),
                    m.logTerm(),
                    m.index(),
                    term,
                    config.electionTicks() - electionElapsed);
            return false;
        }
        // A pre-vote is about a term that may never be; the same goes for its consent.
        if (m.type() == MessageType.PRE_VOTE) return true;
        if (m.type() == MessageType.PRE_VOTE_RESP && !m.reject()) return true;
        trace.info(
                "%x [term: %d] received a %s message with higher term from %x [term: %d]",
                id, term, m.type().wireName(), m.from(), m.term());
        boolean fromLeader =
                m.type() == MessageType.APP
                        || m.type() == MessageType.HEARTBEAT
                        || m.type() == MessageType.SNAP;
        becomeFollower(m.term(), fromLeader ? m.from() : NONE);
        return true;
    }

    private boolean hearsFromLeader() {
        return config.checkQuorum() && leader != NONE && electionElapsed < config.electionTicks();
    }

    private void stepLowerTerm(Message m) {
        boolean fromLeader = m.type() == MessageType.HEARTBEAT || m.type() == MessageType.APP;
        if (fromLeader && (config.checkQuorum() || config.preVote())) {
            // This member's higher term may be stuck: with check-quorum nobody answers its votes,
            // with pre-vote nobody follows its term. The answer shows the term to the old leader.
            send(Messages.appendAccepted(m.from(), id, term, 0));
        } else if (m.type() == MessageType.PRE_VOTE) {
            // Unanswered, a candidate of a lower term with the better log could wait for ever.
            trace.info(
                    "%x [logterm: %d, index: %d, vote: %x] rejected %s from %x"
                            + " [logterm: %d, index: %d] at term %d",
                    voteArguments(m, log.lastEntryId()));
            send(Messages.voteAnswer(MessageType.PRE_VOTE_RESP, m.from(), id, term, true));
        } else if (m.type() == MessageType.STORAGE_APPEND_RESP) {
            // Entries of an older term may be about to be overwritten by a write on its way.
            if (m.index() != 0) {
                trace.info(
                        "%x [term: %d] ignored entry appends from a %s message with lower term"
                                + " [term: %d]",
                        id, term, m.type().wireName(), m.term());
            }
            storageAppended(m, false);
        } else {
            trace.info(
                    "%x [term: %d] ignored a %s message with lower term from %x [term: %d]",
                    id, term, m.type().wireName(), m.from(), m.term());
        }
    }

    private void storageAppended(Message m, boolean entriesCount) {
        if (entriesCount && m.index() != 0) {
            log.unstable().stableTo(new EntryId(m.logTerm(), m.index()));
        }
        // A snapshot holds committed state, which is good in any term.
        if (m.snapshot() != null && !m.snapshot().isEmpty()) {
            log.unstable().snapshotStable(m.snapshot().index());
            if (log.unstable().snapshot() == null) overtaken = null;
            appliedTo(m.snapshot().index(), 0);
        }
    }

    private void storageApplied(Message m) {
        if (m.entries().isEmpty()) return;
        appliedTo(m.entries().getLast().index(), Entry.encodedBytes(m.entries()));
        if (steps instanceof Leader leading) leading.committedBytesApplied(m.entries());
    }

    private void appliedTo(long index, long bytes) {
        log.appliedTo(Math.max(index, log.applied()), bytes);
        if (steps instanceof Leader leading) leading.leaveJointIfDue();
    }

    // ---------------------------------------------------------------- messages out

    /** Queues a message for the time it may leave. */
    void send(Message m) {
        switch (m.type()) {
            case APP_RESP, VOTE_RESP, PRE_VOTE_RESP -> messagesAfterAppend.add(m);
            case APP,
                    VOTE,
                    SNAP,
                    HEARTBEAT,
                    HEARTBEAT_RESP,
                    PROP,
                    TRANSFER_LEADER,
                    TIMEOUT_NOW,
                    READ_INDEX,
                    READ_INDEX_RESP,
                    PRE_VOTE -> {
                assert m.to() != id : "message to itself: " + m.type();
                messages.add(m);
            }
            case HUP,
                    BEAT,
                    UNREACHABLE,
                    SNAP_STATUS,
                    CHECK_QUORUM,
                    STORAGE_APPEND,
                    STORAGE_APPEND_RESP,
                    STORAGE_APPLY,
                    STORAGE_APPLY_RESP,
                    FORGET_LEADER ->
                    throw new IllegalArgumentException(m.type() + " is not for other members");
        }
    }

    // ---------------------------------------------------------------- change of roles

    private void reset(long newTerm) {
        if (term != newTerm) {
            term = newTerm;
            vote = NONE;
        }
        leader = NONE;
        electionElapsed = 0;
        randomizedElectionTicks =
                config.electionTicks() + config.random().nextInt(config.electionTicks());
        tracker.resetVotes();
        long last = log.lastIndex();
        for (var member : tracker.members()) member.reset(last + 1, member.id == id ? last : 0);
    }

    void becomeFollower(long newTerm, long newLeader) {
        reset(newTerm);
        leader = newLeader;
        steps = new Follower(this);
        trace.info("%x became follower at term %d", id, term);
    }

    private void becomeCandidate() {
        assert role() != Role.LEADER : "invalid transition [leader -> candidate]";
        reset(term + 1);
        vote = id;
        steps = new Candidate(this, Role.CANDIDATE);
        trace.info("%x became candidate at term %d", id, term);
    }

    private void becomePreCandidate() {
        assert role() != Role.LEADER : "invalid transition [leader -> pre-candidate]";
        // Nothing is given away yet: term and vote stay (dissertation §9.6).
        tracker.resetVotes();
        leader = NONE;
        steps = new Candidate(this, Role.PRE_CANDIDATE);
        trace.info("%x became pre-candidate at term %d", id, term);
    }

    void becomeLeader() {
        assert role() == Role.CANDIDATE : "invalid transition [" + role() + " -> leader]";
        reset(term);
        leader = id;
        var leading = new Leader(this);
        steps = leading;
        leading.start();
        trace.info("%x became leader at term %d", id, term);
        leading.broadcastAppend();
    }

    // ---------------------------------------------------------------- elections (Raft §5.2)

    /** Starts an election, if this member can win one. */
    void hup(Campaign kind) {
        if (role() == Role.LEADER) {
            trace.debug("%x ignoring MsgHup because already leader", id);
        } else if (!isPromotable()) {
            trace.warn("%x is unpromotable and can not campaign", id);
        } else if (hasUnappliedConfChange()) {
            trace.warn(
                    "%x cannot campaign at term %d since there are still pending configuration"
                            + " changes to apply",
                    id, term);
        } else {
            trace.info("%x is starting a new election at term %d", id, term);
            campaign(kind);
        }
    }

    /** Counts a tick without a leader, and campaigns when it was too many. */
    void tickElection() {
        electionElapsed++;
        if (electionElapsed >= randomizedElectionTicks && isPromotable()) {
            electionElapsed = 0;
            hup(config.preVote() ? Campaign.PRE_ELECTION : Campaign.ELECTION);
        }
    }

    /** Whether this member may lead: a voter, by what it knows, that is not amid a snapshot. */
    boolean isPromotable() {
        var self = tracker.get(id);
        return self != null && !self.isLearner() && log.unstable().snapshot() == null;
    }

    // With a change committed but not applied here, this member may count votes by a configuration
    // that is two steps old, and two of those need not overlap.
    private boolean hasUnappliedConfChange() {
        long low = log.applied() + 1;
        long high = log.committed() + 1;
        while (low < high) {
            List<Entry> page;
            try {
                page = log.slice(low, high, config.maxCommittedBytesPerReady());
            } catch (LogStorage.CompactedException e) {
                throw new IllegalStateException(
                        "the log was compacted past what is applied (%d)".formatted(low - 1), e);
            }
            for (var entry : page) if (entry.type() != EntryType.NORMAL) return true;
            low += page.size();
        }
        return false;
    }

    /** Asks all voters for their vote, or for the promise of one. */
    void campaign(Campaign kind) {
        boolean pre = kind == Campaign.PRE_ELECTION;
        if (pre) becomePreCandidate();
        else becomeCandidate();
        // A pre-vote asks about the term that a real election would have.
        long electionTerm = pre ? term + 1 : term;
        var request = pre ? MessageType.PRE_VOTE : MessageType.VOTE;
        var context = kind == Campaign.TRANSFER ? TRANSFER : NO_CONTEXT;
        var voters = tracker.membership().voters().ids();
        for (int i = 0; i < voters.size(); i++) {
            long to = voters.get(i);
            if (to == id) {
                // Its own vote counts when it is stable, like everybody's.
                send(Messages.voteAnswer(answerTo(request), id, id, electionTerm, false));
                continue;
            }
            var last = log.lastEntryId();
            trace.info(
                    "%x [logterm: %d, index: %d] sent %s request to %x at term %d",
                    id, last.term(), last.index(), request.wireName(), to, term);
            send(Messages.voteRequest(request, to, id, electionTerm, last, context));
        }
    }

    private void answerVote(Message m) {
        boolean pre = m.type() == MessageType.PRE_VOTE;
        var answer = answerTo(m.type());
        var last = log.lastEntryId();
        // One vote per term (Raft §5.2), none for others while a leader of this term is known; a
        // pre-vote for a later term gives nothing away.
        boolean free =
                vote == m.from() || (vote == NONE && leader == NONE) || (pre && m.term() > term);
        // Learners vote too: one may have been promoted without knowing it yet, and be needed.
        if (free && log.isUpToDate(new EntryId(m.logTerm(), m.index()))) {
            trace.info(
                    "%x [logterm: %d, index: %d, vote: %x] cast %s for %x"
                            + " [logterm: %d, index: %d] at term %d",
                    voteArguments(m, last));
            // The term of the request: a pre-candidate would take an older one for outdated.
            send(Messages.voteAnswer(answer, m.from(), id, m.term(), false));
            if (!pre) {
                electionElapsed = 0;
                vote = m.from();
            }
        } else {
            trace.info(
                    "%x [logterm: %d, index: %d, vote: %x] rejected %s from %x"
                            + " [logterm: %d, index: %d] at term %d",
                    voteArguments(m, last));
            send(Messages.voteAnswer(answer, m.from(), id, term, true));
        }
    }

    private Object[] voteArguments(Message m, EntryId last) {
        return new Object[] {
            id,
            last.term(),
            last.index(),
            vote,
            m.type().wireName(),
            m.from(),
            m.logTerm(),
            m.index(),
            term
        };
    }

    private static MessageType answerTo(MessageType request) {
        return request == MessageType.PRE_VOTE ? MessageType.PRE_VOTE_RESP : MessageType.VOTE_RESP;
    }

    // ---------------------------------------------------------------- membership (Raft §6)

    /** Makes a committed membership change. */
    ConfState applyConfChange(ConfChange change) {
        var from = overtaken != null ? overtaken : tracker;
        try {
            from.switchTo(ConfChanger.apply(from, log.lastIndex(), change));
            if (from == tracker) membershipChanged();
            return from.membership().toConfState();
        } catch (ConfChanger.RefusedException e) {
            throw new IllegalArgumentException(
                    "membership change %s cannot be applied to %s: %s"
                            .formatted(change.describe(), from.membership(), e.getMessage()),
                    e);
        }
    }

    /** Takes the membership of a snapshot whose state is yet to be put in place. */
    void overtakeMembership(ConfState conf) {
        if (overtaken == null) overtaken = tracker;
        restoreMembership(conf);
    }

    private void restoreMembership(ConfState conf) {
        tracker = newTracker();
        try {
            ConfChanger.restore(tracker, log.lastIndex(), conf);
        } catch (ConfChanger.RefusedException e) {
            throw new IllegalStateException("unable to restore " + conf + ": " + e.getMessage(), e);
        }
        membershipChanged();
        var restored = tracker.membership().toConfState();
        if (!restored.equals(conf)) {
            throw new IllegalStateException("membership " + conf + " came out as " + restored);
        }
    }

    private void membershipChanged() {
        trace.info("%x switched to configuration %s", id, tracker.membership());
        if (steps instanceof Leader leading) leading.membershipChanged();
    }
}
