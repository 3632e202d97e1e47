package io.quorate.api.grpc;

import io.grpc.Deadline;

/**
 * Counts events that cost us work and the peer nothing, and says when there are too many in an
 * interval. Not thread-safe: the reader thread.
 */
final class FloodGuard {
    private final String what;
    private final int max;
    private final long intervalNanos;
    private final Deadline.Ticker ticker;
    private long intervalStart;
    private int count;

    FloodGuard(String what, int max, long intervalNanos, Deadline.Ticker ticker) {
        this.what = what;
        this.max = max;
        this.intervalNanos = intervalNanos;
        this.ticker = ticker;
        this.intervalStart = ticker.nanoTime();
    }

    /**
     * @throws ConnectionException ENHANCE_YOUR_CALM above the limit
     */
    void event() throws ConnectionException {
        long now = ticker.nanoTime();
        if (now - intervalStart >= intervalNanos) {
            intervalStart = now;
            count = 0;
        }
        if (++count > max) {
            throw new ConnectionException(ErrorCode.ENHANCE_YOUR_CALM, "too many " + what);
        }
    }
}
