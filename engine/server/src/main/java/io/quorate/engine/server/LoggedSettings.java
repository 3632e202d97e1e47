package io.quorate.engine.server;

import static java.lang.System.Logger.Level.INFO;

import io.quorate.engine.node.Version;

import java.util.Locale;
import java.util.Map;

/** The settings of a member as its log tells them. */
final class LoggedSettings {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");

    private LoggedSettings() {}

    /**
     * PK-20: what support asks for first.
     *
     * @param fresh whether the data directory is new
     * @param cluster that a new data directory begins with
     */
    static void log(ServerConfig config, boolean fresh, InitialCluster cluster) {
        ServerConfig.Raft raft = config.raft();
        ServerConfig.Limits limits = config.limits();
        Map<String, Object> fields =
                Fields.of(
                        "etcd-version",
                        Version.ETCD,
                        "java-version",
                        System.getProperty("java.version"),
                        "java-vm",
                        System.getProperty("java.vm.name"),
                        "os",
                        System.getProperty("os.name"),
                        "arch",
                        System.getProperty("os.arch"),
                        "max-cpu-available",
                        Runtime.getRuntime().availableProcessors(),
                        "max-heap-bytes",
                        Runtime.getRuntime().maxMemory(),
                        "member-initialized",
                        !fresh,
                        "name",
                        config.name(),
                        "data-dir",
                        config.dataDir(),
                        "wal-dir",
                        config.walDir().map(Object::toString).orElse(""),
                        "member-dir",
                        config.memberDir(),
                        "storage-log",
                        config.storage().log(),
                        "storage-state",
                        config.storage().state(),
                        "heartbeat-interval",
                        raft.heartbeat(),
                        "election-timeout",
                        raft.heartbeat().multipliedBy(raft.electionTicks()),
                        "snapshot-count",
                        raft.snapshotCount(),
                        "snapshot-catchup-entries",
                        raft.catchUpEntries());
        fields.putAll(addresses(config));
        fields.putAll(
                Fields.of(
                        "initial-cluster",
                        fresh ? cluster.toString() : "",
                        "initial-cluster-state",
                        config.bootstrap().existing() ? "existing" : "new",
                        "initial-cluster-token",
                        config.bootstrap().token(),
                        "max-request-bytes",
                        limits.requestBytesMax(),
                        "max-txn-ops",
                        limits.txnOpsMax(),
                        "max-concurrent-streams",
                        limits.concurrentStreamsMax(),
                        "quota-backend-bytes",
                        config.upkeep().quotaBytes(),
                        "auto-compaction",
                        config.upkeep().autoCompaction().toString(),
                        "corrupt-check",
                        config.upkeep().corruptCheck().toString(),
                        "pre-vote",
                        raft.preVote(),
                        "grpc-mount",
                        config.mount().name().toLowerCase(Locale.ROOT)));
        LOG.log(INFO, "starting an etcd server", fields);
    }

    /** Where the member listens, and what it tells others about that. */
    static Map<String, Object> addresses(ServerConfig config) {
        ServerConfig.Addresses addresses = config.addresses();
        return Fields.of(
                "initial-advertise-peer-urls",
                MemberUrl.texts(addresses.advertisePeer()),
                "listen-peer-urls",
                MemberUrl.texts(addresses.listenPeer()),
                "advertise-client-urls",
                MemberUrl.texts(addresses.advertiseClient()),
                "listen-client-urls",
                MemberUrl.texts(addresses.listenClient()),
                "listen-client-http-urls",
                MemberUrl.texts(addresses.listenClientHttp()),
                "listen-metrics-urls",
                MemberUrl.texts(addresses.listenMetrics()));
    }

    /** What tells this member from others of the same host. */
    static Map<String, Object> names(ServerConfig config) {
        return Fields.of(
                "name",
                config.name(),
                "data-dir",
                config.dataDir(),
                "advertise-peer-urls",
                MemberUrl.texts(config.addresses().advertisePeer()),
                "advertise-client-urls",
                MemberUrl.texts(config.addresses().advertiseClient()));
    }
}
