package io.quorate.engine.node;

import com.google.protobuf.InvalidProtocolBufferException;

import io.quorate.engine.raft.ConfChange;
import io.quorate.engine.raft.ConfChangeCodec;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.Message;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.CompactionReport;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The apply thread: takes committed entries, applies them to the state, commits the batch, and only
 * then answers the callers, so that whoever has an answer sees its effect. Between batches it does
 * the state's background work, a bounded step at a time.
 */
final class ApplyLoop implements Loop {
    private final Mailbox<Work> mailbox = new Mailbox<>();
    private final Deque<Work> inbox = new ArrayDeque<>();
    private final StateMachine state;
    private final PendingProposals proposals;
    private final Checkpointer checkpointer;
    private final ApplyObserver observer;
    private final Quota quota;
    private final Supplier<CompletableFuture<?>> quotaAlarm;
    private final Upkeep.CompactionPace compactionPace;
    private final Lessor lessor;
    private final Authentication authentication;
    private final LongSupplier nanoTime;
    private final Workers workers;
    private final Consumer<Event> replica;
    private final Consumer<Throwable> failure;
    private final BooleanSupplier failed;
    private final List<Answer> answers = new ArrayList<>();
    private volatile Applied applied;
    private boolean stopping;
    private boolean compacting;
    private long compactionStart;

    /** Whether the running compaction waits for the end of a pause. */
    private volatile boolean pausing;

    /**
     * @param quotaAlarm raises the alarm of this member that its state has outgrown the quota;
     *     completes when it is raised, or cannot be
     * @param compactionPace of the steps of a compaction between two batches (SE-12)
     * @param lessor hears of leases that come and go, before the callers do
     * @param authentication hears of tokens that come and go, and how far the state is
     * @param workers end the pauses of a compaction
     * @param replica hears what was applied
     * @param failure hears of the error that ends this loop
     * @param failed whether the member has failed; then nothing more is applied
     */
    ApplyLoop(
            StateMachine state,
            PendingProposals proposals,
            Checkpointer checkpointer,
            ApplyObserver observer,
            Quota quota,
            Supplier<CompletableFuture<?>> quotaAlarm,
            Upkeep.CompactionPace compactionPace,
            Lessor lessor,
            Authentication authentication,
            LongSupplier nanoTime,
            Workers workers,
            Consumer<Event> replica,
            Consumer<Throwable> failure,
            BooleanSupplier failed) {
        this.state = state;
        this.proposals = proposals;
        this.checkpointer = checkpointer;
        this.observer = observer;
        this.quota = quota;
        this.quotaAlarm = quotaAlarm;
        this.compactionPace = compactionPace;
        this.lessor = lessor;
        this.authentication = authentication;
        this.nanoTime = nanoTime;
        this.workers = workers;
        this.replica = replica;
        this.failure = failure;
        this.failed = failed;
        this.applied = state.applied();
    }

    /** Entries to apply, durable in this member's log (I3), in order. Any thread. */
    void apply(List<Entry> entries, List<Message> responses) {
        mailbox.post(new Batch(entries, responses));
    }

    /** Puts a snapshot in the place of the state, after what was posted before. Any thread. */
    void install(ArrivedSnapshot snapshot) {
        mailbox.post(new Replace(snapshot));
    }

    /** Ends the loop after what was posted before, with the state forced to disk. */
    void stop() {
        mailbox.post(Signal.STOP);
    }

    /** Position of the last entry whose effects reads see. Any thread. */
    Applied applied() {
        return applied;
    }

    @Override
    public boolean hasWork() {
        return state.compactionPending() && !pausing || !mailbox.isEmpty();
    }

    @Override
    public void onWork(Runnable waker) {
        mailbox.onPost(waker);
    }

    @Override
    public boolean turn() {
        try {
            if (!failed.getAsBoolean()) {
                mailbox.poll(inbox);
                applyAll();
                if (state.compactionPending() && !pausing) {
                    compactStep();
                }
            }
            boolean last = stopping || failed.getAsBoolean();
            if (last && !failed.getAsBoolean()) {
                state.commit(Durability.FORCE).join();
            }
            return !last;
        } catch (Throwable t) {
            failure.accept(t);
            return false;
        }
    }

    private void compactStep() {
        long start = nanoTime.getAsLong();
        if (!compacting) {
            compacting = true;
            compactionStart = start;
        }
        Optional<CompactionReport> report = state.compactStep(compactionPace.rows());
        state.commit(Durability.LAZY);
        long now = nanoTime.getAsLong();
        observer.compactionStep(now - start);
        if (report.isPresent()) {
            compacting = false;
            observer.compacted(
                    report.get(), now - compactionStart, state.sizeOnDisk(), state.sizeInUse());
        } else {
            pause(compactionPace.pauseNanos(now - start));
        }
    }

    private void pause(long nanos) {
        if (nanos > 0) {
            pausing = true;
            workers.executeAfter(
                    nanos, "compaction-pause", () -> mailbox.post(Signal.END_OF_PAUSE));
        }
    }

    private void applyAll() throws InvalidProtocolBufferException {
        List<ConfChange> changes = new ArrayList<>();
        List<Message> responses = new ArrayList<>();
        int entries = 0;
        long bytes = 0;
        for (Work work = inbox.poll(); work != null; work = inbox.poll()) {
            switch (work) {
                case Batch batch -> {
                    for (Entry entry : batch.entries) {
                        if (failed.getAsBoolean()) {
                            return;
                        }
                        apply(entry, changes);
                        bytes += entry.data().length;
                    }
                    entries += batch.entries.size();
                    responses.addAll(batch.responses);
                }
                case Replace(ArrivedSnapshot snapshot) -> replace(snapshot);
                case Signal.STOP -> stopping = true;
                case Signal.END_OF_PAUSE -> pausing = false;
            }
        }
        if (entries > 0) {
            checkpointer.commit(state, entries, bytes);
            applied = state.applied();
            authentication.reached(applied.index());
            replica.accept(new Event.EntriesApplied(applied, changes, responses));
            answers.forEach(this::answer);
            answers.clear();
        }
    }

    // What was applied before it in this round is in it: raft takes no snapshot of the past.
    private void replace(ArrivedSnapshot snapshot) {
        observer.replacing(true);
        long start = nanoTime.getAsLong();
        state.replace(snapshot.install());
        observer.replacing(false);
        observer.replaced(nanoTime.getAsLong() - start);
        authentication.replaced();
        applied = state.applied();
        authentication.reached(applied.index());
        observer.replaced(state.clusterVersion());
        replica.accept(new Event.Installed(applied));
    }

    private void apply(Entry entry, List<ConfChange> changes)
            throws InvalidProtocolBufferException {
        // A snapshot may have overtaken it.
        if (entry.index() <= state.applied().index()) {
            return;
        }
        Applied at = new Applied(entry.index(), entry.term());
        switch (entry.type()) {
            case NORMAL -> {
                // A leader starts its term with an empty entry.
                if (entry.data().length == 0) {
                    state.skip(at);
                } else {
                    applyRequest(entry, at);
                }
            }
            case CONF_CHANGE, CONF_CHANGE_V2 -> changes.add(applyChange(entry, at));
        }
    }

    private void applyRequest(Entry entry, Applied at) throws InvalidProtocolBufferException {
        PendingProposal proposal =
                proposals.find(CommandCodec.requestId(entry.data()), entry.data());
        CommandCodec.Request request =
                proposal != null
                        ? new CommandCodec.Request(proposal.command(), proposal.caller())
                        : decode(entry);
        Command command = request.command();
        long start = nanoTime.getAsLong();
        boolean fits = quota.admits(command, state.uncommittedBytes());
        try {
            Result result = state.apply(command, request.caller(), at);
            lessor.applied(command);
            authentication.applied(command, result);
            observer.applied(command, result, nanoTime.getAsLong() - start);
            if (!fits) {
                outgrown(proposal);
            } else if (proposal != null) {
                answers.add(new Answer(proposal, result, null));
            }
        } catch (EtcdException refusal) {
            observer.refused(command, nanoTime.getAsLong() - start);
            if (proposal != null) {
                answers.add(new Answer(proposal, null, refusal));
            }
        }
    }

    /**
     * SE-47: the command was applied, as on every other member, but it is the last of its kind, and
     * its caller hears so once that is sure.
     */
    private void outgrown(PendingProposal proposal) {
        observer.outgrown(quota.bytesMax());
        quotaAlarm
                .get()
                .whenComplete((raised, thrown) -> {
                    if (proposal != null) {
                        proposals.refuse(proposal, EtcdError.NO_SPACE.exception());
                    }
                });
    }

    private static CommandCodec.Request decode(Entry entry) {
        try {
            return CommandCodec.decode(entry.data());
        } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
            throw new StorageException.Corruption(
                    "entry %d of the Raft log is not known to release %s (%s); start the release that wrote it"
                            .formatted(entry.index(), Version.ETCD, e.getMessage()),
                    e);
        }
    }

    private ConfChange applyChange(Entry entry, Applied at) {
        ConfChange change = ConfChangeCodec.decode(entry);
        Command command = MembershipChange.command(change, at);
        PendingProposal proposal = proposals.find(change.id(), entry.data());
        try {
            Result result = state.apply(command, at);
            observer.membershipChanged(command);
            if (proposal != null) {
                answers.add(new Answer(proposal, result, null));
            }
            return change;
        } catch (EtcdException refusal) {
            observer.refused(change, refusal);
            if (proposal != null) {
                answers.add(new Answer(proposal, null, refusal));
            }
            return change.voided();
        }
    }

    private void answer(Answer answer) {
        if (answer.refusal != null) {
            proposals.refuse(answer.proposal, answer.refusal);
        } else if (answer.proposal.command() instanceof Command.Compact(var revision, var physical)
                && physical) {
            // KV-41: the caller wants to hear when the space is free, not when it is promised, and
            // that may take longer than a proposal may.
            if (!proposals.detach(answer.proposal)) return;
            CompletableFuture<Result> outcome = answer.proposal.outcome();
            state.compacted(revision)
                    .whenComplete((done, thrown) -> {
                        if (thrown == null) outcome.complete(answer.result);
                        else outcome.completeExceptionally(EtcdError.STOPPED.exception());
                    });
        } else {
            proposals.complete(answer.proposal, answer.result);
        }
    }

    /** What the mailbox carries. */
    private sealed interface Work {}

    private record Batch(List<Entry> entries, List<Message> responses) implements Work {}

    private record Replace(ArrivedSnapshot snapshot) implements Work {}

    private enum Signal implements Work {
        STOP,
        END_OF_PAUSE
    }

    /** The outcome of a proposal of this member; one of result and refusal is null. */
    private record Answer(PendingProposal proposal, Result result, EtcdException refusal) {}
}
