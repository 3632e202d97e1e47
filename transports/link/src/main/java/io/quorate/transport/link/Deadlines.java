package io.quorate.transport.link;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Cuts sockets that take too long, where a time-out of each single read would not. */
final class Deadlines implements AutoCloseable {
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("peer-deadlines").factory());

    /** Closes {@code target} after so long, unless the handle is closed before. */
    Handle closing(Closeable target, Duration after) {
        try {
            Future<?> cut =
                    timer.schedule(() -> cut(target), after.toNanos(), TimeUnit.NANOSECONDS);
            return () -> cut.cancel(false);
        } catch (RejectedExecutionException e) {
            // The transport closes, and so does everything that belongs to it.
            cut(target);
            return () -> {};
        }
    }

    /** Runs {@code task} once per period, each time on a new thread, until the handle closes. */
    Handle repeating(Duration period, Runnable task) {
        long nanos = period.toNanos();
        Runnable aside = () -> Thread.ofVirtual().start(task);
        try {
            Future<?> running =
                    timer.scheduleAtFixedRate(aside, nanos, nanos, TimeUnit.NANOSECONDS);
            return () -> running.cancel(false);
        } catch (RejectedExecutionException e) {
            return () -> {};
        }
    }

    private static void cut(Closeable target) {
        try {
            target.close();
        } catch (IOException e) {
            // Whoever used it finds out by himself.
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /** A deadline that can be called off. */
    interface Handle extends AutoCloseable {
        @Override
        void close();
    }
}
