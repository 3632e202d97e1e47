package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.raft.ConfChange;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.CompactionReport;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.Result;
import io.quorate.spi.storage.Identity;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Counts and logs what is applied. Apply thread only. */
final class ApplyObserver {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final NodeMetrics metrics;
    private final Identity identity;
    private final CompletableFuture<Void> versionKnown;
    private final Runnable versionWish;
    private final long slowNanos;
    private final InstantSource wallClock;
    private String clusterVersion;

    /**
     * @param clusterVersion as the state has it, empty for none
     * @param versionKnown completed when there is one
     * @param versionWish hears when the cluster may want another one
     * @param slow an apply that takes longer is logged
     */
    ApplyObserver(
            NodeMetrics metrics,
            Identity identity,
            String clusterVersion,
            CompletableFuture<Void> versionKnown,
            Runnable versionWish,
            Duration slow,
            InstantSource wallClock) {
        this.metrics = metrics;
        this.identity = identity;
        this.clusterVersion = clusterVersion;
        this.versionKnown = versionKnown;
        this.versionWish = versionWish;
        this.slowNanos = slow.toNanos();
        this.wallClock = wallClock;
        if (!clusterVersion.isEmpty()) {
            metrics.clusterVersion("", clusterVersion);
            versionKnown.complete(null);
        }
    }

    void applied(Command command, Result result, long nanos) {
        observe(command, true, nanos);
        switch (command) {
            case Command.Put put -> {
                metrics.puts.increment();
                countBytes(put);
            }
            case Command.DeleteRange delete -> metrics.deletes.increment();
            case Command.Txn txn -> count(txn, (Result.Txn) result);
            case Command.Compact compact -> {}
            case Command.LeaseGrant grant -> {
                metrics.leasesGranted.increment();
                metrics.leaseTtls.observe(grant.ttl());
            }
            case Command.LeaseRevoke revoke -> metrics.leasesRevoked.increment();
            case Command.LeaseCheckpoint checkpoint -> {}
            case Command.MemberAdd add -> {}
            case Command.MemberRemove remove -> {}
            case Command.MemberUpdate update -> {}
            case Command.MemberPromote promote -> {}
            case Command.MemberAttributes attributes -> {}
            case Command.ClusterVersion(String version) -> changed(version);
            case Command.RaiseAlarm raise -> count((Result.Alarms) result, 1);
            case Command.ClearAlarm clear -> count((Result.Alarms) result, 0);
            case Command.Downgrade downgrade -> versionWish.run();
            case AuthCommand users -> AuthLog.applied(users);
        }
    }

    /** Whether a snapshot of another member is put in the place of the state now (ME-16). */
    void replacing(boolean now) {
        metrics.snapshotsApplied.set(now ? 1 : 0);
    }

    /** It took so long until the state was in place, durably. */
    void replaced(long nanos) {
        metrics.snapshots.forced(nanos);
    }

    /** The whole state was replaced by that of another member. */
    void replaced(Optional<String> version) {
        version.filter(now -> !now.equals(clusterVersion)).ifPresent(this::changed);
    }

    void refused(Command command, long nanos) {
        observe(command, false, nanos);
    }

    void membershipChanged(Command change) {
        switch (change) {
            case Command.MemberAdd(Member member) -> added(member);
            case Command.MemberRemove(long id) -> {
                metrics.knownPeer(identity.memberId(), id).set(0);
                LOGGER.log(INFO, "removed member", about("removed-remote-peer-id", id));
            }
            case Command.MemberUpdate(long id, var urls) -> {
                var fields = about("updated-remote-peer-id", id);
                fields.put("updated-remote-peer-urls", urls);
                LOGGER.log(INFO, "updated member", fields);
            }
            case Command.MemberPromote(long id) -> {
                metrics.learnersPromoted.increment();
                LOGGER.log(INFO, "promote member", about("promoted-member-id", id));
            }
            default -> throw new IllegalArgumentException("no membership change: " + change);
        }
    }

    private Map<String, Object> about(String name, long id) {
        return Fields.of(
                "cluster-id",
                Long.toHexString(identity.clusterId()),
                "local-member-id",
                Long.toHexString(identity.memberId()),
                name,
                Long.toHexString(id));
    }

    private void added(Member added) {
        metrics.knownPeer(identity.memberId(), added.id()).set(1);
        var fields = about("added-peer-id", added.id());
        fields.put("added-peer-peer-urls", added.peerUrls());
        fields.put("added-peer-is-learner", added.learner());
        LOGGER.log(INFO, "added member", fields);
    }

    void refused(ConfChange change, EtcdException refusal) {
        LOGGER.log(
                WARNING,
                "rejected a membership change",
                Fields.of(
                        "local-member-id",
                        Long.toHexString(identity.memberId()),
                        "change",
                        change.steps().toString(),
                        "error",
                        refusal.getMessage()));
    }

    private void observe(Command command, boolean success, long nanos) {
        String op = op(command);
        metrics.applied(op, success, nanos);
        if (nanos > slowNanos) {
            metrics.slowApplies.increment();
            LOGGER.log(
                    WARNING,
                    "apply request took too long",
                    Fields.of(
                            "took",
                            nanos / 1_000_000 + "ms",
                            "expected-duration",
                            slowNanos / 1_000_000 + "ms",
                            "request",
                            op));
        }
    }

    private void count(Result.Alarms changed, int raised) {
        for (Alarm alarm : changed.alarms()) {
            metrics.alarm(alarm).set(raised);
            LOGGER.log(
                    WARNING,
                    raised == 1 ? "alarm raised" : "alarm disarmed",
                    Fields.of(
                            "alarm", alarm.typeName(), "from", Long.toHexString(alarm.memberId())));
        }
    }

    /** A compaction held the apply thread for so long. */
    void compactionStep(long nanos) {
        metrics.compactionPause.observe(nanos / 1_000_000);
    }

    /** A command was applied though the state has outgrown its quota. */
    void outgrown(long quotaBytes) {
        LOGGER.log(
                WARNING,
                "message exceeded backend quota; raising alarm",
                Fields.of(
                        "quota-size-bytes",
                        quotaBytes,
                        "quota-size",
                        ByteSizes.text(quotaBytes),
                        "error",
                        EtcdError.NO_SPACE.text()));
    }

    /** A compaction has removed its rows. */
    void compacted(CompactionReport report, long nanos, long dbSize, long dbSizeInUse) {
        metrics.compactedKeys.add(report.rows());
        // The index is compacted with its rows, without a pause of its own.
        metrics.indexCompactionPause.observe(0);
        metrics.compactionTotal.observe(nanos / 1_000_000);
        metrics.lastCompaction.set(wallClock.millis() / 1000);
        var fields =
                Fields.of(
                        "compact-revision",
                        report.revision(),
                        "took",
                        Duration.ofNanos(nanos).toString(),
                        "number-of-keys-compacted",
                        report.rows());
        report.hash().ifPresent(hash -> fields.put("hash", Integer.toUnsignedLong(hash.hash())));
        fields.putAll(
                Fields.of(
                        "current-db-size-bytes",
                        dbSize,
                        "current-db-size",
                        ByteSizes.text(dbSize),
                        "current-db-size-in-use-bytes",
                        dbSizeInUse,
                        "current-db-size-in-use",
                        ByteSizes.text(dbSizeInUse)));
        LOGGER.log(INFO, "finished scheduled compaction", fields);
        if (report.hash().isEmpty()) {
            LOGGER.log(
                    INFO,
                    "previous compaction was interrupted, skip storing compaction hash value");
            return;
        }
        KvHash hash = report.hash().get();
        LOGGER.log(
                INFO,
                "storing new hash",
                Fields.of(
                        "hash",
                        Integer.toUnsignedLong(hash.hash()),
                        "revision",
                        hash.hashRevision(),
                        "compact-revision",
                        hash.compactRevision()));
    }

    // A transaction counts as one if it is more than a single operation in disguise.
    private void count(Command.Txn txn, Result.Txn result) {
        List<Command.Op> taken = result.succeeded() ? txn.success() : txn.failure();
        if (taken.size() != 1) {
            metrics.txns.increment();
        }
        for (int i = 0; i < taken.size(); i++) {
            switch (taken.get(i)) {
                case Command.RangeOp range -> metrics.ranges.increment();
                case Command.PutOp(Command.Put put) -> {
                    metrics.puts.increment();
                    countBytes(put);
                }
                case Command.DeleteRangeOp delete -> metrics.deletes.increment();
                case Command.TxnOp(Command.Txn inner) ->
                        count(inner, ((Result.TxnOpResult) result.results().get(i)).txn());
                case Command.EmptyOp empty -> {}
            }
        }
    }

    private void countBytes(Command.Put put) {
        metrics.putBytes.add(put.key().length + put.value().length);
    }

    private void changed(String version) {
        String from = Version.majorMinor(clusterVersion);
        String to = Version.majorMinor(version);
        String cluster = Long.toHexString(identity.clusterId());
        String member = Long.toHexString(identity.memberId());
        if (from.isEmpty()) {
            LOGGER.log(
                    INFO,
                    "set initial cluster version",
                    Fields.of(
                            "cluster-id",
                            cluster,
                            "local-member-id",
                            member,
                            "cluster-version",
                            to));
        } else {
            LOGGER.log(
                    INFO,
                    "updated cluster version",
                    Fields.of(
                            "cluster-id",
                            cluster,
                            "local-member-id",
                            member,
                            "from",
                            from,
                            "to",
                            to));
        }
        LOGGER.log(INFO, "enabled capabilities for version", Fields.of("cluster-version", to));
        metrics.clusterVersion(clusterVersion, version);
        clusterVersion = version;
        versionKnown.complete(null);
    }

    /** etcd's name of a request, as its metrics have it. */
    static String op(Command command) {
        return switch (command) {
            case Command.Put put -> "Put";
            case Command.DeleteRange delete -> "DeleteRange";
            case Command.Txn txn -> "Txn";
            case Command.Compact compact -> "Compaction";
            case Command.LeaseGrant grant -> "LeaseGrant";
            case Command.LeaseRevoke revoke -> "LeaseRevoke";
            case Command.LeaseCheckpoint checkpoint -> "LeaseCheckpoint";
            case Command.MemberAdd add -> "MemberAdd";
            case Command.MemberRemove remove -> "MemberRemove";
            case Command.MemberUpdate update -> "MemberUpdate";
            case Command.MemberPromote promote -> "MemberPromote";
            case Command.MemberAttributes attributes -> "ClusterMemberAttrSet";
            case Command.ClusterVersion version -> "ClusterVersionSet";
            case Command.RaiseAlarm raise -> "Alarm";
            case Command.ClearAlarm clear -> "Alarm";
            case Command.Downgrade downgrade -> "DowngradeInfoSet";
            case AuthCommand users -> AuthLog.op(users);
        };
    }
}
