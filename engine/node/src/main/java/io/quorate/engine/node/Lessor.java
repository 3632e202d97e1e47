package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Lease;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Decides when leases are over (SE-70..SE-77). Time is counted by the leader alone and never goes
 * into the log; what goes there is the decision, as {@link Command.LeaseRevoke}.
 *
 * <pre>
 * following   --lead: own term applied-->   filling   --all leases have a timer-->   serving
 *     ^------------------------------ follow ----------------------------------------'
 * </pre>
 *
 * <p>Two rules keep a leader that was deposed without knowing it from doing harm (T13):
 *
 * <ul>
 *   <li>A revoke is proposed for one term. Raft takes it only while this member leads that term, so
 *       it is never forwarded to a later leader, and what this member appends to its own log after
 *       its deposition is never committed.
 *   <li>A leader renews only when it has applied the first entry of its own term. All revokes of
 *       earlier leaders that will ever be applied are applied by then.
 * </ul>
 *
 * <p>A renewal by a leader that is cut off lasts as long as that leader believes in itself, which
 * the check of the quorum bounds by one election timeout; that is what the next leader adds to each
 * lease. A process that was stopped as a whole sees that it has not ticked, and asks the quorum
 * first.
 *
 * <p>The lessor thread makes the rounds; renewals and questions come from any thread, and {@link
 * #applied} from the apply thread.
 */
final class Lessor implements Loop {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private static final long ROUND_NANOS = Duration.ofMillis(500).toNanos();
    private static final int REVOKES_PER_ROUND = 500;
    private static final int REVOKES_IN_FLIGHT = 16;
    private static final int CHECKPOINT_BATCH = 1000;
    private static final int CHECKPOINT_BATCHES_PER_ROUND = 500;
    private static final int TICKS_OF_SILENCE = 3;
    private static final long NANOS = Duration.ofSeconds(1).toNanos();

    private final StateMachine state;
    private final Replica replica;
    private final NodeMetrics metrics;
    private final LongSupplier nanoTime;
    private final Times times;
    private final Consumer<Throwable> failure;
    private final Mailbox<Event> mailbox = new Mailbox<>();
    private final AtomicBoolean tickPosted = new AtomicBoolean();
    private final Queue<Waiter> waiters = new ConcurrentLinkedQueue<>();

    /** The tenure that hears of changes of the state. */
    private volatile Tenure counting;

    /** The same when it has all leases, so that it can answer. */
    private volatile Tenure serving;

    private volatile long lastTick;
    private volatile boolean closed;

    // Guarded by the monitor.
    private long leadingTerm;

    // Lessor thread only.
    private final Deque<Event> events = new ArrayDeque<>();
    private final Deque<LeaseTimer> toRevoke = new ArrayDeque<>();
    private Tenure revokingFor;
    private int inFlight;
    private long lastRound;

    /**
     * @param failure hears of the error that ends the thread
     */
    Lessor(
            StateMachine state,
            Replica replica,
            NodeMetrics metrics,
            LongSupplier nanoTime,
            Times times,
            Consumer<Throwable> failure) {
        this.state = state;
        this.replica = replica;
        this.metrics = metrics;
        this.nanoTime = nanoTime;
        this.times = times;
        this.failure = failure;
        this.lastTick = nanoTime.getAsLong();
        this.lastRound = lastTick;
    }

    /** What the lessor asks of its replica. */
    interface Replica {
        /** Proposes while this member leads the term; NOT_LEADER otherwise. */
        CompletableFuture<Result> propose(Command command, long term);

        /**
         * Completes when this member has applied what was acknowledged before. Fails with TIMEOUT
         * when that does not become known in time, and with TIMEOUT_WAIT_APPLIED when it is known
         * and applying it takes long (SE-24).
         */
        CompletableFuture<Void> caughtUp();
    }

    /**
     * @param tickNanos between two ticks of raft
     * @param electionNanos election timeout, which a new leader adds to each lease
     * @param requestNanos how long a caller waits for a leader, and a failed revoke for another try
     * @param checkpointNanos interval of checkpoints, 0 for none (SE-73)
     */
    record Times(long tickNanos, long electionNanos, long requestNanos, long checkpointNanos) {}

    // ---- what the replica tells

    /** This member leads, and has applied all that earlier leaders committed. Raft thread. */
    void lead(long term) {
        change(term);
        mailbox.post(new Event.Lead(term));
    }

    /** This member does not lead any more. Raft thread. */
    void follow() {
        change(0);
    }

    /** Ends the tenure of another term at once, so that nobody is answered by it any more. */
    private void change(long term) {
        Tenure over;
        synchronized (this) {
            leadingTerm = term;
            over = counting;
            counting = null;
            serving = null;
        }
        if (over != null) {
            over.end();
        }
    }

    /** A command was applied; its caller has no answer yet. Apply thread. */
    void applied(Command command) {
        Tenure tenure = counting;
        if (tenure == null) {
            return;
        }
        if (command instanceof Command.LeaseGrant(long id, long ttl)) {
            long now = nanoTime.getAsLong();
            tenure.start(new Lease(id, ttl, 0), now + ttl * NANOS, now);
        } else if (command instanceof Command.LeaseRevoke(long id)) {
            tenure.stop(id);
        }
    }

    /** A tick of raft's clock. Any thread. */
    void tick() {
        lastTick = nanoTime.getAsLong();
        if (tickPosted.compareAndSet(false, true)) {
            mailbox.post(Event.Signal.TICK);
        }
    }

    /** Ends the thread; whoever waits gets STOPPED. */
    void stop() {
        closed = true;
        follow();
        mailbox.post(Event.Signal.STOP);
        failWaiters(waiter -> true, EtcdError.STOPPED);
    }

    // ---- what callers ask

    /**
     * Renews a lease; the seconds that it lives on, 0 when there is none (LE-07). A lease that is
     * over and not revoked yet is waited for (SE-76). Fails with TIMEOUT when this member does not
     * lead, with TIMEOUT_WAIT_APPLIED when it is behind for long, and with STOPPED.
     */
    CompletableFuture<Long> renew(long id) {
        return renew(id, nanoTime.getAsLong() + times.requestNanos);
    }

    /**
     * As above.
     *
     * @param giveUp when to fail with TIMEOUT for want of a leader, by the monotonic clock
     */
    CompletableFuture<Long> renew(long id, long giveUp) {
        Tenure tenure = serving;
        if (tenure == null) {
            return tenure(giveUp).thenCompose(leading -> renew(id, giveUp));
        }
        if (nanoTime.getAsLong() - lastTick > TICKS_OF_SILENCE * times.tickNanos) {
            return replica.caughtUp().thenCompose(led -> renew(tenure, id, giveUp));
        }
        return renew(tenure, id, giveUp);
    }

    private CompletableFuture<Long> renew(Tenure tenure, long id, long giveUp) {
        LeaseTimer timer = tenure.timer(id);
        if (tenure.hasEnded()) {
            return renew(id, giveUp);
        }
        // SE-77: its grant may be committed and not applied yet.
        return timer != null
                ? renew(tenure, timer, giveUp)
                : replica.caughtUp()
                        .thenCompose(caughtUp -> {
                            LeaseTimer late = tenure.timer(id);
                            if (late != null) {
                                return renew(tenure, late, giveUp);
                            }
                            return tenure.hasEnded()
                                    ? renew(id, giveUp)
                                    : CompletableFuture.completedFuture(0L);
                        });
    }

    private CompletableFuture<Long> renew(Tenure tenure, LeaseTimer timer, long giveUp) {
        boolean checkpointed =
                state.lease(timer.id()).map(Lease::remaining).orElse(0L) > 0
                        && !timer.isDue(nanoTime.getAsLong());
        if (!checkpointed) {
            return renewNow(tenure, timer, giveUp);
        }
        // The next leader must not take the rest before the renewal for the rest after it.
        var forget = new Command.LeaseCheckpoint(List.of(new Command.Checkpoint(timer.id(), 0)));
        return replica.propose(forget, tenure.term())
                .thenCompose(done -> renewNow(tenure, timer, giveUp));
    }

    private CompletableFuture<Long> renewNow(Tenure tenure, LeaseTimer timer, long giveUp) {
        if (timer.renew(nanoTime.getAsLong())) {
            metrics.leasesRenewed.increment();
            return CompletableFuture.completedFuture(timer.ttl());
        }
        return CompletableFuture.anyOf(timer.ending(), tenure.ending())
                .thenCompose(over ->
                        timer.hasEnded()
                                ? CompletableFuture.completedFuture(0L)
                                : renew(timer.id(), giveUp));
    }

    /**
     * How long a lease still lives; empty when there is none (LE-10). As new as every change
     * acknowledged before. Fails with TIMEOUT when this member does not lead, with LEADER_CHANGED
     * when it ceases to meanwhile, with TIMEOUT_WAIT_APPLIED when it is behind for long, and with
     * STOPPED.
     */
    CompletableFuture<Optional<LeaseTime>> timeToLive(long id) {
        return timeToLive(id, nanoTime.getAsLong() + times.requestNanos);
    }

    /**
     * As above.
     *
     * @param giveUp when to fail with TIMEOUT for want of a leader, by the monotonic clock
     */
    CompletableFuture<Optional<LeaseTime>> timeToLive(long id, long giveUp) {
        return tenure(giveUp)
                .thenCompose(
                        tenure -> replica.caughtUp().thenApply(caughtUp -> timeToLive(tenure, id)));
    }

    private Optional<LeaseTime> timeToLive(Tenure tenure, long id) {
        LeaseTimer timer = tenure.timer(id);
        if (tenure.hasEnded()) {
            throw EtcdError.LEADER_CHANGED.exception();
        }
        return Optional.ofNullable(timer)
                .map(found ->
                        new LeaseTime(id, found.ttl(), found.secondsLeft(nanoTime.getAsLong())));
    }

    /** Ids of all leases: on the leader those that end first come first (LE-12), else by id. */
    List<Long> ids() {
        Tenure tenure = serving;
        long now = nanoTime.getAsLong();
        record Left(long id, long nanos) {}
        return state.leases().stream()
                .map(lease -> {
                    LeaseTimer timer = tenure == null ? null : tenure.timer(lease.id());
                    return new Left(
                            lease.id(), timer == null ? Long.MAX_VALUE : timer.deadline() - now);
                })
                .sorted(Comparator.comparingLong(Left::nanos).thenComparingLong(Left::id))
                .map(Left::id)
                .toList();
    }

    /** The tenure that serves, as soon as there is one. */
    private CompletableFuture<Tenure> tenure(long giveUp) {
        Tenure now = serving;
        if (now != null) {
            return CompletableFuture.completedFuture(now);
        }
        var waiter = new Waiter(new CompletableFuture<>(), giveUp);
        waiters.add(waiter);
        // After the add, so that either this or the other side sees the other.
        Tenure meanwhile = serving;
        if (meanwhile != null) {
            waiter.tenure.complete(meanwhile);
        } else if (closed) {
            waiter.tenure.completeExceptionally(EtcdError.STOPPED.exception());
        }
        return waiter.tenure;
    }

    private void failWaiters(java.util.function.Predicate<Waiter> which, EtcdError error) {
        waiters.removeIf(waiter -> {
            if (!waiter.tenure.isDone() && which.test(waiter)) {
                waiter.tenure.completeExceptionally(error.exception());
            }
            return waiter.tenure.isDone();
        });
    }

    // ---- the lessor thread

    @Override
    public boolean hasWork() {
        return !mailbox.isEmpty();
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
            return !closed;
        } catch (Throwable t) {
            failure.accept(t);
            return false;
        }
    }

    private void handle(Event event) {
        switch (event) {
            case Event.Lead(long term) -> promote(term);
            case Event.Revoked revoked -> revoked(revoked);
            case Event.Signal.TICK -> ticked();
            case Event.Signal.STOP -> {}
        }
    }

    private void promote(long term) {
        Tenure tenure = new Tenure(term, state, times.checkpointNanos);
        synchronized (this) {
            if (leadingTerm != term) {
                return;
            }
            counting = tenure;
        }
        tenure.fill(nanoTime.getAsLong(), times.electionNanos);
        synchronized (this) {
            if (counting != tenure) {
                return;
            }
            serving = tenure;
        }
        waiters.removeIf(waiter -> {
            waiter.tenure.complete(tenure);
            return true;
        });
    }

    private void ticked() {
        tickPosted.set(false);
        long now = nanoTime.getAsLong();
        failWaiters(waiter -> now - waiter.giveUp >= 0, EtcdError.TIMEOUT);
        if (now - lastRound >= ROUND_NANOS) {
            lastRound = now;
            Tenure tenure = serving;
            if (tenure != null) {
                expire(tenure, now);
                checkpoint(tenure, now);
            }
        }
    }

    private void expire(Tenure tenure, long now) {
        if (tenure != revokingFor) {
            revokingFor = tenure;
            toRevoke.clear();
        }
        toRevoke.addAll(tenure.takeExpired(now, REVOKES_PER_ROUND - toRevoke.size()));
        revokeSome();
    }

    // Bounded, so that others' commands come in between: one lease may have very many keys.
    private void revokeSome() {
        while (inFlight < REVOKES_IN_FLIGHT && !toRevoke.isEmpty()) {
            LeaseTimer timer = toRevoke.remove();
            Tenure tenure = revokingFor;
            inFlight++;
            replica.propose(new Command.LeaseRevoke(timer.id()), tenure.term())
                    .whenComplete((done, thrown) ->
                            mailbox.post(new Event.Revoked(tenure, timer, thrown)));
        }
    }

    private void revoked(Event.Revoked outcome) {
        inFlight--;
        EtcdError error = error(outcome.thrown);
        if (outcome.thrown == null) {
            metrics.leasesExpired.increment();
        } else if (!outcome.tenure.hasEnded() && error != EtcdError.LEASE_NOT_FOUND) {
            LOGGER.log(
                    WARNING,
                    "failed to revoke lease",
                    Fields.of(
                            "lease-id",
                            "%016x".formatted(outcome.timer.id()),
                            "error",
                            outcome.thrown.getMessage()));
            outcome.tenure.retry(outcome.timer, nanoTime.getAsLong() + times.requestNanos);
        }
        revokeSome();
    }

    private static EtcdError error(Throwable thrown) {
        return switch (thrown) {
            case EtcdException refusal -> refusal.error();
            case CompletionException wrapper -> error(wrapper.getCause());
            case null, default -> null;
        };
    }

    // One that fails is not repeated: the next is due soon enough.
    private void checkpoint(Tenure tenure, long now) {
        for (int batch = 0; batch < CHECKPOINT_BATCHES_PER_ROUND; batch++) {
            List<Command.Checkpoint> due = tenure.takeCheckpoints(now, CHECKPOINT_BATCH);
            if (due.isEmpty()) {
                return;
            }
            var unused = replica.propose(new Command.LeaseCheckpoint(due), tenure.term());
        }
    }

    /** Somebody who needs a leader. */
    private record Waiter(CompletableFuture<Tenure> tenure, long giveUp) {}

    private sealed interface Event {
        record Lead(long term) implements Event {}

        /** The outcome of a revoke; thrown is null when it was applied. */
        record Revoked(Tenure tenure, LeaseTimer timer, Throwable thrown) implements Event {}

        enum Signal implements Event {
            TICK,
            STOP
        }
    }
}
