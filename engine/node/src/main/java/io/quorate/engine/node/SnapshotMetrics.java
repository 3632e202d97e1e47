package io.quorate.engine.node;

import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;

/** Snapshots between members, under etcd's names (ME-29, ME-30). Any thread. */
final class SnapshotMetrics {
    private static final double[] SECONDS = Histogram.exponential(0.1, 2, 10);

    private final MetricRegistry registry;
    private final Histogram saved;
    private final Histogram forced;

    SnapshotMetrics(MetricRegistry registry) {
        this.registry = registry;
        saved =
                registry.histogram(
                        "etcd_snap_db_save_total_duration_seconds",
                        "The total latency distributions of v3 snapshot save",
                        SECONDS);
        forced =
                registry.histogram(
                        "etcd_snap_db_fsync_duration_seconds",
                        "The latency distributions of fsyncing .snap.db file",
                        Histogram.exponential(0.001, 2, 14));
    }

    /** A snapshot to this member goes out. */
    Transfer sending(long to) {
        return new Transfer("send", "To", to);
    }

    /** A snapshot of this member comes in. */
    Transfer receiving(long from) {
        return new Transfer("receive", "From", from);
    }

    /** A snapshot was taken in, from its first byte until it was in the place of the state. */
    void saved(long nanos) {
        saved.observeNanos(nanos);
    }

    /** The whole state was put in place, durably. */
    void forced(long nanos) {
        forced.observeNanos(nanos);
    }

    /** One snapshot on its way; {@link #end} is called once. */
    final class Transfer {
        private final String way;
        private final String[] labels;

        private Transfer(String way, String label, long peer) {
            this.way = way;
            this.labels = new String[] {label, Long.toHexString(peer)};
            inFlight(1);
        }

        void end(boolean success, long nanos) {
            inFlight(-1);
            if (success) {
                count("success", "Total number of successful snapshot " + way + "s");
                registry.histogram(
                                "etcd_network_snapshot_" + way + "_total_duration_seconds",
                                "Total latency distributions of v3 snapshot " + way + "s",
                                SECONDS,
                                labels)
                        .observeNanos(nanos);
            } else {
                count("failures", "Total number of snapshot " + way + " failures");
            }
        }

        private void inFlight(int change) {
            registry.gauge(
                            "etcd_network_snapshot_" + way + "_inflights_total",
                            "Total number of inflight snapshot " + way + "s",
                            labels)
                    .add(change);
        }

        private void count(String outcome, String help) {
            registry.counter("etcd_network_snapshot_" + way + "_" + outcome, help, labels)
                    .increment();
        }
    }
}
