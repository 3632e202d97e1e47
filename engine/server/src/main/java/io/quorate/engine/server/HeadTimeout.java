package io.quorate.engine.server;

import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1ConnectionListener;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Hangs up on those who begin a request and do not come to the end of its head (HT-23). The web
 * server itself looks after connections that are between two requests.
 *
 * <p>Any thread.
 */
final class HeadTimeout implements Http1ConnectionListener, AutoCloseable {
    private final Duration limit;
    private final Map<String, Future<?>> heads = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(
                    1, Thread.ofPlatform().daemon().name("http-head-timeout").factory());

    /**
     * @param limit from the first line of a request to the end of its head
     */
    HeadTimeout(Duration limit) {
        this.limit = limit;
        timer.setRemoveOnCancelPolicy(true);
    }

    @Override
    public void prologue(ConnectionContext connection, HttpPrologue prologue) {
        Future<?> end =
                timer.schedule(() -> hangUp(connection), limit.toNanos(), TimeUnit.NANOSECONDS);
        heads.put(connection.childSocketId(), end);
    }

    @Override
    public void headers(ConnectionContext connection, Headers headers) {
        Future<?> end = heads.remove(connection.childSocketId());
        if (end != null) end.cancel(false);
    }

    private void hangUp(ConnectionContext connection) {
        if (heads.remove(connection.childSocketId()) == null) return;
        try {
            connection.serverSocket().close();
        } catch (UncheckedIOException e) {
            // It has gone by itself.
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
