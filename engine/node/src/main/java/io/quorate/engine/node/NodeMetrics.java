package io.quorate.engine.node;

import io.quorate.engine.metrics.Counter;
import io.quorate.engine.metrics.Gauge;
import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.WatchHub;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a replica counts itself, under etcd's names (ME-01..ME-05, ME-09, ME-12, ME-14..ME-17,
 * ME-19..ME-22, ME-26, ME-31, ME-32).
 */
final class NodeMetrics {
    private static final double[] APPLY_BUCKETS = Histogram.exponential(0.0001, 2, 20);

    private static final double[] DISK_BUCKETS = Histogram.exponential(0.001, 2, 14);

    private static final double[] REQUEST_BUCKETS = Histogram.exponential(0.001, 2, 14);

    /** A second to three months. */
    private static final double[] TTL_BUCKETS = Histogram.exponential(1, 2, 24);

    final Gauge hasLeader;
    final Gauge isLeader;
    final Gauge isLearner;
    final Counter leaderChanges;
    final Counter proposalsFailed;
    final Counter slowApplies;
    final Counter slowReadIndexes;
    final Counter readIndexesFailed;
    final Counter puts;
    final Counter deletes;
    final Counter ranges;
    final Counter txns;
    final Gauge putBytes;
    final Counter compactedKeys;
    final Histogram compactionPause;
    final Histogram compactionTotal;
    final Histogram defragDuration;
    final Gauge defragInflight;
    final Histogram hashDuration;
    final Histogram hashRevDuration;
    final Counter leasesGranted;
    final Counter leasesRevoked;
    final Counter leasesRenewed;
    final Counter leasesExpired;
    final Histogram leaseTtls;
    final Counter learnersPromoted;
    final Counter heartbeatsLate;
    final Gauge snapshotsApplied;
    final Gauge logBytesWritten;
    final Gauge openViews;
    final Gauge lastCompaction;
    final Checkpoints checkpoints;
    final SnapshotMetrics snapshots;
    final Histogram indexCompactionPause;

    private final MetricRegistry registry;
    private final Map<String, Histogram> applyDurations = new ConcurrentHashMap<>();
    private final Map<String, Histogram> requestDurations = new ConcurrentHashMap<>();

    NodeMetrics(MetricRegistry registry) {
        this.registry = registry;
        hasLeader =
                registry.gauge(
                        "etcd_server_has_leader",
                        "Whether or not a leader exists. 1 is existence, 0 is not.");
        isLeader =
                registry.gauge(
                        "etcd_server_is_leader",
                        "Whether or not this member is a leader. 1 if is, 0 otherwise.");
        isLearner =
                registry.gauge(
                        "etcd_server_is_learner",
                        "Whether or not this member is a learner. 1 if is, 0 otherwise.");
        leaderChanges =
                registry.counter(
                        "etcd_server_leader_changes_seen_total",
                        "The number of leader changes seen.");
        proposalsFailed =
                registry.counter(
                        "etcd_server_proposals_failed_total",
                        "The total number of failed proposals seen.");
        slowApplies =
                registry.counter(
                        "etcd_server_slow_apply_total",
                        "The total number of slow apply requests"
                                + " (likely overloaded from slow disk).");
        slowReadIndexes =
                registry.counter(
                        "etcd_server_slow_read_indexes_total",
                        "The total number of pending read indexes not in sync with leader's"
                                + " or timed out read index requests.");
        readIndexesFailed =
                registry.counter(
                        "etcd_server_read_indexes_failed_total",
                        "The total number of failed read indexes seen.");
        puts = registry.counter("etcd_mvcc_put_total", "Total number of puts seen by this member.");
        deletes =
                registry.counter(
                        "etcd_mvcc_delete_total", "Total number of deletes seen by this member.");
        ranges =
                registry.counter(
                        "etcd_mvcc_range_total", "Total number of ranges seen by this member.");
        txns = registry.counter("etcd_mvcc_txn_total", "Total number of txns seen by this member.");
        learnersPromoted =
                registry.counter(
                        "etcd_server_learner_promote_successes",
                        "The total number of successful learner promotions while this member is"
                                + " leader.");
        putBytes =
                registry.gauge(
                        "etcd_debugging_mvcc_total_put_size_in_bytes",
                        "The total size of put kv pairs seen by this member.");
        compactedKeys =
                registry.counter(
                        "etcd_debugging_mvcc_db_compaction_keys_total",
                        "Total number of db keys compacted.");
        compactionPause =
                registry.histogram(
                        "etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds",
                        "Bucketed histogram of db compaction pause duration.",
                        Histogram.exponential(1, 2, 13));
        compactionTotal =
                registry.histogram(
                        "etcd_debugging_mvcc_db_compaction_total_duration_milliseconds",
                        "Bucketed histogram of db compaction total duration.",
                        Histogram.exponential(100, 2, 14));
        defragDuration =
                registry.histogram(
                        "etcd_disk_backend_defrag_duration_seconds",
                        "The latency distribution of backend defragmentation.",
                        Histogram.exponential(0.1, 2, 13));
        defragInflight =
                registry.gauge(
                        "etcd_disk_defrag_inflight",
                        "Whether or not defrag is active on the member. 1 means active, 0 means"
                                + " not.");
        hashDuration =
                registry.histogram(
                        "etcd_mvcc_hash_duration_seconds",
                        "The latency distribution of storage hash operation.",
                        Histogram.exponential(0.01, 2, 15));
        hashRevDuration =
                registry.histogram(
                        "etcd_mvcc_hash_rev_duration_seconds",
                        "The latency distribution of storage hash by revision operation.",
                        Histogram.exponential(0.01, 2, 15));
        leasesGranted =
                registry.counter(
                        "etcd_debugging_lease_granted_total",
                        "The total number of granted leases.");
        leasesRevoked =
                registry.counter(
                        "etcd_debugging_lease_revoked_total",
                        "The total number of revoked leases.");
        leasesRenewed =
                registry.counter(
                        "etcd_debugging_lease_renewed_total",
                        "The number of renewed leases seen by the leader.");
        leasesExpired =
                registry.counter(
                        "etcd_debugging_server_lease_expired_total",
                        "The total number of expired leases.");
        leaseTtls =
                registry.histogram(
                        "etcd_debugging_lease_ttl_total",
                        "Bucketed histogram of lease TTLs.",
                        TTL_BUCKETS);
        heartbeatsLate =
                registry.counter(
                        "etcd_server_heartbeat_send_failures_total",
                        "The total number of leader heartbeat send failures (likely overloaded from"
                                + " slow disk).");
        snapshotsApplied =
                registry.gauge(
                        "etcd_server_snapshot_apply_in_progress_total",
                        "1 if the server is applying the incoming snapshot. 0 if none.");
        logBytesWritten =
                registry.gauge(
                        "etcd_disk_wal_write_bytes_total", "Total number of bytes written in WAL.");
        openViews =
                registry.gauge(
                        "etcd_mvcc_db_open_read_transactions",
                        "The number of currently open read transactions");
        lastCompaction =
                registry.gauge(
                        "etcd_debugging_mvcc_db_compaction_last",
                        "The unix time of the last db compaction. Resets to 0 on start.");
        checkpoints =
                new Checkpoints(
                        registry.histogram(
                                "etcd_debugging_snap_save_marshalling_duration_seconds",
                                "The marshalling cost distributions of save called by snapshot.",
                                DISK_BUCKETS),
                        registry.histogram(
                                "etcd_snap_fsync_duration_seconds",
                                "The latency distributions of fsync called by snap.",
                                DISK_BUCKETS),
                        registry.histogram(
                                "etcd_debugging_snap_save_total_duration_seconds",
                                "The total latency distributions of save called by snapshot.",
                                DISK_BUCKETS));
        snapshots = new SnapshotMetrics(registry);
        indexCompactionPause =
                registry.histogram(
                        "etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds",
                        "Bucketed histogram of index compaction pause duration.",
                        Histogram.exponential(0.5, 2, 14));
        IdleMetrics.register(registry);
        registry.gauge(
                "etcd_server_go_version",
                "Which Go version server is running with. 1 for 'server_go_version' label with"
                        + " current version.",
                () -> 1,
                "server_go_version",
                "java" + Runtime.version());
        registry.gauge(
                "etcd_server_version",
                "Which version is running. 1 for 'server_version' label with current version.",
                () -> 1,
                "server_version",
                Version.ETCD);
    }

    /**
     * Checkpoints of the state, in the place of etcd's snapshot files (ME-30, ME-34).
     *
     * @param handover of what was applied to the storage
     * @param force until it was durable
     * @param total both
     */
    record Checkpoints(Histogram handover, Histogram force, Histogram total) {}

    /** Publishes what a running replica knows. */
    void observe(Node node) {
        NodeStatus first = node.status();
        registry.gauge(
                "etcd_server_id",
                "Server or member ID in hexadecimal format. 1 for 'server_id' label with current"
                        + " ID.",
                () -> 1,
                "server_id",
                Long.toHexString(first.memberId()));
        registry.gauge(
                "etcd_server_proposals_committed_total",
                "The total number of consensus proposals committed.",
                () -> node.committedIndex());
        registry.gauge(
                "etcd_server_proposals_applied_total",
                "The total number of consensus proposals applied.",
                () -> node.appliedIndex());
        registry.gauge(
                "etcd_server_proposals_pending",
                "The current number of pending proposals to commit.",
                () -> node.pendingProposals());
        registry.gauge(
                "etcd_mvcc_db_total_size_in_bytes",
                "Total size of the underlying database physically allocated in bytes.",
                () -> node.status().dbSize());
        registry.gauge(
                "etcd_mvcc_db_total_size_in_use_in_bytes",
                "Total size of the underlying database logically in use in bytes.",
                () -> node.status().dbSizeInUse());
        registry.gauge(
                "etcd_debugging_mvcc_keys_total",
                "Total number of keys.",
                () -> node.state().keys());
        registry.gauge(
                "etcd_debugging_auth_revision",
                "The current revision of auth store.",
                () -> node.state().auth().revision());
        first.members().forEach(member -> knownPeer(first.memberId(), member.id()).set(1));
        node.state().alarms().forEach(alarm -> alarm(alarm).set(1));
        registry.gauge(
                "etcd_debugging_mvcc_current_revision",
                "The current revision of store.",
                () -> node.state().revision());
        registry.gauge(
                "etcd_debugging_mvcc_compact_revision",
                "The revision of the last compaction in store.",
                () -> node.state().compactRevision());
        observe(node.state().watches());
    }

    private void observe(WatchHub watches) {
        registry.gauge(
                "etcd_debugging_mvcc_watch_stream_total",
                "Total number of watch streams.",
                watches::streams);
        registry.gauge(
                "etcd_debugging_mvcc_watcher_total",
                "Total number of watchers.",
                watches::watchers);
        registry.gauge(
                "etcd_debugging_mvcc_slow_watcher_total",
                "Total number of unsynced slow watchers.",
                watches::slowWatchers);
        registry.counter(
                "etcd_debugging_mvcc_events_total",
                "Total number of events sent by this member.",
                watches::events);
        registry.gauge(
                "etcd_debugging_mvcc_pending_events_total",
                "Total number of pending events to be sent.",
                watches::pendingEvents);
    }

    /**
     * @param from the version before, empty for none
     * @param to such as {@code 3.7.0}; the label has only major and minor
     */
    void clusterVersion(String from, String to) {
        if (!from.isEmpty()) {
            clusterVersion(from).set(0);
        }
        clusterVersion(to).set(1);
    }

    private Gauge clusterVersion(String version) {
        return registry.gauge(
                "etcd_cluster_version",
                "Which version is running. 1 for 'cluster_version' label with current cluster"
                        + " version",
                "cluster_version",
                Version.majorMinor(version));
    }

    Gauge alarm(Alarm alarm) {
        return registry.gauge(
                "etcd_debugging_server_alarms",
                "Alarms for every member in cluster. 1 for 'server_id' label with current ID. 2 for"
                        + " 'alarm_type' label with type of this alarm",
                "server_id",
                Long.toHexString(alarm.memberId()),
                "alarm_type",
                alarm.typeName());
    }

    /** ME-26: 1 for a member, 0 for one that was removed. */
    Gauge knownPeer(long local, long remote) {
        return registry.gauge(
                "etcd_network_known_peers",
                "The current number of known peers.",
                "Local",
                Long.toHexString(local),
                "Remote",
                Long.toHexString(remote));
    }

    /**
     * ME-15.
     *
     * @param reason etcd's text for it
     */
    void promotionFailed(String reason) {
        registry.counter(
                        "etcd_server_learner_promote_failures",
                        "The total number of failed learner promotions (likely learner not ready)"
                                + " while this member is leader.",
                        "Reason",
                        reason)
                .increment();
    }

    /**
     * A request of this member had its outcome (ME-14).
     *
     * @param type etcd's name of the request, such as {@code Put}
     */
    void answered(String type, boolean success, long nanos) {
        String key = success ? type : type + "!";
        Histogram histogram = requestDurations.get(key);
        if (histogram == null) {
            histogram = requestDurations.computeIfAbsent(key, k -> requestDuration(type, success));
        }
        histogram.observeNanos(nanos);
    }

    private Histogram requestDuration(String type, boolean success) {
        return registry.histogram(
                "etcd_server_request_duration_seconds",
                "Response latency distribution in seconds for each type.",
                REQUEST_BUCKETS,
                "type",
                type,
                "success",
                Boolean.toString(success));
    }

    /**
     * @param op etcd's name of the request, such as {@code Put}
     */
    void applied(String op, boolean success, long nanos) {
        String key = success ? op : op + "!";
        Histogram histogram = applyDurations.get(key);
        if (histogram == null) {
            histogram = applyDurations.computeIfAbsent(key, k -> applyDuration(op, success));
        }
        histogram.observeNanos(nanos);
    }

    private Histogram applyDuration(String op, boolean success) {
        return registry.histogram(
                "etcd_server_apply_duration_seconds",
                "The latency distributions of v2 apply called by backend.",
                APPLY_BUCKETS,
                "version",
                "v3",
                "op",
                op,
                "success",
                Boolean.toString(success));
    }
}
