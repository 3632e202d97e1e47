package io.quorate.api.grpc;

import java.util.concurrent.Future;

/**
 * Finds clients that are gone without a word (GS-07): after a quiet interval the server sends a
 * PING, and closes when not a byte has come within the timeout. One timer, set for the earliest
 * moment it could matter and set again when it fires, so that traffic costs nothing here.
 */
final class KeepAlive {
    private final GrpcServerConnection connection;
    private final GrpcServer server;
    private final long interval;
    private final long timeout;
    private Future<?> timer;
    private boolean stopped;

    KeepAlive(GrpcServerConnection connection, GrpcServer server) {
        this.connection = connection;
        this.server = server;
        this.interval = server.settings().keepAliveInterval().toNanos();
        this.timeout = server.settings().keepAliveTimeout().toNanos();
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
            timer = server.later(task, nanos);
        }
    }

    private void quietForInterval() {
        long quiet = server.ticker().nanoTime() - connection.lastReadNanos();
        if (quiet < interval) {
            schedule(this::quietForInterval, interval - quiet);
            return;
        }
        connection.sendKeepAlivePing();
        long sent = server.ticker().nanoTime();
        schedule(() -> checkAnswer(sent), timeout);
    }

    private void checkAnswer(long sent) {
        if (connection.lastReadNanos() - sent >= 0) {
            schedule(this::quietForInterval, interval);
        } else {
            connection.abandon();
        }
    }
}
