package io.quorate.api.grpc;

import io.grpc.Deadline;

import java.util.concurrent.TimeUnit;

/**
 * Judges a client's PINGs as grpc does (gRFC A8, GS-06): one that comes sooner than allowed is a
 * strike, the third strike ends the connection with {@code too_many_pings}. Without open calls one
 * in two hours is allowed, unless the settings permit more. Sending HEADERS or DATA wipes the
 * strikes: a client that measures a busy connection does no harm.
 *
 * <p>Not thread-safe: the reader thread.
 */
final class PingPolicy {
    private static final int STRIKES_ALLOWED = 2;
    private static final long IDLE_NANOS = TimeUnit.HOURS.toNanos(2);

    private final long minNanos;
    private final boolean withoutCalls;
    private final Deadline.Ticker ticker;
    private boolean pingSeen;
    private long lastValid;
    private int strikes;

    PingPolicy(ConnectionSettings settings, Deadline.Ticker ticker) {
        this.minNanos = settings.permitKeepAliveTime().toNanos();
        this.withoutCalls = settings.permitKeepAliveWithoutCalls();
        this.ticker = ticker;
    }

    /** We have sent HEADERS or DATA since the last PING. */
    void streamFramesSent() {
        pingSeen = false;
        strikes = 0;
    }

    /**
     * @throws ConnectionException ENHANCE_YOUR_CALM at the third strike
     */
    void ping(boolean callsOpen) throws ConnectionException {
        long now = ticker.nanoTime();
        long allowed = callsOpen || withoutCalls ? minNanos : IDLE_NANOS;
        if (!pingSeen || now - lastValid >= allowed) {
            pingSeen = true;
            lastValid = now;
            return;
        }
        if (++strikes > STRIKES_ALLOWED) {
            throw new ConnectionException(ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings");
        }
    }
}
