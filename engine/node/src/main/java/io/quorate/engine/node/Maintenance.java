package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;

import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.StateMachine;
import io.quorate.engine.state.StoreHash;
import io.quorate.spi.storage.StorageException;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What an operator asks of the whole state: hashes and defragmentation. Each takes as long as going
 * through the state does, in the caller's thread; the clock and the metrics hear how long.
 */
final class Maintenance {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

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

    /** As {@link Node#defragment}; told in the log and in the metrics (MA-10). */
    void defragment() {
        metrics.defragInflight.set(1);
        long before = state.sizeOnDisk();
        long inUseBefore = state.sizeInUse();
        long start = nanoTime.getAsLong();
        LOGGER.log(INFO, "defragmenting", sizes(before, inUseBefore));
        try {
            state.defragment();
            metrics.defragDuration.observeNanos(nanoTime.getAsLong() - start);
        } catch (StorageException.NoSpace | StorageException.Closed e) {
            // Nothing was lost: the old files are still there.
            throw e;
        } catch (StorageException e) {
            failure.accept(e);
            throw e;
        } finally {
            metrics.defragInflight.set(0);
        }
        long size = state.sizeOnDisk();
        long inUse = state.sizeInUse();
        Map<String, Object> fields = sizes(size, inUse);
        fields.put("current-db-size-bytes-diff", size - before);
        fields.put("current-db-size-in-use-bytes-diff", inUse - inUseBefore);
        fields.put("took", Duration.ofNanos(nanoTime.getAsLong() - start).toString());
        LOGGER.log(INFO, "finished defragmenting directory", fields);
    }

    private static Map<String, Object> sizes(long size, long inUse) {
        return Fields.of(
                "current-db-size-bytes",
                size,
                "current-db-size",
                ByteSizes.text(size),
                "current-db-size-in-use-bytes",
                inUse,
                "current-db-size-in-use",
                ByteSizes.text(inUse));
    }
}
