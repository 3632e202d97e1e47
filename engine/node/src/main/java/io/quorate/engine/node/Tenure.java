package io.quorate.engine.node;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.Lease;
import io.quorate.engine.state.StateMachine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The time of all leases during one term that this member leads. Ends with the leadership and never
 * comes back: the next leader begins to count anew (SE-72).
 *
 * <p>A renewal only writes the deadline of its timer. The queue keeps the deadline that it knew and
 * looks again when that has come, so that a lease that lives on costs the queue one step for each
 * TTL, however often it is renewed.
 *
 * <p>Any thread. The leases of the state are added by {@link #fill} while the apply thread adds new
 * ones and takes revoked ones away; whoever comes second finds what the first has done.
 */
final class Tenure {
    /** Leases that may pile up without being spread out (SE-72). */
    private static final int SPREAD_FROM = 1000;

    /** Most leases of the state that may end in the same second, below the rate of revokes. */
    private static final int ENDS_PER_SECOND = 750;

    private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

    private final long term;
    private final StateMachine state;
    private final long checkpointNanos;
    private final Map<Long, LeaseTimer> timers = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    // Both guarded by the monitor.
    private final PriorityQueue<Due> ends = new PriorityQueue<>(Due.EARLIEST);
    private final PriorityQueue<Due> checkpoints = new PriorityQueue<>(Due.EARLIEST);

    /**
     * @param checkpointNanos interval of checkpoints, 0 for none
     */
    Tenure(long term, StateMachine state, long checkpointNanos) {
        this.term = term;
        this.state = state;
        this.checkpointNanos = checkpointNanos;
    }

    long term() {
        return term;
    }

    /** Completes when this member does not lead any more. */
    CompletableFuture<Void> ending() {
        return end;
    }

    boolean hasEnded() {
        return end.isDone();
    }

    void end() {
        end.complete(null);
    }

    /**
     * Begins to count for all leases of the state: each gets what it was granted or had left at its
     * last checkpoint, and the time in which nobody led.
     */
    void fill(long now, long electionNanos) {
        List<Lease> leases = state.leases();
        leases.sort(Comparator.comparingLong(Lease::secondsToCount));
        long[] deadlines = new long[leases.size()];
        for (int i = 0; i < deadlines.length; i++) {
            deadlines[i] = now + electionNanos + leases.get(i).secondsToCount() * NANOS;
            boolean crowded = deadlines.length >= SPREAD_FROM && i >= ENDS_PER_SECOND;
            if (crowded) {
                long next = deadlines[i - ENDS_PER_SECOND] + NANOS;
                deadlines[i] += Math.max(0, next - deadlines[i]);
            }
            start(leases.get(i), deadlines[i], now);
        }
    }

    /** Begins to count for a lease, unless that was done or it is gone. */
    void start(Lease lease, long deadline, long now) {
        LeaseTimer timer = new LeaseTimer(lease.id(), lease.ttl(), deadline);
        synchronized (this) {
            if (state.lease(lease.id()).isEmpty()
                    || timers.putIfAbsent(lease.id(), timer) != null) {
                return;
            }
            ends.add(new Due(timer, deadline));
            scheduleCheckpoint(timer, lease.secondsToCount(), now);
        }
    }

    private void scheduleCheckpoint(LeaseTimer timer, long secondsLeft, long now) {
        if (checkpointNanos > 0 && secondsLeft > checkpointNanos / NANOS) {
            checkpoints.add(new Due(timer, now + checkpointNanos));
        }
    }

    /** The lease is gone from the state. */
    void stop(long id) {
        LeaseTimer timer;
        synchronized (this) {
            timer = timers.remove(id);
        }
        if (timer != null) {
            timer.end();
        }
    }

    /** The timer of a lease, or null. */
    LeaseTimer timer(long id) {
        return timers.get(id);
    }

    /** Takes leases that are over, earliest first; none of them is renewed after that. */
    synchronized List<LeaseTimer> takeExpired(long now, int most) {
        List<LeaseTimer> expired = new ArrayList<>();
        while (expired.size() < most && Due.isAnyDue(ends, now)) {
            LeaseTimer timer = ends.remove().timer;
            if (timer.hasEnded()) {
                continue;
            }
            if (timer.expire(now)) {
                expired.add(timer);
            } else {
                ends.add(new Due(timer, timer.deadline()));
            }
        }
        return expired;
    }

    /** An expired lease could not be revoked; it is taken again at this time. */
    synchronized void retry(LeaseTimer timer, long at) {
        ends.add(new Due(timer, at));
    }

    /** What is left of leases whose checkpoint is due, the seconds rounded up (SE-74). */
    synchronized List<Command.Checkpoint> takeCheckpoints(long now, int most) {
        List<Command.Checkpoint> due = new ArrayList<>();
        while (due.size() < most && Due.isAnyDue(checkpoints, now)) {
            LeaseTimer timer = checkpoints.remove().timer;
            if (timer.hasEnded() || timer.isDue(now)) {
                continue;
            }
            long left = (timer.deadline() - now + NANOS - 1) / NANOS;
            if (left < timer.ttl()) {
                due.add(new Command.Checkpoint(timer.id(), left));
            }
            scheduleCheckpoint(timer, left, now);
        }
        return due;
    }

    private record Due(LeaseTimer timer, long at) {
        /** Times of the monotonic clock may wrap around. */
        static final Comparator<Due> EARLIEST = (a, b) -> Long.signum(a.at - b.at);

        static boolean isAnyDue(PriorityQueue<Due> queue, long now) {
            return !queue.isEmpty() && queue.peek().at - now <= 0;
        }
    }
}
