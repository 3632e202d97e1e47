package io.quorate.engine.node;

import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.spi.storage.StorageEnv;

/** The durations that storage backends observe, under etcd's names (ME-18, ME-34). Any thread. */
public final class StorageMetrics {
    private static final double[] BUCKETS = Histogram.exponential(0.001, 2, 14);

    private final Histogram fsync;
    private final Histogram write;
    private final Histogram commit;
    private final Histogram commitWrite;
    private final Histogram commitRebalance;
    private final Histogram commitSpill;

    public StorageMetrics(MetricRegistry metrics) {
        fsync =
                metrics.histogram(
                        "etcd_disk_wal_fsync_duration_seconds",
                        "The latency distributions of fsync called by WAL.",
                        BUCKETS);
        write =
                metrics.histogram(
                        "etcd_disk_wal_write_duration_seconds",
                        "The latency distributions of write called by WAL.",
                        BUCKETS);
        commit =
                metrics.histogram(
                        "etcd_disk_backend_commit_duration_seconds",
                        "The latency distributions of commit called by backend.",
                        BUCKETS);
        commitWrite = commitStep(metrics, "write");
        commitRebalance = commitStep(metrics, "rebalance");
        commitSpill = commitStep(metrics, "spill");
    }

    private static Histogram commitStep(MetricRegistry metrics, String step) {
        return metrics.histogram(
                "etcd_debugging_disk_backend_commit_" + step + "_duration_seconds",
                "The latency distributions of commit." + step + " called by bboltdb backend.",
                BUCKETS);
    }

    /** To be called from {@link StorageEnv#observe}. */
    public void observe(StorageEnv.Timing timing, long nanos) {
        switch (timing) {
            case LOG_FSYNC -> fsync.observeNanos(nanos);
            case LOG_WRITE -> write.observeNanos(nanos);
            case STATE_COMMIT -> {
                commit.observeNanos(nanos);
                commitWrite.observeNanos(nanos);
                // Steps of bbolt's commit that take no time here: there are no pages to tidy up.
                commitRebalance.observe(0);
                commitSpill.observe(0);
            }
        }
    }
}
