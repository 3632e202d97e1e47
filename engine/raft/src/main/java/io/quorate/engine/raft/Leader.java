package io.quorate.engine.raft;

import java.util.ArrayList;
import java.util.List;

/** The member that appends to the log and replicates it (Raft §5.3, figure 2 "Leaders"). */
final class Leader implements RoleSteps {
    private static final byte[] NO_DATA = new byte[0];

    private final Raft raft;
    private final RaftLogView log;
    private final Tracer trace;
    private final ReadOnly readOnly = new ReadOnly();

    /** Reads that came before this leader knew what is committed; see {@link #readIndex}. */
    private List<Message> earlyReads = new ArrayList<>();

    /**
     * Index at or after the last membership change in the log. The next one is taken only when this
     * index is applied, for two at once may have majorities that do not overlap.
     */
    private long pendingConfIndex;

    /** Index of the entry this leader started its term with. */
    private long firstIndexOfTerm;

    /** Data bytes of proposals that wait for commit. */
    private long uncommittedBytes;

    private int heartbeatElapsed;
    private long transferee;

    Leader(Raft raft) {
        this.raft = raft;
        this.log = raft.log;
        this.trace = raft.trace;
    }

    @Override
    public Role role() {
        return Role.LEADER;
    }

    long transferee() {
        return transferee;
    }

    /** Starts the term with an entry of its own, which commits all before it (Raft §5.4.2, §8). */
    void start() {
        var self = raft.tracker.get(raft.id);
        self.becomeReplicate();
        self.setRecentlyActive(true);
        // Any entry so far may be a membership change; scanning for one could take long.
        pendingConfIndex = log.lastIndex();
        firstIndexOfTerm = log.lastIndex() + 1;
        if (!appendEntries(List.of(new Entry(0, 0, EntryType.NORMAL, NO_DATA)))) {
            throw new IllegalStateException("the first entry of a term was refused");
        }
    }

    @Override
    public void tick() {
        heartbeatElapsed++;
        raft.electionElapsed++;
        if (raft.electionElapsed >= raft.config.electionTicks()) {
            raft.electionElapsed = 0;
            if (raft.config.checkQuorum()) checkQuorum();
            if (raft.steps != this) return;
            giveUpTransfer();
        }
        if (heartbeatElapsed >= raft.config.heartbeatTicks()) {
            heartbeatElapsed = 0;
            broadcastHeartbeat();
        }
    }

    @Override
    public void step(Message m) throws ProposalDroppedException {
        switch (m.type()) {
            case BEAT -> broadcastHeartbeat();
            case CHECK_QUORUM -> checkQuorum();
            case PROP -> propose(m);
            case READ_INDEX -> readIndex(m);
            case FORGET_LEADER -> {}
            case APP_RESP,
                    HEARTBEAT_RESP,
                    UNREACHABLE,
                    SNAP_STATUS,
                    TRANSFER_LEADER,
                    HUP,
                    APP,
                    VOTE,
                    VOTE_RESP,
                    SNAP,
                    HEARTBEAT,
                    TIMEOUT_NOW,
                    READ_INDEX_RESP,
                    PRE_VOTE,
                    PRE_VOTE_RESP,
                    STORAGE_APPEND,
                    STORAGE_APPEND_RESP,
                    STORAGE_APPLY,
                    STORAGE_APPLY_RESP -> {
                var member = raft.tracker.get(m.from());
                if (member == null) {
                    trace.debug("%x no progress available for %x", raft.id, m.from());
                } else {
                    stepMember(m, member);
                }
            }
        }
    }

    private void stepMember(Message m, Progress member) {
        switch (m.type()) {
            case APP_RESP -> {
                member.setRecentlyActive(true);
                if (m.reject()) appendRejected(m, member);
                else appendAccepted(m, member);
            }
            case HEARTBEAT_RESP -> heartbeatAnswered(m, member);
            case UNREACHABLE -> unreachable(m, member);
            case SNAP_STATUS -> snapshotReported(m, member);
            case TRANSFER_LEADER -> transfer(member);
            case HUP,
                    BEAT,
                    PROP,
                    APP,
                    VOTE,
                    VOTE_RESP,
                    SNAP,
                    HEARTBEAT,
                    CHECK_QUORUM,
                    TIMEOUT_NOW,
                    READ_INDEX,
                    READ_INDEX_RESP,
                    PRE_VOTE,
                    PRE_VOTE_RESP,
                    STORAGE_APPEND,
                    STORAGE_APPEND_RESP,
                    STORAGE_APPLY,
                    STORAGE_APPLY_RESP,
                    FORGET_LEADER -> {}
        }
    }

    // ---------------------------------------------------------------- proposals

    private void propose(Message m) throws ProposalDroppedException {
        if (m.entries().isEmpty()) {
            throw new IllegalArgumentException("a proposal needs at least one entry");
        }
        // A leader that was removed carries on until it steps down, but takes nothing new.
        if (raft.tracker.get(raft.id) == null) throw new ProposalDroppedException();
        if (transferee != Raft.NONE) {
            trace.debug(
                    "%x [term %d] transfer leadership to %x is in progress; dropping proposal",
                    raft.id, raft.term, transferee);
            throw new ProposalDroppedException();
        }
        if (!appendEntries(checkedEntries(m.entries()))) throw new ProposalDroppedException();
        broadcastAppend();
    }

    // The entries, with membership changes that cannot be made now replaced by empty ones.
    private List<Entry> checkedEntries(List<Entry> proposed) {
        var checked = proposed;
        for (int i = 0; i < proposed.size(); i++) {
            var entry = proposed.get(i);
            if (entry.type() == EntryType.NORMAL) continue;
            var change = ConfChangeCodec.decode(entry);
            var refusal = refusal(change);
            if (refusal.isEmpty() || raft.config.disableConfChangeValidation()) {
                pendingConfIndex = log.lastIndex() + i + 1;
                continue;
            }
            trace.info(
                    "%x ignoring conf change %s at config %s: %s",
                    raft.id, change.describe(), raft.tracker.membership(), refusal);
            if (checked == proposed) checked = new ArrayList<>(proposed);
            checked.set(i, new Entry(0, 0, EntryType.NORMAL, NO_DATA));
        }
        return checked;
    }

    // Why this change cannot be made now, or "". Best effort: the membership that counts is the one
    // at the time of apply.
    private String refusal(ConfChange change) {
        boolean joint = raft.tracker.membership().voters().isJoint();
        if (pendingConfIndex > log.applied()) {
            return "possible unapplied conf change at index %d (applied to %d)"
                    .formatted(pendingConfIndex, log.applied());
        }
        if (joint && !change.steps().isEmpty()) return "must transition out of joint config first";
        if (!joint && change.steps().isEmpty()) {
            return "not in joint state; refusing empty conf change";
        }
        return "";
    }

    /** Appends to this member's own log; false when too much waits for commit. */
    private boolean appendEntries(List<Entry> proposed) {
        long bytes = Entry.dataBytes(proposed);
        long bound = raft.config.maxUncommittedBytes();
        // Into an empty backlog anything goes, or a large proposal could never be made; and an
        // empty
        // entry always goes, for the first of a term and the leave-joint must get through.
        if (bound > 0 && uncommittedBytes > 0 && bytes > 0 && uncommittedBytes + bytes > bound) {
            trace.warn(
                    "%x appending new entries to log would exceed uncommitted entry size limit;"
                            + " dropping proposal",
                    raft.id);
            return false;
        }
        uncommittedBytes += bytes;
        long index = log.lastIndex();
        var entries = new ArrayList<Entry>(proposed.size());
        for (int i = 0; i < proposed.size(); i++) {
            var entry = proposed.get(i);
            entries.add(new Entry(raft.term, ++index, entry.type(), entry.data()));
        }
        long last = log.append(entries);
        // Its own acknowledgement, which waits for its own disk.
        raft.send(Messages.appendAccepted(raft.id, raft.id, raft.term, last));
        return true;
    }

    /** Frees the share of the backlog that these entries took. */
    void committedBytesApplied(List<Entry> entries) {
        // Entries of earlier terms were never counted, so this may undershoot.
        uncommittedBytes = Math.max(uncommittedBytes - Entry.dataBytes(entries), 0);
    }

    // ---------------------------------------------------------------- replication (Raft §5.3)

    /** Sends what each member lacks, or at least the commit index. */
    void broadcastAppend() {
        for (var member : raft.tracker.members()) {
            if (member.id != raft.id) sendAppend(member, true);
        }
    }

    /** Sends one append, or a snapshot where the log no longer reaches back; false if neither. */
    private boolean sendAppend(Progress member, boolean evenIfEmpty) {
        if (member.isPaused()) return false;
        long previous = member.next() - 1;
        long previousTerm = log.term(previous);
        if (previousTerm == RaftLogView.UNKNOWN_TERM) return sendSnapshot(member);
        List<Entry> entries = List.of();
        // On a full window only empty appends go out; their answer tells whether all was lost.
        if (member.state() != Progress.State.REPLICATE || !member.inflights().isFull()) {
            try {
                entries = log.entries(member.next(), raft.config.maxMessageBytes());
            } catch (LogStorage.CompactedException e) {
                return sendSnapshot(member);
            }
        }
        if (entries.isEmpty() && !evenIfEmpty) return false;
        raft.send(
                Messages.append(
                        member.id,
                        raft.id,
                        raft.term,
                        new EntryId(previousTerm, previous),
                        entries,
                        log.committed()));
        member.sentEntries(entries.size(), Entry.dataBytes(entries));
        member.sentCommit(log.committed());
        return true;
    }

    private boolean sendSnapshot(Progress member) {
        if (!member.isRecentlyActive()) {
            trace.debug("ignore sending snapshot to %x since it is not recently active", member.id);
            return false;
        }
        Snapshot snapshot;
        try {
            snapshot = log.snapshot();
        } catch (LogStorage.SnapshotPendingException e) {
            trace.debug(
                    "%x failed to send snapshot to %x because snapshot is temporarily unavailable",
                    raft.id, member.id);
            return false;
        }
        if (snapshot.isEmpty()) {
            throw new IllegalStateException("the log is compacted, but storage has no snapshot");
        }
        trace.debug(
                "%x [firstindex: %d, commit: %d] sent snapshot[index: %d, term: %d] to %x [%s]",
                raft.id,
                log.firstIndex(),
                log.committed(),
                snapshot.index(),
                snapshot.term(),
                member.id,
                member);
        member.becomeSnapshot(snapshot.index());
        trace.debug(
                "%x paused sending replication messages to %x [%s]", raft.id, member.id, member);
        raft.send(Messages.snapshot(member.id, raft.id, raft.term, snapshot));
        return true;
    }

    private void appendRejected(Message m, Progress member) {
        trace.debug(
                "%x received MsgAppResp(rejected, hint: (index %d, term %d)) from %x for index %d",
                raft.id, m.rejectHint(), m.logTerm(), m.from(), m.index());
        long nextProbe = m.rejectHint();
        if (m.logTerm() > 0) {
            // The member's log has this term at the hint, and no higher one before it: skip all of
            // ours that is higher. With the same on the other side, each probe gets past a whole
            // term at least.
            nextProbe = log.findConflictByTerm(m.rejectHint(), m.logTerm()).index();
        }
        if (!member.maybeDecrease(m.index(), nextProbe)) return;
        trace.debug("%x decreased progress of %x to [%s]", raft.id, m.from(), member);
        if (member.state() == Progress.State.REPLICATE) member.becomeProbe();
        sendAppend(member, true);
    }

    private void appendAccepted(Message m, Progress member) {
        boolean news = member.maybeUpdate(m.index());
        // An answer that repeats what is known still ends a probe.
        boolean probed = member.match() == m.index() && member.state() == Progress.State.PROBE;
        if (!news && !probed) return;
        switch (member.state()) {
            case PROBE -> member.becomeReplicate();
            case REPLICATE -> member.inflights().freeUpTo(m.index());
            case SNAPSHOT -> {
                // Wherever a snapshot came from and whatever its index: it is enough that the log
                // continues it.
                if (member.match() + 1 >= log.firstIndex()) {
                    trace.debug(
                            "%x recovered from needing snapshot, resumed sending replication"
                                    + " messages to %x [%s]",
                            raft.id, m.from(), member);
                    member.becomeProbe();
                    member.becomeReplicate();
                }
            }
        }
        boolean other = member.id != raft.id;
        if (maybeCommit()) {
            releaseEarlyReads();
            broadcastAppend();
        } else if (other && member.canBumpCommit(log.committed())) {
            sendAppend(member, true);
        }
        if (!other) return;
        // The answer may have made room in the window for more than one message.
        while (sendAppend(member, false)) {}
        if (member.id == transferee && member.match() == log.lastIndex()) {
            trace.info("%x sent MsgTimeoutNow to %x after received MsgAppResp", raft.id, member.id);
            sendTimeoutNow();
        }
    }

    // Raft §5.4.2: only entries of its own term are committed by counting, the rest with them.
    private boolean maybeCommit() {
        return log.maybeCommit(new EntryId(raft.term, raft.tracker.committedIndex()));
    }

    private void unreachable(Message m, Progress member) {
        // What is in flight is probably lost.
        if (member.state() == Progress.State.REPLICATE) member.becomeProbe();
        trace.debug(
                "%x failed to send message to %x because it is unreachable [%s]",
                raft.id, m.from(), member);
    }

    private void snapshotReported(Message m, Progress member) {
        if (member.state() != Progress.State.SNAPSHOT) return;
        if (m.reject()) member.snapshotFailed();
        else member.becomeProbe();
        trace.debug(
                "%x snapshot %s, resumed sending replication messages to %x [%s]",
                raft.id, m.reject() ? "failed" : "succeeded", m.from(), member);
        // After success the member's own answer is awaited, after failure the next heartbeat.
        member.pauseAppends();
    }

    // ---------------------------------------------------------------- heartbeats, check-quorum

    private void broadcastHeartbeat() {
        var round = readOnly.round();
        for (var member : raft.tracker.members()) {
            if (member.id == raft.id) continue;
            // Never past what matches: the member could commit an entry it does not share.
            long commit = Math.min(member.match(), log.committed());
            raft.send(Messages.heartbeat(member.id, raft.id, raft.term, commit, round));
            member.sentCommit(commit);
        }
    }

    private void heartbeatAnswered(Message m, Progress member) {
        member.setRecentlyActive(true);
        member.resumeAppends();
        // Also to a member that has everything but is probed: its answer ends the probing.
        if (member.match() < log.lastIndex() || member.state() == Progress.State.PROBE) {
            sendAppend(member, true);
        }
        if (m.context().length == 0) return;
        readOnly.acknowledge(m.from(), m.context());
        answerConfirmedReads();
    }

    /** Steps down when no majority was heard of since the last time (dissertation §6.2). */
    private void checkQuorum() {
        var members = raft.tracker.members();
        if (!raft.tracker.isQuorumActive()) {
            trace.warn("%x stepped down to follower since quorum is not active", raft.id);
            raft.becomeFollower(raft.term, Raft.NONE);
        }
        for (var member : members) {
            if (member.id != raft.id) member.setRecentlyActive(false);
        }
    }

    // ---------------------------------------------------------------- reads (dissertation §6.4)

    private void readIndex(Message m) {
        // A new leader has all committed entries, but knows which ones only once it has committed
        // one of its own term. That goes for a single voter too: the commit index it restarted
        // with may be older than what it acknowledged.
        if (!hasCommittedInTerm()) {
            earlyReads.add(m);
        } else {
            confirmRead(m);
        }
    }

    private boolean hasCommittedInTerm() {
        return log.committed() >= firstIndexOfTerm;
    }

    private void confirmRead(Message m) {
        boolean sure =
                raft.tracker.isSingleton()
                        || raft.config.readMode() == RaftConfig.ReadMode.LEASE_BASED;
        if (sure) {
            answerRead(m, log.committed());
            return;
        }
        readOnly.add(m, log.committed());
        readOnly.acknowledge(raft.id, readOnly.round());
        broadcastHeartbeat();
    }

    private void releaseEarlyReads() {
        if (earlyReads.isEmpty() || !hasCommittedInTerm()) return;
        var reads = earlyReads;
        earlyReads = new ArrayList<>();
        reads.forEach(this::confirmRead);
    }

    private void answerConfirmedReads() {
        for (var read : readOnly.takeConfirmed(raft.tracker.membership().voters())) {
            answerRead(read.request(), read.index());
        }
    }

    private void answerRead(Message request, long index) {
        var context = request.entries();
        if (request.from() == Raft.NONE || request.from() == raft.id) {
            raft.readStates.add(new ReadState(index, context.getFirst().data()));
        } else {
            raft.send(Messages.readIndexAnswer(request.from(), raft.id, raft.term, index, context));
        }
    }

    // ---------------------------------------------------------------- transfer (§3.10)

    private void transfer(Progress member) {
        if (member.isLearner()) {
            trace.debug("%x is learner. Ignored transferring leadership", raft.id);
            return;
        }
        if (transferee != Raft.NONE) {
            if (transferee == member.id) {
                trace.info(
                        "%x [term %d] transfer leadership to %x is in progress, ignores request to"
                                + " same node %x",
                        raft.id, raft.term, member.id, member.id);
                return;
            }
            trace.info(
                    "%x [term %d] abort previous transferring leadership to %x",
                    raft.id, raft.term, transferee);
            transferee = Raft.NONE;
        }
        if (member.id == raft.id) {
            trace.debug("%x is already leader. Ignored transferring leadership to self", raft.id);
            return;
        }
        trace.info(
                "%x [term %d] starts to transfer leadership to %x", raft.id, raft.term, member.id);
        // It has one election time-out from now.
        raft.electionElapsed = 0;
        transferee = member.id;
        if (member.match() == log.lastIndex()) {
            sendTimeoutNow();
            trace.info(
                    "%x sends MsgTimeoutNow to %x immediately as %x already has up-to-date log",
                    raft.id, member.id, member.id);
        } else {
            sendAppend(member, true);
        }
    }

    // A transfer that takes longer than an election time-out will not happen.
    private void giveUpTransfer() {
        if (transferee == Raft.NONE) return;
        transferee = Raft.NONE;
        // The transfer may have been in the way of it.
        leaveJointIfDue();
    }

    private void sendTimeoutNow() {
        raft.send(Messages.plain(MessageType.TIMEOUT_NOW, transferee, raft.id, raft.term));
    }

    // ---------------------------------------------------------------- membership (Raft §6)

    /** Carries on under a new membership. */
    void membershipChanged() {
        var self = raft.tracker.get(raft.id);
        if (self == null || self.isLearner()) {
            if (raft.config.stepDownOnRemoval()) raft.becomeFollower(raft.term, Raft.NONE);
            return;
        }
        // Fewer votes may be needed now for what is in the log, and for reads that wait.
        if (maybeCommit()) {
            releaseEarlyReads();
            broadcastAppend();
        } else {
            // New members need not wait for the next heartbeat.
            for (var member : raft.tracker.members()) {
                if (member.id != raft.id) sendAppend(member, false);
            }
        }
        answerConfirmedReads();
        if (!raft.tracker.membership().voters().contains(transferee)) transferee = Raft.NONE;
    }

    /** Proposes the end of a joint configuration that is to end by itself, once it is applied. */
    void leaveJointIfDue() {
        if (!raft.tracker.membership().autoLeave() || log.applied() < pendingConfIndex) return;
        var entry =
                new Entry(
                        0,
                        0,
                        EntryType.CONF_CHANGE_V2,
                        ConfChangeCodec.encode(ConfChange.LEAVE_JOINT));
        try {
            propose(Messages.propose(raft.id, raft.id, List.of(entry)));
            trace.info(
                    "initiating automatic transition out of joint configuration %s",
                    raft.tracker.membership());
        } catch (ProposalDroppedException e) {
            // A transfer is running. Either the next leader does it, or this one when it is over.
            trace.debug(
                    "not initiating automatic transition out of joint configuration %s: %s",
                    raft.tracker.membership(), e.getMessage());
        }
    }
}
