package io.quorate.engine.node;

import io.quorate.engine.raft.RawNode;
import io.quorate.engine.raft.ReadState;
import io.quorate.engine.state.EtcdError;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Linearizable reads by read index (Raft dissertation §6.4). One raft round serves all callers that
 * came before it started; one round is in flight at most, and who comes meanwhile waits for the
 * next.
 *
 * <pre>
 * arrived   --start-->      in flight   --confirmed-->   confirmed   --applied-->   done
 * </pre>
 *
 * Raft thread only.
 */
final class ReadIndexQueue {
    /** Raft may lose a round without a word, for want of a leader; it is then asked again. */
    private static final int RETRY_TICKS = 5;

    private final NodeMetrics metrics;
    private final Deque<Round> confirmed = new ArrayDeque<>();
    private List<Waiter> arrived = new ArrayList<>();
    private List<Waiter> inFlight = List.of();
    private long roundId;
    private int ticksInFlight;

    /**
     * @param firstRound as unlike those of earlier lives of this member as request ids are
     */
    ReadIndexQueue(NodeMetrics metrics, long firstRound) {
        this.metrics = metrics;
        this.roundId = firstRound;
    }

    void add(Waiter waiter) {
        arrived.add(waiter);
    }

    /** Whether somebody waits for a round, and none is in flight. */
    boolean mayStart() {
        return inFlight.isEmpty() && !arrived.isEmpty();
    }

    /** Starts the next round if it may. */
    void start(RawNode raft) {
        if (mayStart()) {
            inFlight = arrived;
            arrived = new ArrayList<>();
            roundId++;
            ticksInFlight = 0;
            raft.readIndex(context());
        }
    }

    /**
     * Raft confirmed a round; its callers are served when {@code applied} gets there.
     *
     * @param now by the monotonic clock
     */
    void confirm(ReadState state, long applied, long now) {
        boolean current =
                state.context().length == Long.BYTES
                        && ByteBuffer.wrap(state.context()).getLong() == roundId
                        && !inFlight.isEmpty();
        if (!current) {
            return;
        }
        Round round = new Round(state.index(), now, inFlight);
        inFlight = List.of();
        if (round.index <= applied) {
            round.complete();
        } else {
            metrics.slowReadIndexes.increment();
            confirmed.add(round);
        }
    }

    /** Serves the callers whose index is reached. */
    void applied(long index) {
        while (!confirmed.isEmpty() && confirmed.getFirst().index <= index) {
            confirmed.removeFirst().complete();
        }
    }

    /** One tick: asks again for a round that got lost, and gives up callers that waited long. */
    void tick(RawNode raft, long now) {
        if (!inFlight.isEmpty() && ++ticksInFlight % RETRY_TICKS == 0) {
            raft.readIndex(context());
        }
        arrived = withoutLate(arrived, now);
        inFlight = withoutLate(inFlight, now);
        for (Round round : confirmed) {
            long waited = now - round.confirmedAt;
            round.waiters =
                    without(
                            round.waiters,
                            waiter -> waited >= waiter.applyNanosMax,
                            EtcdError.TIMEOUT_WAIT_APPLIED);
            round.waiters = withoutLate(round.waiters, now);
        }
    }

    /**
     * Another leader than the last one was elected, which knows nothing of the round in flight
     * (SE-22).
     */
    void leaderChanged() {
        fail(inFlight, EtcdError.LEADER_CHANGED);
        inFlight = List.of();
    }

    /** Fails all. */
    void close() {
        fail(arrived, EtcdError.STOPPED);
        fail(inFlight, EtcdError.STOPPED);
        for (Round round : confirmed) {
            fail(round.waiters, EtcdError.STOPPED);
        }
    }

    private byte[] context() {
        return ByteBuffer.allocate(Long.BYTES).putLong(roundId).array();
    }

    private List<Waiter> withoutLate(List<Waiter> waiters, long now) {
        return without(waiters, waiter -> waiter.isLate(now), EtcdError.TIMEOUT);
    }

    // Nearly always there is none, and then nothing is copied.
    private List<Waiter> without(List<Waiter> waiters, Predicate<Waiter> which, EtcdError error) {
        if (waiters.stream().noneMatch(which)) {
            return waiters;
        }
        fail(waiters.stream().filter(which).toList(), error);
        return new ArrayList<>(waiters.stream().filter(which.negate()).toList());
    }

    private void fail(List<Waiter> waiters, EtcdError error) {
        for (Waiter waiter : waiters) {
            metrics.readIndexesFailed.increment();
            waiter.point.completeExceptionally(error.exception());
        }
    }

    /**
     * One caller.
     *
     * @param point completes when its reads are linearizable
     * @param deadline when to give up with TIMEOUT, by the monotonic clock
     * @param applyNanosMax how long this member may take to apply what raft confirmed, before
     *     TIMEOUT_WAIT_APPLIED (SE-24)
     */
    record Waiter(CompletableFuture<Void> point, long deadline, long applyNanosMax) {
        private boolean isLate(long now) {
            return now - deadline >= 0;
        }
    }

    private static final class Round {
        private final long index;
        private final long confirmedAt;
        private List<Waiter> waiters;

        private Round(long index, long confirmedAt, List<Waiter> waiters) {
            this.index = index;
            this.confirmedAt = confirmedAt;
            this.waiters = waiters;
        }

        private void complete() {
            for (Waiter waiter : waiters) {
                waiter.point.complete(null);
            }
        }
    }
}
