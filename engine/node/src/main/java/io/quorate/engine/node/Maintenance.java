package io.quorate.engine.node;

import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.StateMachine;
import io.quorate.engine.state.StoreHash;

import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What an operator asks of the whole state: hashes and defragmentation. Each takes as long as going
 * through the state does, in the caller's thread; the clock and the metrics hear how long.
 */
final class Maintenance {
    private final StateMachine state;
    private final NodeMetrics metrics;
    private final LongSupplier nanoTime;
    private final Consumer<Throwable> failure;

    /**
     * @param failure stops the member
     */
    Maintenance(
            StateMachine state,
            NodeMetrics metrics,
            LongSupplier nanoTime,
            Consumer<Throwable> failure) {
        this.state = state;
        this.metrics = metrics;
        this.nanoTime = nanoTime;
        this.failure = failure;
    }

    /** As {@link Node#hashKv}. */
    KvHash hashKv(long revision) {
        return timed(metrics.hashRevDuration, () -> state.hashKv(revision));
    }

    /** As {@link Node#hash}. */
    StoreHash hash() {
        return timed(metrics.hashDuration, state::hash);
    }

    private <T> T timed(Histogram duration, Supplier<T> work) {
        long start = nanoTime.getAsLong();
        T result = work.get();
        duration.observeNanos(nanoTime.getAsLong() - start);
        return result;
    }

    /** As {@link Node#defragment}. */
    void defragment() {
        new Defragmentation(state, metrics, nanoTime, failure).run();
    }
}
