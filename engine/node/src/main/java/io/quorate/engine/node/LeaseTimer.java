package io.quorate.engine.node;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * How long one lease still lives, while this member leads.
 *
 * <pre>
 * running   --renew-->   running   --expire, after the deadline-->   expired   --end-->   ended
 * </pre>
 *
 * A renewal and the decision that the lease is over exclude each other: a lease that was found
 * expired is never renewed, and one that was renewed in time is not revoked for the time before.
 * Any thread.
 */
final class LeaseTimer {
    private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

    private final long id;
    private final long ttl;
    private long deadline;
    private boolean expired;
    private boolean ended;
    private CompletableFuture<Void> end;

    /**
     * @param ttl seconds that a renewal gives
     * @param deadline end of life, by the monotonic clock
     */
    LeaseTimer(long id, long ttl, long deadline) {
        this.id = id;
        this.ttl = ttl;
        this.deadline = deadline;
    }

    long id() {
        return id;
    }

    /** Seconds. */
    long ttl() {
        return ttl;
    }

    synchronized long deadline() {
        return deadline;
    }

    synchronized boolean isDue(long now) {
        return expired || deadline - now <= 0;
    }

    /** False when it is too late. */
    synchronized boolean renew(long now) {
        if (isDue(now)) {
            return false;
        }
        deadline = now + ttl * NANOS;
        return true;
    }

    /** False when the lease was renewed meanwhile; else it cannot be renewed any more. */
    synchronized boolean expire(long now) {
        expired |= deadline - now <= 0;
        return expired;
    }

    /** Whole seconds left, 0 when it is due (SE-82). */
    synchronized long secondsLeft(long now) {
        return Math.max(0, (deadline - now) / NANOS);
    }

    /** The lease is revoked. */
    void end() {
        CompletableFuture<Void> waiting;
        synchronized (this) {
            ended = true;
            waiting = end;
        }
        if (waiting != null) {
            waiting.complete(null);
        }
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    /** Completes with {@link #end()}. */
    synchronized CompletableFuture<Void> ending() {
        if (ended) {
            return CompletableFuture.completedFuture(null);
        }
        if (end == null) {
            end = new CompletableFuture<>();
        }
        return end;
    }
}
