package io.quorate.engine.node;

import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StateStore.Durability;

import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Decides when the state is forced to disk, so that the log may be cut behind it: after so many
 * entries with so many bytes (a force of a few bytes costs as much as one of many), or earlier when
 * the log has grown beyond its bound. One force at a time; apply goes on meanwhile. Apply thread
 * only, but for the end of a force.
 */
final class Checkpointer {
    /** A log that stays too large, by its last segment, must not bring a force per batch. */
    private static final long MIN_SHARE_OF_BOUND = 8;

    private final long snapshotCount;
    private final long checkpointBytes;
    private final long logBytesMax;
    private final LongSupplier logBytes;
    private final LongSupplier nanoTime;
    private final NodeMetrics.Checkpoints durations;
    private final Consumer<Applied> durable;
    private final Consumer<Throwable> failure;
    private long entries;
    private long bytes;
    private volatile boolean running;

    /**
     * @param logBytes size of the log on disk
     * @param durations of each force that ends well
     * @param durable hears what is durable, from any thread
     * @param failure hears of a force that failed, from any thread
     */
    Checkpointer(
            NodeConfig config,
            LongSupplier logBytes,
            LongSupplier nanoTime,
            NodeMetrics.Checkpoints durations,
            Consumer<Applied> durable,
            Consumer<Throwable> failure) {
        this.snapshotCount = config.snapshotCount();
        this.checkpointBytes = config.checkpointBytes();
        this.logBytesMax = config.logBytesMax();
        this.logBytes = logBytes;
        this.nanoTime = nanoTime;
        this.durations = durations;
        this.durable = durable;
        this.failure = failure;
    }

    /** Commits what was applied, lazily or as a checkpoint. */
    void commit(StateMachine state, int appliedEntries, long appliedBytes) {
        entries += appliedEntries;
        bytes += appliedBytes;
        if (running || !isDue()) {
            state.commit(Durability.LAZY);
            return;
        }
        entries = 0;
        bytes = 0;
        running = true;
        Applied at = state.applied();
        long start = nanoTime.getAsLong();
        var forced = state.commit(Durability.FORCE);
        long handedOver = nanoTime.getAsLong();
        var unused =
                forced.whenComplete((done, thrown) -> {
                    running = false;
                    if (thrown == null) {
                        long now = nanoTime.getAsLong();
                        durations.handover().observeNanos(handedOver - start);
                        durations.force().observeNanos(now - handedOver);
                        durations.total().observeNanos(now - start);
                        durable.accept(at);
                    } else {
                        failure.accept(thrown);
                    }
                });
    }

    private boolean isDue() {
        return entries >= snapshotCount && bytes >= checkpointBytes
                || entries >= snapshotCount * NodeConfig.CHECKPOINT_COUNTS_MAX
                || bytes >= logBytesMax / MIN_SHARE_OF_BOUND && logBytes.getAsLong() > logBytesMax;
    }
}
