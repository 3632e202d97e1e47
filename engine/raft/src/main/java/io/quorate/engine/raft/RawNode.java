package io.quorate.engine.raft;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One member of a Raft group, as a pure state machine: ticks, messages and proposals go in, {@link
 * #ready} tells what to do. It does no I/O, reads no clock and starts no thread. One thread at a
 * time may use it.
 *
 * <p>There are two ways to drive it:
 *
 * <ul>
 *   <li><b>Synchronous.</b> While {@link #hasReady}: take a {@link Ready}; put its hard state,
 *       entries and snapshot on stable storage; then send its messages and apply its committed
 *       entries; then call {@link #advance}.
 *   <li><b>Asynchronous storage writes.</b> Take a {@link Ready} at any time; send its messages.
 *       The ones to {@link #APPEND_THREAD} and {@link #APPLY_THREAD} go to the storage of this
 *       member, each target in order and without loss; once the work of one is done (stable, for
 *       the first; applied, for the second) deliver its responses: to {@link #step} here when
 *       {@code to} is this member, else over the network. VOTE messages go with the responses of
 *       the STORAGE_APPEND beside them: a candidate that is elected, crashes and comes back without
 *       its term could be elected in it once more, with another log. A snapshot in a STORAGE_APPEND
 *       replaces log and state; its work is done when both are in place. It may overtake a
 *       STORAGE_APPLY that was handed out before it: whoever applies skips entries up to the index
 *       of the snapshot, and answers all the same.
 * </ul>
 */
public final class RawNode {
    /** Target of STORAGE_APPEND messages: whoever writes the log of this member. */
    public static final long APPEND_THREAD = -1L;

    /** Target of STORAGE_APPLY messages: whoever applies entries to the state of this member. */
    public static final long APPLY_THREAD = -2L;

    final Raft raft;
    private final boolean async;
    private SoftState lastSoftState;
    private HardState lastHardState;
    // Without asynchronous storage writes: what the storage of this member would answer.
    private final List<Message> stepsOnAdvance = new ArrayList<>();

    /**
     * Starts from what {@code config.storage()} holds, as a follower.
     *
     * @throws IllegalStateException when log, hard state and membership do not belong together
     */
    public RawNode(RaftConfig config) {
        raft = new Raft(config);
        async = config.asyncStorageWrites();
        lastSoftState = raft.softState();
        lastHardState = raft.hardState();
    }

    /** Whether a message to (or from) this id stays within the member. */
    public static boolean isLocalTarget(long id) {
        return id == APPEND_THREAD || id == APPLY_THREAD;
    }

    /**
     * Begins a new group: appends one committed membership change (type CONF_CHANGE, term 1) for
     * each first member and makes them all, so that an election can follow at once. The changes
     * also come out for apply, as in any other member.
     *
     * @param peers the same on each first member, in the same order
     * @throws IllegalStateException when the log is not empty
     */
    public void bootstrap(List<Peer> peers) {
        if (peers.isEmpty()) throw new IllegalArgumentException("a group needs a first member");
        if (raft.log.lastIndex() != 0) {
            throw new IllegalStateException("a group can only begin with an empty log");
        }
        raft.becomeFollower(1, Raft.NONE);
        lastHardState = HardState.EMPTY;
        var changes = new ArrayList<ConfChange>();
        var entries = new ArrayList<Entry>();
        for (var peer : peers) {
            var change = ConfChange.single(0, ConfChange.Kind.ADD_NODE, peer.id(), peer.context());
            changes.add(change);
            var data = ConfChangeCodec.encode(change);
            entries.add(new Entry(1, entries.size() + 1, EntryType.CONF_CHANGE, data));
        }
        raft.log.append(entries);
        raft.log.commitTo(entries.size());
        changes.forEach(raft::applyConfChange);
    }

    /** One tick of the logical clock. */
    public void tick() {
        raft.tick();
    }

    /** Starts an election now. */
    public void campaign() {
        stepLocal(Messages.plain(MessageType.HUP, Raft.NONE, raft.id, 0));
    }

    /**
     * Proposes an entry.
     *
     * @throws ProposalDroppedException when there is no leader, or too much is uncommitted
     */
    public void propose(byte[] data) throws ProposalDroppedException {
        propose(EntryType.NORMAL, data);
    }

    /** Proposes a membership change; ignored (as an empty entry) while another one is pending. */
    public void proposeConfChange(ConfChange change) throws ProposalDroppedException {
        propose(change.encoding(), ConfChangeCodec.encode(change));
    }

    private void propose(EntryType type, byte[] data) throws ProposalDroppedException {
        var entries = List.of(new Entry(0, 0, type, data));
        raft.step(Messages.propose(Raft.NONE, raft.id, entries));
    }

    /**
     * Applies a committed membership change and returns the membership that results. To be called
     * for each one that comes out for apply; for one that the caller refuses, with {@link
     * ConfChange#voided}.
     *
     * @throws IllegalArgumentException when the change does not fit the membership
     */
    public ConfState applyConfChange(ConfChange change) {
        return raft.applyConfChange(change);
    }

    /**
     * Takes a message from another member or from this member's storage. Dropped, with a trace
     * line, are messages of local types that do not come from this member's storage, and answers of
     * strangers, such as a removed member's last ones.
     *
     * @throws ProposalDroppedException only for proposals, see {@link #propose}
     */
    public void step(Message message) throws ProposalDroppedException {
        var type = message.type();
        boolean fromStorage = isLocalTarget(message.from());
        if (type.isLocal() && !fromStorage) {
            raft.trace.warn("%x ignored a %s message from the network", raft.id, type.wireName());
        } else if (isFromStranger(message)) {
            raft.trace.debug(
                    "%x ignored a %s message from %x, which is not a member",
                    raft.id, type.wireName(), message.from());
        } else {
            raft.step(message);
        }
    }

    boolean isFromStranger(Message message) {
        return message.type().isResponse()
                && !isLocalTarget(message.from())
                && raft.tracker.get(message.from()) == null;
    }

    private void stepLocal(Message message) {
        try {
            raft.step(message);
        } catch (ProposalDroppedException e) {
            throw new AssertionError("not a proposal: " + message.type(), e);
        }
    }

    /**
     * Asks for a read index; the answer comes in {@link Ready#readStates()} with this context.
     * There may be none, when no leader is known or it changes: ask again after a time-out.
     */
    public void readIndex(byte[] context) {
        var entries = List.of(new Entry(0, 0, EntryType.NORMAL, context));
        stepLocal(Messages.readIndex(Raft.NONE, Raft.NONE, entries));
    }

    /** Asks the leader to hand over to {@code transferee}. */
    public void transferLeader(long transferee) {
        stepLocal(Messages.plain(MessageType.TRANSFER_LEADER, Raft.NONE, transferee, 0));
    }

    /**
     * Makes a follower be without a leader in this term, so that it grants votes at once although
     * it heard from the leader a moment ago. Does nothing on a leader, nor with lease-based reads.
     */
    public void forgetLeader() {
        stepLocal(Messages.plain(MessageType.FORGET_LEADER, Raft.NONE, Raft.NONE, 0));
    }

    /** Says that a message to this member could not be delivered. */
    public void reportUnreachable(long id) {
        stepLocal(Messages.plain(MessageType.UNREACHABLE, Raft.NONE, id, 0));
    }

    /** Says how a snapshot sent to this member ended. */
    public void reportSnapshot(long id, boolean received) {
        stepLocal(Messages.snapshotStatus(id, !received));
    }

    /** Whether {@link #ready} has anything to tell. */
    public boolean hasReady() {
        return !raft.messages.isEmpty()
                || !raft.messagesAfterAppend.isEmpty()
                || !raft.readStates.isEmpty()
                || raft.log.unstable().hasNext()
                || raft.log.unstable().nextSnapshot() != null
                || raft.log.hasNextCommitted()
                || changedSoftState() != null
                || changedHardState() != null;
    }

    /** The work to do. Without asynchronous storage writes it is followed by {@link #advance}. */
    public Ready ready() {
        if (!stepsOnAdvance.isEmpty()) {
            throw new IllegalStateException("ready() again before advance()");
        }
        var log = raft.log;
        var softState = changedSoftState();
        var hardState = changedHardState();
        var entries = log.unstable().next();
        var snapshot = log.unstable().nextSnapshot();
        var committed = log.nextCommitted();
        var messages = raft.messages;
        boolean mustSync =
                !entries.isEmpty()
                        || raft.term != lastHardState.term()
                        || raft.vote != lastHardState.vote();
        if (async) {
            addStorageMessages(messages, hardState, entries, snapshot, committed);
        } else {
            holdAnswers(messages, snapshot, committed);
        }
        var ready =
                new Ready(
                        softState,
                        hardState,
                        sealed(raft.readStates),
                        entries,
                        snapshot,
                        committed,
                        sealed(messages),
                        mustSync);
        accept(ready);
        return ready;
    }

    private SoftState changedSoftState() {
        if (raft.leader == lastSoftState.leader() && raft.role() == lastSoftState.role()) {
            return null;
        }
        return raft.softState();
    }

    private HardState changedHardState() {
        boolean same =
                raft.term == lastHardState.term()
                        && raft.vote == lastHardState.vote()
                        && raft.log.committed() == lastHardState.commit();
        return same ? null : raft.hardState();
    }

    private void accept(Ready ready) {
        if (ready.softState() != null) lastSoftState = ready.softState();
        if (ready.hardState() != null) lastHardState = ready.hardState();
        if (!raft.readStates.isEmpty()) raft.readStates = new ArrayList<>();
        if (!raft.messages.isEmpty()) raft.messages = new ArrayList<>();
        if (!raft.messagesAfterAppend.isEmpty()) raft.messagesAfterAppend = new ArrayList<>();
        raft.log.unstable().acceptInProgress();
        if (!ready.committedEntries().isEmpty()) {
            raft.log.acceptApplying(ready.committedEntries());
        }
    }

    private void addStorageMessages(
            List<Message> messages,
            HardState hardState,
            List<Entry> entries,
            Snapshot snapshot,
            List<Entry> committed) {
        var answers = raft.messagesAfterAppend;
        boolean toStore = !entries.isEmpty() || hardState != null || snapshot != null;
        // Answers alone go the same way: what they promise may be in a write still under way.
        if (toStore || !answers.isEmpty()) {
            // Own acknowledgements come before the word that entries are stable; they look up
            // terms, which is cheaper while the entries are still here.
            if (awaitsStorage(snapshot)) answers.add(storageAppended(snapshot));
            messages.add(
                    Messages.storageAppend(
                            raft.id,
                            hardState == null ? HardState.EMPTY : hardState,
                            entries,
                            snapshot,
                            sealed(answers)));
        }
        if (!committed.isEmpty()) {
            var applied = Messages.storageApplied(raft.id, committed);
            messages.add(Messages.storageApply(raft.id, committed, List.of(applied)));
        }
    }

    // The answers to other members leave with the messages, which follow the writes; what this
    // member answers itself waits for advance().
    private void holdAnswers(List<Message> messages, Snapshot snapshot, List<Entry> committed) {
        for (var answer : raft.messagesAfterAppend) {
            if (answer.to() == raft.id) stepsOnAdvance.add(answer);
            else messages.add(answer);
        }
        if (awaitsStorage(snapshot)) stepsOnAdvance.add(storageAppended(snapshot));
        if (!committed.isEmpty()) {
            stepsOnAdvance.add(Messages.storageApplied(raft.id, committed));
        }
    }

    // A list that is handed out is given up here; an empty one stays and must not be shown.
    private static <T> List<T> sealed(List<T> list) {
        return list.isEmpty() ? List.of() : Collections.unmodifiableList(list);
    }

    private boolean awaitsStorage(Snapshot snapshot) {
        return raft.log.unstable().size() > 0 || snapshot != null;
    }

    // Vouches for everything unstable, not only for what this Ready adds, and only within this
    // term.
    // The term: while a write is under way, a later leader may replace its entries and a third one
    // bring them back; the first write's end then must not count for them, for the second write is
    // still to come. Everything: when such an end was ignored, nothing else would ever tell that
    // the entries are stable, but each new term brings a write of the hard state, and its end
    // tells.
    private Message storageAppended(Snapshot snapshot) {
        var last = raft.log.unstable().size() > 0 ? raft.log.lastEntryId() : new EntryId(0, 0);
        return Messages.storageAppended(raft.id, raft.term, last, snapshot);
    }

    /**
     * Says that the work of the last {@link Ready} is done: hard state, entries and snapshot are on
     * stable storage, committed entries are applied.
     *
     * @throws IllegalStateException with asynchronous storage writes
     */
    public void advance(Ready ready) {
        if (async) {
            throw new IllegalStateException("advance() does not go with asyncStorageWrites");
        }
        var steps = List.copyOf(stepsOnAdvance);
        stepsOnAdvance.clear();
        steps.forEach(this::stepLocal);
    }

    /** Whether this member leads, and in this term. */
    public boolean leads(long term) {
        return raft.steps instanceof Leader && raft.hardState().term() == term;
    }

    /** A picture of this member. */
    public RaftStatus status() {
        boolean leading = raft.steps instanceof Leader;
        return new RaftStatus(
                raft.id,
                raft.hardState(),
                raft.softState(),
                raft.log.applied(),
                raft.tracker.membership().toConfState(),
                leading ? progress() : Map.of(),
                raft.steps instanceof Leader leader ? leader.transferee() : Raft.NONE);
    }

    private Map<Long, RaftStatus.ProgressStatus> progress() {
        var all = new LinkedHashMap<Long, RaftStatus.ProgressStatus>();
        for (var member : raft.tracker.members()) {
            all.put(
                    member.id,
                    new RaftStatus.ProgressStatus(
                            member.match(),
                            member.next(),
                            member.state().toString(),
                            member.isRecentlyActive(),
                            member.isLearner(),
                            member.isPaused(),
                            member.pendingSnapshot(),
                            member.inflights().count(),
                            member.inflights().isFull()));
        }
        return Collections.unmodifiableMap(all);
    }
}
