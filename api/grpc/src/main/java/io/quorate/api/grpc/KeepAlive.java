package io.quorate.api.grpc;

import io.grpc.Deadline;

import java.time.Duration;
import java.util.concurrent.Future;

/**
 * Finds peers that are gone without a word (GS-07 on the server): after a quiet interval it sends a
 * PING, and closes when not a byte has come within the timeout. One timer, set for the earliest
 * moment it could matter and set again when it fires, so that traffic costs nothing here.
 */
final class KeepAlive {
    /** What is kept alive. */
    interface Connection {
        /** When the last byte came. */
        long lastReadNanos();

        /** False while it does not matter whether the peer lives. */
        boolean wantsPings();

        void sendKeepAlivePing();

        /** The peer did not answer. */
        void peerIsGone();

        Future<?> later(Runnable task, long nanos);
    }

    private final Connection connection;
    private final Deadline.Ticker ticker;
    private final long interval;
    private final long timeout;
    private Future<?> timer;
    private boolean stopped;

    KeepAlive(Connection connection, Deadline.Ticker ticker, Duration interval, Duration timeout) {
        this.connection = connection;
        this.ticker = ticker;
        this.interval = interval.toNanos();
        this.timeout = timeout.toNanos();
    }

    synchronized void start() {
        if (interval > 0) {
            schedule(this::quietForInterval, interval);
        }
    }

    synchronized void stop() {
        stopped = true;
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private synchronized void schedule(Runnable task, long nanos) {
        if (!stopped) {
            timer = connection.later(task, nanos);
        }
    }

    private void quietForInterval() {
        long quiet = ticker.nanoTime() - connection.lastReadNanos();
        if (quiet < interval) {
            schedule(this::quietForInterval, interval - quiet);
            return;
        }
        if (!connection.wantsPings()) {
            schedule(this::quietForInterval, interval);
            return;
        }
        connection.sendKeepAlivePing();
        long sent = ticker.nanoTime();
        schedule(() -> checkAnswer(sent), timeout);
    }

    private void checkAnswer(long sent) {
        if (connection.lastReadNanos() - sent >= 0) {
            schedule(this::quietForInterval, interval);
        } else {
            connection.peerIsGone();
        }
    }
}
