package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;

import io.quorate.engine.raft.ConfChange;
import io.quorate.engine.raft.ConfState;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.EntryType;
import io.quorate.engine.raft.HardState;
import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.MessageType;
import io.quorate.engine.raft.ProposalDroppedException;
import io.quorate.engine.raft.RawNode;
import io.quorate.engine.raft.Ready;
import io.quorate.engine.raft.Role;
import io.quorate.engine.raft.SoftState;
import io.quorate.engine.state.EtcdError;
import io.quorate.spi.storage.Applied;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * The raft loop; "the raft thread" is whoever takes its turn. It alone touches the {@link RawNode}
 * and writes to the log, and it waits for nothing but its mailbox: a write to the log comes back as
 * an event when it is durable, and so does an apply. One turn:
 *
 * <pre>
 * take all events -> step them into raft
 *                 -> propose what waits, if no write of entries is under way
 *                 -> take raft's Ready: entries and hard state to the log as one unit,
 *                                       committed entries to the apply thread,
 *                                       messages to the peers
 * </pre>
 *
 * While one write of entries is under way no further proposal is made: those that come meanwhile
 * become the next unit, together. That is the group commit; all else goes on during the write.
 */
final class ReplicaLoop implements Loop {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    /** Payload of one unit, beyond a first entry of any size. */
    private static final long UNIT_BYTES_MAX = 8 << 20;

    private static final byte[] NO_CONTEXT = new byte[0];

    private final Mailbox<Event> mailbox;
    private final Deque<Event> events = new ArrayDeque<>();
    private final AtomicBoolean tickPosted = new AtomicBoolean();
    private final long memberId;
    private final RawNode raft;
    private final RaftLogStorage storage;
    private final ReadIndexQueue reads;
    private final PendingProposals proposals;
    private final NodeMetrics metrics;
    private final PeerSender peers;
    private final HeartbeatPace pace;
    private final LongSupplier nanoTime;
    private final Seams seams;
    private final LogCutter cutter;
    private final Deque<PendingProposal> waiting = new ArrayDeque<>();
    private final List<LeaderTransfer> transfers = new ArrayList<>();
    private final Deque<Unit> writing = new ArrayDeque<>();
    private final long startCommit;
    private final OutgoingSnapshots snapshots;
    private final Deque<Message> held = new ArrayDeque<>();
    private int snapshotsOut;
    // From the arrival of a snapshot until it is in place or found to be of no use.
    private ArrivedSnapshot installing;
    private boolean installStarted;
    private Unit installUnit;
    // Of the last one that raft took, 0 before the first.
    private long snapshotIndex;
    private int entryUnits;
    private boolean proposalsHeld;
    private boolean mayCampaign = true;
    private long termLed;
    private boolean stopping;
    // Of those that this member has known in its life, 0 before the first.
    private long lastLeader;
    private volatile OptionalLong leaderElected = OptionalLong.empty();
    private Applied applied;
    private volatile View view;

    /**
     * @param mailbox where events come from
     * @param raft new, with nothing taken from it
     * @param conf membership that raft starts with
     * @param applied position of the state
     * @param cutter of the log behind checkpoints
     */
    ReplicaLoop(
            Mailbox<Event> mailbox,
            long memberId,
            RawNode raft,
            ConfState conf,
            Applied applied,
            RaftLogStorage storage,
            LogCutter cutter,
            ReadIndexQueue reads,
            PendingProposals proposals,
            NodeMetrics metrics,
            OutgoingSnapshots snapshots,
            PeerSender peers,
            HeartbeatPace pace,
            LongSupplier nanoTime,
            Seams seams) {
        this.mailbox = mailbox;
        this.memberId = memberId;
        this.raft = raft;
        this.applied = applied;
        this.storage = storage;
        this.cutter = cutter;
        this.reads = reads;
        this.proposals = proposals;
        this.metrics = metrics;
        this.snapshots = snapshots;
        this.peers = peers;
        this.pace = pace;
        this.nanoTime = nanoTime;
        this.seams = seams;
        HardState start = raft.status().hardState();
        this.startCommit = start.commit();
        this.view = new View(0, false, start.term(), start.commit(), conf);
        campaignIfAlone();
    }

    /** What the raft thread calls outside of itself. */
    interface Seams {
        /** Committed entries, durable here. */
        void apply(List<Entry> entries, List<Message> responses);

        /** A snapshot to put in the place of the state, after all entries given to apply. */
        void install(ArrivedSnapshot snapshot);

        /** This member leads, and has applied all that earlier leaders committed. */
        void leading(long term);

        /** This member led, and does not any more. */
        void following();

        /** Membership changes were applied. */
        void membersChanged();

        /** Why a proposal with this deadline may have got no answer. */
        EtcdError timeout(long deadline);

        /** The loop ended by this error. */
        void failed(Throwable cause);
    }

    /**
     * What other threads see of raft.
     *
     * @param leader 0 for none
     * @param leading whether this member is it
     */
    record View(long leader, boolean leading, long term, long commit, ConfState conf) {}

    View view() {
        return view;
    }

    /** When this member last heard of another leader than before, by the monotonic clock. */
    OptionalLong leaderElected() {
        return leaderElected;
    }

    /** Any thread. */
    void post(Event event) {
        mailbox.post(event);
    }

    /** Any thread. Ticks that come while the loop has not taken the last one are dropped. */
    void tick() {
        if (tickPosted.compareAndSet(false, true)) {
            mailbox.post(Event.Signal.TICK);
        }
    }

    /** Any thread. Makes so many ticks pass at once, if no leader is known. */
    void advance(int ticks) {
        mailbox.post(new Event.Advance(ticks));
    }

    @Override
    public boolean hasWork() {
        return !mailbox.isEmpty();
    }

    // To put a snapshot in place is to wait for the log, whose own thread brings work too.
    @Override
    public boolean mayTurnAnywhere() {
        return installing == null;
    }

    @Override
    public void onWork(Runnable waker) {
        mailbox.onPost(waker);
    }

    @Override
    public boolean turn() {
        try {
            mailbox.poll(events);
            for (Event event = events.poll(); event != null; event = events.poll()) {
                handle(event);
            }
            work();
            if (!stopping) {
                return true;
            }
            storage.saveCommit();
        } catch (Throwable t) {
            seams.failed(t);
        }
        failReads();
        return false;
    }

    // The member counts as stopped by now, so that whoever posts a read later sees that himself.
    private void failReads() {
        mailbox.poll(events);
        for (Event event : events) {
            if (event instanceof Event.Read(ReadIndexQueue.Waiter waiter)) {
                reads.add(waiter);
            } else if (event instanceof Event.Inspect(var answer)) {
                answer.completeExceptionally(EtcdError.STOPPED.exception());
            } else if (event instanceof Event.Transfer(LeaderTransfer transfer)) {
                transfers.add(transfer);
            } else if (event instanceof Event.Arrived(ArrivedSnapshot snapshot)) {
                snapshot.fail(EtcdError.STOPPED.exception());
            }
        }
        if (installing != null) {
            installing.outcome().completeExceptionally(EtcdError.STOPPED.exception());
        }
        snapshots.close();
        transfers.forEach(LeaderTransfer::stop);
        reads.close();
    }

    private void handle(Event event) throws ProposalDroppedException {
        switch (event) {
            case Event.Propose(PendingProposal proposal) -> waiting.add(proposal);
            case Event.Read(ReadIndexQueue.Waiter waiter) -> reads.add(waiter);
            case Event.Step(Message message) -> stepPeer(message);
            case Event.Arrived(ArrivedSnapshot snapshot) -> arrived(snapshot);
            case Event.Installed(Applied at) -> installed(at);
            case Event.SnapshotSent(long to, boolean received) -> {
                snapshotsOut--;
                raft.reportSnapshot(to, received);
            }
            case Event.Unreachable(long peer) -> raft.reportUnreachable(peer);
            case Event.Transfer(LeaderTransfer transfer) -> transfer(transfer);
            case Event.Advance(int ticks) -> advanceNow(ticks);
            case Event.Inspect(var answer) -> answer.complete(raft.status());
            case Event.EntriesApplied report -> entriesApplied(report);
            // The one who gets a snapshot goes on with the entries behind it.
            case Event.Checkpointed(Applied at) -> {
                if (snapshotsOut == 0) {
                    cutter.cut(storage, at);
                }
            }
            case Event.Signal.TICK -> tickNow();
            // Looked for after each event anyway; the signal only wakes the loop.
            case Event.Signal.WRITTEN -> {}
            case Event.Signal.STOP -> stopping = true;
        }
    }

    // Proposals that another member forwards are dropped without a leader; it asks again.
    private void stepPeer(Message message) {
        try {
            raft.step(message);
        } catch (ProposalDroppedException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "dropped a forwarded proposal");
        }
    }

    private void tickNow() {
        tickPosted.set(false);
        raft.tick();
        long now = nanoTime.getAsLong();
        proposals.expire(now, seams::timeout);
        waiting.removeIf(proposal -> !proposals.isWaitedFor(proposal));
        snapshots.tick();
        reads.tick(raft, now);
        transfers.removeIf(transfer -> transfer.isLate(now));
        proposalsHeld = false;
    }

    // Who has heard of a leader meanwhile counts his silence from that on, and does not hurry.
    private void advanceNow(int ticks) {
        for (int i = 0; i < ticks && view.leader == 0; i++) {
            raft.tick();
        }
    }

    private void entriesApplied(Event.EntriesApplied report) throws ProposalDroppedException {
        // Raft takes the membership of a snapshot at once; what was on its way then is in it.
        if (report.at().index() > snapshotIndex) {
            report.changes().forEach(this::changeConf);
        }
        if (!report.changes().isEmpty()) {
            seams.membersChanged();
        }
        for (Message response : report.responses()) {
            raft.step(response);
        }
        applied = report.at();
        storage.applied(applied.index());
        reads.applied(applied.index());
        campaignIfAlone();
        // The first entry of its own term tells a leader that it has all earlier ones.
        if (view.leading && termLed != view.term && applied.term() == view.term) {
            termLed = view.term;
            seams.leading(view.term);
        }
    }

    private void changeConf(ConfChange change) {
        ConfState conf = raft.applyConfChange(change);
        view = new View(view.leader, view.leading, view.term, view.commit, conf);
        metrics.isLearner.set(conf.learners().contains(memberId) ? 1 : 0);
    }

    // Nobody else can be elected, so there is nothing to wait for once the membership is known.
    private void campaignIfAlone() {
        boolean alone = view.conf.voters().equals(List.of(memberId));
        if (mayCampaign && alone && applied.index() >= startCommit) {
            mayCampaign = false;
            raft.campaign();
        }
    }

    private void transfer(LeaderTransfer transfer) {
        if (!transfer.succeeded(view.leader)) {
            transfers.add(transfer);
            raft.transferLeader(transfer.target());
        }
    }

    private void work() throws ProposalDroppedException {
        boolean again;
        do {
            propose();
            reads.start(raft);
            while (raft.hasReady()) {
                act(raft.ready());
            }
            again = finishWrites();
            // A round that was just confirmed leaves the place to who came meanwhile.
        } while (again || reads.mayStart());
    }

    private void propose() {
        if (waiting.isEmpty() || entryUnits > 0 || proposalsHeld || view.leader == 0) {
            return;
        }
        List<Entry> entries = new ArrayList<>(waiting.size());
        List<PendingProposal> taken = new ArrayList<>(waiting.size());
        long bytes = 0;
        while (!waiting.isEmpty() && (bytes < UNIT_BYTES_MAX || taken.isEmpty())) {
            PendingProposal proposal = waiting.poll();
            // One that timed out while it waited is better not made at all.
            if (!proposals.isWaitedFor(proposal)) {
                continue;
            }
            if (proposal.term() != 0 && !raft.leads(proposal.term())) {
                proposals.fail(proposal, EtcdError.NOT_LEADER);
            } else {
                taken.add(proposal);
                EntryType type =
                        MembershipChange.isOne(proposal.command())
                                ? EntryType.CONF_CHANGE
                                : EntryType.NORMAL;
                entries.add(new Entry(0, 0, type, proposal.data()));
                bytes += proposal.data().length;
            }
        }
        if (entries.isEmpty()) {
            return;
        }
        try {
            raft.step(proposal(entries));
        } catch (ProposalDroppedException e) {
            // Nothing of it is in the log; it is tried again at the next tick.
            taken.reversed().forEach(waiting::addFirst);
            proposalsHeld = true;
        }
    }

    private Message proposal(List<Entry> entries) {
        return new Message(
                MessageType.PROP,
                0,
                memberId,
                0,
                0,
                0,
                entries,
                0,
                0,
                null,
                false,
                0,
                NO_CONTEXT,
                List.of());
    }

    private void act(Ready ready) {
        if (ready.softState() != null) {
            leaderChanged(ready.softState());
        }
        if (ready.hardState() != null) {
            HardState hard = ready.hardState();
            view = new View(view.leader, view.leading, hard.term(), hard.commit(), view.conf);
        }
        for (var read : ready.readStates()) {
            reads.confirm(read, applied.index(), nanoTime.getAsLong());
        }
        List<Message> requests = voteRequests(ready);
        for (Message message : ready.messages()) {
            if (message.to() == RawNode.APPEND_THREAD) {
                write(requests.isEmpty() ? message : thenSend(message, requests));
            } else if (message.type() == MessageType.VOTE) {
                continue;
            } else if (message.to() == RawNode.APPLY_THREAD) {
                seams.apply(message.entries(), message.responses());
            } else if (message.type() == MessageType.SNAP) {
                snapshotsOut++;
                peers.sendSnapshot(message, snapshots.view(message.snapshot().index()));
            } else {
                if (message.type() == MessageType.HEARTBEAT) {
                    pace.sent(message.to(), nanoTime.getAsLong());
                }
                peers.send(message);
            }
        }
    }

    /**
     * Requests for votes leave when the term and the own vote that come with them are durable. Raft
     * lets them go at once; but a candidate that others elect meanwhile, and that crashes and
     * forgets its term, could be elected in that term once more, with another log (§5.2).
     */
    private static List<Message> voteRequests(Ready ready) {
        List<Message> requests = List.of();
        for (Message message : ready.messages()) {
            if (message.type() == MessageType.VOTE) {
                requests = requests.isEmpty() ? new ArrayList<>() : requests;
                requests.add(message);
            }
        }
        boolean kept =
                requests.isEmpty()
                        || ready.messages().stream()
                                .anyMatch(message -> message.to() == RawNode.APPEND_THREAD);
        if (!kept) {
            throw new IllegalStateException("raft asks for votes in a term that it does not keep");
        }
        return requests;
    }

    private static Message thenSend(Message write, List<Message> requests) {
        List<Message> responses = new ArrayList<>(write.responses());
        responses.addAll(requests);
        return new Message(
                write.type(),
                write.to(),
                write.from(),
                write.term(),
                write.logTerm(),
                write.index(),
                write.entries(),
                write.commit(),
                write.vote(),
                write.snapshot(),
                write.reject(),
                write.rejectHint(),
                write.context(),
                responses);
    }

    private void leaderChanged(SoftState soft) {
        boolean leading = soft.role() == Role.LEADER;
        if (soft.leader() != 0 && soft.leader() != view.leader) {
            metrics.leaderChanges.increment();
            pace.reset();
            proposalsHeld = false;
            if (lastLeader != 0 && lastLeader != soft.leader()) {
                reads.leaderChanged();
            }
            lastLeader = soft.leader();
            transfers.removeIf(transfer -> transfer.succeeded(soft.leader()));
            leaderElected = OptionalLong.of(nanoTime.getAsLong());
        }
        if (view.leading && !leading) {
            seams.following();
        }
        metrics.hasLeader.set(soft.leader() == 0 ? 0 : 1);
        metrics.isLeader.set(leading ? 1 : 0);
        view = new View(soft.leader(), leading, view.term, view.commit, view.conf);
    }

    // A snapshot that raft does not take has been overtaken by entries.
    private void arrived(ArrivedSnapshot snapshot) throws ProposalDroppedException {
        if (installing != null) {
            snapshot.fail(new IllegalStateException("another snapshot is being put in place"));
            return;
        }
        installing = snapshot;
        raft.step(snapshot.message());
        while (raft.hasReady()) {
            act(raft.ready());
        }
        if (!installStarted) {
            installing = null;
            snapshot.ignore();
        }
    }

    // Term and vote first; then the state; then the log, which a crash in between makes up for
    // (I5). What raft wants written meanwhile belongs behind the snapshot and waits.
    private void install(Message message) {
        if (installing == null
                || installing.message().snapshot().index() != message.snapshot().index()) {
            throw new IllegalStateException("raft took a snapshot that did not arrive");
        }
        installStarted = true;
        snapshotIndex = message.snapshot().index();
        CompletableFuture<Void> termKept =
                storage.appendBeforeSnapshot(
                        message.term() == 0
                                ? null
                                : new HardState(message.term(), message.vote(), message.commit()));
        await(new Unit(termKept, List.of(), false));
        installUnit = new Unit(new CompletableFuture<>(), message.responses(), false);
        writing.add(installUnit);
        ArrivedSnapshot snapshot = installing;
        termKept.thenRun(() -> seams.install(snapshot));
    }

    private void installed(Applied at) {
        storage.reset(at.index(), at.term());
        applied = at;
        view = new View(view.leader, view.leading, view.term, view.commit, raft.status().conf());
        metrics.isLearner.set(view.conf.learners().contains(memberId) ? 1 : 0);
        reads.applied(at.index());
        seams.membersChanged();
        installUnit.durable.complete(null);
        installing.outcome().complete(null);
        installing = null;
        installStarted = false;
        for (Message message = held.poll(); message != null; message = held.poll()) {
            write(message);
        }
    }

    private void write(Message message) {
        if (installStarted) {
            held.add(message);
            return;
        }
        if (message.snapshot() != null) {
            install(message);
            return;
        }
        boolean hasHardState = message.term() != 0 || message.vote() != 0 || message.commit() != 0;
        CompletableFuture<Void> durable =
                storage.append(
                        message.entries(),
                        hasHardState
                                ? new HardState(message.term(), message.vote(), message.commit())
                                : null);
        boolean hasEntries = !message.entries().isEmpty();
        entryUnits += hasEntries ? 1 : 0;
        await(new Unit(durable, message.responses(), hasEntries));
    }

    private void await(Unit unit) {
        writing.add(unit);
        if (!unit.durable.isDone()) {
            unit.durable.whenComplete((done, thrown) -> mailbox.post(Event.Signal.WRITTEN));
        }
    }

    /** Answers raft for the writes that are durable, in order; false when there were none. */
    private boolean finishWrites() throws ProposalDroppedException {
        boolean any = false;
        while (!writing.isEmpty() && writing.getFirst().durable.isDone()) {
            Unit unit = writing.removeFirst();
            unit.durable.join();
            entryUnits -= unit.hasEntries ? 1 : 0;
            for (Message response : unit.responses) {
                if (response.to() == memberId) {
                    raft.step(response);
                } else {
                    peers.send(response);
                }
            }
            any = true;
        }
        return any;
    }

    /** Ends the loop; what is durable stays so. */
    void stop() {
        LOGGER.log(INFO, "stopping raft", Fields.of("local-member-id", Long.toHexString(memberId)));
        mailbox.post(Event.Signal.STOP);
    }

    /** A write to the log that raft waits for. */
    private record Unit(
            CompletableFuture<Void> durable, List<Message> responses, boolean hasEntries) {}

    /** Cuts the log behind a checkpoint. */
    record LogCutter(long catchUpEntries, long logBytesMax) {
        /**
         * Lets go of the entries before the durable state (I4), but for those that slow followers
         * may still want. A log beyond its bound keeps none for them.
         */
        private void cut(RaftLogStorage storage, Applied durable) {
            long kept = storage.sizeOnDisk() > logBytesMax ? 0 : catchUpEntries;
            long index = durable.index() - kept;
            if (index >= storage.firstIndex()) {
                storage.saveCommit();
                storage.compact(index);
            }
        }
    }
}
