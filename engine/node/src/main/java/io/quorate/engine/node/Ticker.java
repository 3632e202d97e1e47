package io.quorate.engine.node;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Where the replica's logical clock, and what it does now and then, get their ticks from. */
public interface Ticker {
    /** Calls {@code tick} once per period from a thread of its own, until the handle is closed. */
    Handle start(Duration period, Runnable tick);

    /** Running ticks. */
    interface Handle extends AutoCloseable {
        @Override
        void close();
    }

    /** Ticks of the system's monotonic clock. */
    static Ticker system() {
        return (period, tick) -> {
            ScheduledExecutorService timer =
                    Executors.newSingleThreadScheduledExecutor(
                            Thread.ofPlatform().daemon().name("ticker").factory());
            long nanos = period.toNanos();
            timer.scheduleAtFixedRate(tick, nanos, nanos, TimeUnit.NANOSECONDS);
            return timer::shutdown;
        };
    }
}
