package io.quorate.engine.node;

import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;

/**
 * Families of etcd for what does not happen here: steps of bbolt's commit, snapshot files of raft
 * beside the state, keys of the v2 store (ME-30, ME-33, ME-34). They are there and stay at zero, as
 * in an etcd that has not done these things, so that dashboards which add them up show figures.
 */
final class IdleMetrics {
    private static final double[] DISK_BUCKETS = Histogram.exponential(0.001, 2, 14);

    /** A file of a database takes longer. */
    private static final double[] DATABASE_BUCKETS = Histogram.exponential(0.1, 2, 10);

    private final MetricRegistry registry;

    private IdleMetrics(MetricRegistry registry) {
        this.registry = registry;
    }

    static void register(MetricRegistry registry) {
        IdleMetrics families = new IdleMetrics(registry);
        families.bolt();
        families.snapshotFiles();
        families.v2Store();
    }

    private void bolt() {
        for (String step : new String[] {"rebalance", "spill"}) {
            registry.histogram(
                    "etcd_debugging_disk_backend_commit_" + step + "_duration_seconds",
                    "The latency distributions of commit." + step + " called by bboltdb backend.",
                    DISK_BUCKETS);
        }
        registry.histogram(
                "etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds",
                "Bucketed histogram of index compaction pause duration.",
                Histogram.exponential(0.5, 2, 14));
    }

    private void snapshotFiles() {
        registry.histogram(
                "etcd_debugging_snap_save_marshalling_duration_seconds",
                "The marshalling cost distributions of save called by snapshot.",
                DISK_BUCKETS);
        registry.histogram(
                "etcd_snap_fsync_duration_seconds",
                "The latency distributions of fsync called by snap.",
                DISK_BUCKETS);
        registry.histogram(
                "etcd_snap_db_fsync_duration_seconds",
                "The latency distributions of fsyncing .snap.db file",
                DISK_BUCKETS);
        registry.histogram(
                "etcd_snap_db_save_total_duration_seconds",
                "The total latency distributions of v3 snapshot save",
                DATABASE_BUCKETS);
    }

    private void v2Store() {
        registry.counter("etcd_debugging_store_expires_total", "Total number of expired keys.");
        registry.counter(
                "etcd_debugging_store_watch_requests_total",
                "Total number of incoming watch requests (new or reestablished).");
        registry.gauge("etcd_debugging_store_watchers", "Count of currently active watchers.");
    }
}
