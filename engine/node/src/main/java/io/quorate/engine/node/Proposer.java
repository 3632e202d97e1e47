package io.quorate.engine.node;

import io.quorate.engine.raft.ConfChangeCodec;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The way of a command from its caller to the raft loop. What cannot be taken in is refused before
 * anything was done for it: when the member ends, when the state is full, when too much waits
 * already, when the command is too large. What can is encoded, registered and posted. All of it
 * happens in the caller's thread, and without a lock.
 */
final class Proposer {
    /** Entries that may be committed and not yet applied (SE-26). */
    private static final long BACKLOG_MAX = 5000;

    /** Encoded size of all proposals that may wait for their outcome. */
    private static final long PENDING_BYTES_MAX = 512L << 20;

    private static final long ANY_TERM = 0;

    private final long memberId;
    private final StateMachine state;
    private final Quota quota;
    private final IdGenerator ids;
    private final int requestBytesMax;
    private final long timeoutNanos;
    private final LongSupplier backlog;
    private final PendingProposals pending;
    private final Consumer<Event> replica;
    private final NodeMetrics metrics;
    private final LongSupplier nanoTime;
    private final BooleanSupplier stopped;
    private final AtomicBoolean quotaAlarming = new AtomicBoolean();

    /**
     * @param backlog how many entries are committed and not yet applied
     * @param pending where proposals wait for their outcome
     * @param replica takes what is to be proposed
     * @param stopped whether the member ends
     */
    Proposer(
            long memberId,
            NodeConfig config,
            StateMachine state,
            Quota quota,
            IdGenerator ids,
            LongSupplier backlog,
            PendingProposals pending,
            Consumer<Event> replica,
            NodeMetrics metrics,
            LongSupplier nanoTime,
            BooleanSupplier stopped) {
        this.memberId = memberId;
        this.state = state;
        this.quota = quota;
        this.ids = ids;
        this.requestBytesMax = config.maxRequestBytes();
        this.timeoutNanos = config.requestTimeout().toNanos();
        this.backlog = backlog;
        this.pending = pending;
        this.replica = replica;
        this.metrics = metrics;
        this.nanoTime = nanoTime;
        this.stopped = stopped;
    }

    /** As {@link Node#propose(Command)}. */
    CompletableFuture<Result> propose(Command command) {
        return propose(command, Caller.NOBODY);
    }

    /** As {@link Node#propose(Command, Caller)}. */
    CompletableFuture<Result> propose(Command command, Caller caller) {
        return propose(command, caller, ANY_TERM);
    }

    /** As {@link Node#propose(Command, long)}. */
    CompletableFuture<Result> propose(Command command, long term) {
        return propose(command, state.auth().root(), term);
    }

    private CompletableFuture<Result> propose(Command command, Caller caller, long term) {
        if (stopped.getAsBoolean()) {
            return CompletableFuture.failedFuture(EtcdError.STOPPED.exception());
        }
        if (!quota.admits(command)) {
            return raiseQuotaAlarm()
                    .handle((raised, thrown) -> {
                        throw EtcdError.NO_SPACE.exception();
                    });
        }
        if (backlog.getAsLong() > BACKLOG_MAX || pending.bytes() > PENDING_BYTES_MAX) {
            return CompletableFuture.failedFuture(EtcdError.TOO_MANY_REQUESTS.exception());
        }
        long id = ids.next();
        byte[] data =
                MembershipChange.isOne(command)
                        ? ConfChangeCodec.encode(MembershipChange.of(id, command))
                        : CommandCodec.encode(id, command, caller);
        if (data.length > requestBytesMax) {
            return CompletableFuture.failedFuture(EtcdError.REQUEST_TOO_LARGE.exception());
        }
        long deadline = nanoTime.getAsLong() + timeoutNanos;
        var proposal =
                new PendingProposal(
                        id, command, caller, data, deadline, term, new CompletableFuture<>());
        measure(proposal);
        if (pending.add(proposal)) {
            replica.accept(new Event.Propose(proposal));
        }
        return proposal.outcome();
    }

    // ME-14: what the cluster is made of is not a request in etcd's sense.
    private void measure(PendingProposal proposal) {
        if (MembershipChange.isOne(proposal.command())) {
            return;
        }
        String type = ApplyObserver.op(proposal.command());
        long start = nanoTime.getAsLong();
        var unused =
                proposal.outcome()
                        .whenComplete((result, thrown) ->
                                metrics.answered(
                                        type, thrown == null, nanoTime.getAsLong() - start));
    }

    /**
     * Proposes the alarm that this member's state has outgrown the quota (SE-46). Completes once it
     * is raised, or cannot be; one attempt at a time.
     */
    CompletableFuture<?> raiseQuotaAlarm() {
        Alarm alarm = new Alarm(memberId, Alarm.NOSPACE);
        if (state.alarms().contains(alarm) || !quotaAlarming.compareAndSet(false, true)) {
            return CompletableFuture.completedFuture(null);
        }
        return propose(new Command.RaiseAlarm(alarm))
                .whenComplete((raised, thrown) -> quotaAlarming.set(false));
    }

    /** How many proposals wait for their outcome. */
    int pending() {
        return pending.count();
    }

    /** Fails what waits with STOPPED, and what comes later. */
    void close() {
        pending.close();
    }
}
