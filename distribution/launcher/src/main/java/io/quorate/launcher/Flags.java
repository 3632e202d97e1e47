package io.quorate.launcher;

import io.quorate.engine.server.Nearest;
import io.quorate.launcher.Flag.Section;
import io.quorate.launcher.Flag.Support;
import io.quorate.launcher.Flag.Type;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The table of flags: those of etcd 3.7 (FL-01 to FL-102) and ours. */
final class Flags {
    /** In the order of the help. */
    static final List<Flag> ALL =
            List.of(
                    flag("name", Section.MEMBER, Type.TEXT, "default", "", Support.WORKS, "Name of this member, shown to people and used to find it in --initial-cluster.", ""),
                    flag("data-dir", Section.MEMBER, Type.TEXT, "", "${name}.etcd", Support.WORKS, "Directory of everything this member stores.", ""),
                    flag("wal-dir", Section.MEMBER, Type.TEXT, "", "", Support.WORKS, "Directory of the Raft log, when it shall have a disk of its own.", "Empty means member/log in the data directory."),
                    flag("snapshot-count", Section.MEMBER, Type.UNSIGNED, "10000", "", Support.WORKS, "Applied entries between two checkpoints of the state.", ""),
                    flag("heartbeat-interval", Section.MEMBER, Type.UNSIGNED, "100", "", Support.WORKS, "Milliseconds between two heartbeats of the leader.", ""),
                    flag("election-timeout", Section.MEMBER, Type.UNSIGNED, "1000", "", Support.WORKS, "Milliseconds without a leader before an election.", "At least five heartbeats, at most 50000."),
                    flag("initial-election-tick-advance", Section.MEMBER, Type.BOOL, "true", "", Support.HARMLESS, "Shortens the wait before the first election.", "A member that is alone never waits."),
                    flag("listen-peer-urls", Section.MEMBER, Type.URLS, "http://localhost:2380", "", Support.WORKS, "Where to listen for other members.", "IP addresses or localhost; http."),
                    flag("listen-client-urls", Section.MEMBER, Type.URLS, "http://localhost:2379", "", Support.WORKS, "Where to listen for clients, gRPC and HTTP alike.", "IP addresses or localhost; http. Needs --advertise-client-urls."),
                    flag("listen-client-http-urls", Section.MEMBER, Type.URLS, "", "", Support.LATER, "Where to listen for HTTP alone; --listen-client-urls then has gRPC alone.", ""),
                    flag("max-snapshots", Section.MEMBER, Type.UNSIGNED, "5", "", Support.HARMLESS, "Old snapshot files to keep (0 keeps all).", "The storage plugin decides what it keeps."),
                    flag("max-wals", Section.MEMBER, Type.UNSIGNED, "5", "", Support.HARMLESS, "Old log files to keep (0 keeps all).", "The storage plugin decides what it keeps."),
                    flag("memory-mlock", Section.MEMBER, Type.BOOL, "false", "", Support.LATER, "Locks the pages of the server in memory.", ""),
                    flag("quota-backend-bytes", Section.MEMBER, Type.NUMBER, "0", "", Support.LATER, "Size of the state at which writes are refused; 0 means 2 GiB.", ""),
                    flag("backend-bbolt-freelist-type", Section.MEMBER, Type.TEXT, "map", "", Support.HARMLESS, "Free list of etcd's bbolt file.", "There is no bbolt file."),
                    flag("backend-batch-interval", Section.MEMBER, Type.DURATION, "", "", Support.HARMLESS, "How long etcd's bbolt gathers writes.", "There is no bbolt file."),
                    flag("backend-batch-limit", Section.MEMBER, Type.NUMBER, "0", "", Support.HARMLESS, "How many writes etcd's bbolt gathers.", "There is no bbolt file."),
                    flag("max-txn-ops", Section.MEMBER, Type.UNSIGNED, "128", "", Support.WORKS, "Operations that one transaction may have.", ""),
                    flag("max-request-bytes", Section.MEMBER, Type.UNSIGNED, "1572864", "", Support.WORKS, "Bytes that one request may have.", ""),
                    flag("max-concurrent-streams", Section.MEMBER, Type.UNSIGNED_32, "4294967295", "math.MaxUint32", Support.WORKS, "Calls that one connection may have open at a time.", ""),
                    flag("grpc-keepalive-min-time", Section.MEMBER, Type.DURATION, "5s", "", Support.WORKS, "What a client must leave between two pings.", ""),
                    flag("grpc-keepalive-interval", Section.MEMBER, Type.DURATION, "2h", "", Support.WORKS, "Silence of a client after which the server pings it (0 never does).", ""),
                    flag("grpc-keepalive-timeout", Section.MEMBER, Type.DURATION, "20s", "", Support.WORKS, "How long the server waits for the answer to its ping (0 does not ping).", ""),
                    flag("socket-reuse-port", Section.MEMBER, Type.BOOL, "false", "", Support.LATER, "Lets several processes listen on one port (SO_REUSEPORT).", ""),
                    flag("socket-reuse-address", Section.MEMBER, Type.BOOL, "false", "", Support.HARMLESS, "Lets a port be bound that is in TIME_WAIT (SO_REUSEADDR).", "Always on here."),
                    flag("enable-grpc-gateway", Section.MEMBER, Type.BOOL, "true", "", Support.HARMLESS, "Serves the JSON form of the API.", "The JSON form comes with a later release."),
                    flag("raft-read-timeout", Section.MEMBER, Type.DURATION, "5s", "", Support.HARMLESS, "Read timeout of connections between members.", "There are none yet."),
                    flag("raft-write-timeout", Section.MEMBER, Type.DURATION, "5s", "", Support.HARMLESS, "Write timeout of connections between members.", "There are none yet."),
                    flag("feature-gates", Section.MEMBER, Type.GATES, "", "", Support.LATER, "Switches for features in trial, A=true,B=false.", "Gates may be named at their default."),
                    flag("config-file", Section.MEMBER, Type.TEXT, "", "", Support.WORKS, "YAML file with the configuration; flags and environment are then ignored.", "Durations are whole nanoseconds in the file."),
                    flag("version", Section.MEMBER, Type.BOOL, "false", "", Support.WORKS, "Prints the version and ends.", ""),
                    flag("initial-advertise-peer-urls", Section.CLUSTERING, Type.URLS, "http://localhost:2380", "", Support.WORKS, "Where other members reach this one.", ""),
                    flag("initial-cluster", Section.CLUSTERING, Type.TEXT, "default=http://localhost:2380", "", Support.WORKS, "Members a new cluster starts with, name=url,name=url.", "One member in this release."),
                    flag("initial-cluster-state", Section.CLUSTERING, Type.CLUSTER_STATE, "new", "", Support.WORKS, "Whether the cluster is new or existing.", "A new data directory needs new in this release; it is not read later."),
                    flag("initial-cluster-token", Section.CLUSTERING, Type.TEXT, "etcd-cluster", "", Support.WORKS, "Tells clusters with the same URLs apart.", ""),
                    flag("advertise-client-urls", Section.CLUSTERING, Type.URLS, "http://localhost:2379", "", Support.WORKS, "Where clients reach this member.", ""),
                    flag("discovery-token", Section.CLUSTERING, Type.TEXT, "", "", Support.LATER, "Discovery v3: token of the cluster to be made.", ""),
                    flag("discovery-endpoints", Section.CLUSTERING, Type.TEXTS, "", "", Support.LATER, "Discovery v3: endpoints of the service.", ""),
                    flag("discovery-dial-timeout", Section.CLUSTERING, Type.DURATION, "2s", "", Support.HARMLESS, "Discovery v3: timeout of connecting.", "Used with --discovery-endpoints only."),
                    flag("discovery-request-timeout", Section.CLUSTERING, Type.DURATION, "5s", "", Support.HARMLESS, "Discovery v3: timeout of a request.", "Used with --discovery-endpoints only."),
                    flag("discovery-keepalive-time", Section.CLUSTERING, Type.DURATION, "2s", "", Support.HARMLESS, "Discovery v3: time between pings.", "Used with --discovery-endpoints only."),
                    flag("discovery-keepalive-timeout", Section.CLUSTERING, Type.DURATION, "6s", "", Support.HARMLESS, "Discovery v3: timeout of a ping.", "Used with --discovery-endpoints only."),
                    flag("discovery-insecure-transport", Section.CLUSTERING, Type.BOOL, "true", "", Support.HARMLESS, "Discovery v3: no TLS.", "Used with --discovery-endpoints only."),
                    flag("discovery-insecure-skip-tls-verify", Section.CLUSTERING, Type.BOOL, "false", "", Support.HARMLESS, "Discovery v3: does not verify certificates.", "Used with --discovery-endpoints only."),
                    flag("discovery-cert", Section.CLUSTERING, Type.TEXT, "", "", Support.LATER, "Discovery v3: client certificate.", ""),
                    flag("discovery-key", Section.CLUSTERING, Type.TEXT, "", "", Support.LATER, "Discovery v3: key of the client certificate.", ""),
                    flag("discovery-cacert", Section.CLUSTERING, Type.TEXT, "", "", Support.LATER, "Discovery v3: certificates to trust.", ""),
                    flag("discovery-user", Section.CLUSTERING, Type.TEXT, "", "", Support.LATER, "Discovery v3: user, or user:password.", ""),
                    flag("discovery-password", Section.CLUSTERING, Type.TEXT, "", "", Support.LATER, "Discovery v3: password of the user.", ""),
                    flag("discovery-fallback", Section.CLUSTERING, Type.FALLBACK, "exit", "", Support.LATER, "What to do when discovery fails.", ""),
                    flag("discovery-srv", Section.CLUSTERING, Type.TEXT, "", "", Support.LATER, "DNS domain whose SRV records name the members.", ""),
                    flag("discovery-srv-name", Section.CLUSTERING, Type.TEXT, "", "", Support.LATER, "Suffix of the SRV service name.", ""),
                    flag("strict-reconfig-check", Section.CLUSTERING, Type.BOOL, "true", "", Support.HARMLESS, "Refuses membership changes that would lose the quorum.", "There are no membership changes yet."),
                    flag("pre-vote", Section.CLUSTERING, Type.BOOL, "true", "", Support.WORKS, "Elections first ask without raising the term.", ""),
                    flag("auto-compaction-retention", Section.CLUSTERING, Type.TEXT, "0", "", Support.LATER, "How much history automatic compaction keeps; 0 is off.", ""),
                    flag("auto-compaction-mode", Section.CLUSTERING, Type.TEXT, "periodic", "", Support.HARMLESS, "Whether the retention is a time (periodic) or a number of revisions (revision).", "Used with --auto-compaction-retention only."),
                    flag("v2-deprecation", Section.CLUSTERING, Type.V2_DEPRECATION, "write-only", "", Support.HARMLESS, "Phase of the end of etcd's v2 store.", "etcd 3.7 ignores it too."),
                    flag("cert-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Certificate of the client listeners.", ""),
                    flag("key-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Key of the client listeners.", ""),
                    flag("client-cert-auth", Section.SECURITY, Type.BOOL, "false", "", Support.LATER, "Asks clients for certificates.", ""),
                    flag("client-cert-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Certificate with which the server calls itself.", ""),
                    flag("client-key-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Key with which the server calls itself.", ""),
                    flag("client-crl-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Revocation list for client certificates.", ""),
                    flag("client-cert-allowed-hostname", Section.SECURITY, Type.TEXTS, "", "", Support.LATER, "Host names that client certificates may have.", ""),
                    flag("trusted-ca-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Certificates that vouch for clients.", ""),
                    flag("auto-tls", Section.SECURITY, Type.BOOL, "false", "", Support.LATER, "Client listeners with a certificate made at the start.", ""),
                    flag("peer-cert-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Certificate of the peer listeners.", ""),
                    flag("peer-key-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Key of the peer listeners.", ""),
                    flag("peer-client-cert-auth", Section.SECURITY, Type.BOOL, "false", "", Support.LATER, "Asks members for certificates.", ""),
                    flag("peer-client-cert-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Certificate with which this member calls others.", ""),
                    flag("peer-client-key-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Key with which this member calls others.", ""),
                    flag("peer-trusted-ca-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Certificates that vouch for members.", ""),
                    flag("peer-cert-allowed-cn", Section.SECURITY, Type.TEXTS, "", "", Support.LATER, "Common names that members' certificates may have.", ""),
                    flag("peer-cert-allowed-hostname", Section.SECURITY, Type.TEXTS, "", "", Support.LATER, "Host names that members' certificates may have.", ""),
                    flag("peer-auto-tls", Section.SECURITY, Type.BOOL, "false", "", Support.LATER, "Peer listeners with a certificate made at the start.", ""),
                    flag("self-signed-cert-validity", Section.SECURITY, Type.UNSIGNED, "1", "", Support.HARMLESS, "Years that certificates made at the start are valid.", "Used with --auto-tls only."),
                    flag("peer-crl-file", Section.SECURITY, Type.TEXT, "", "", Support.LATER, "Revocation list for members' certificates.", ""),
                    flag("cipher-suites", Section.SECURITY, Type.LIST, "", "", Support.LATER, "TLS cipher suites, in Go's names.", ""),
                    flag("cors", Section.SECURITY, Type.ORIGINS, "*", "", Support.LATER, "Origins that browsers may call from; * allows all.", ""),
                    flag("host-whitelist", Section.SECURITY, Type.TEXTS, "*", "", Support.LATER, "Host names that HTTP requests without TLS may carry; * allows all.", ""),
                    flag("tls-min-version", Section.SECURITY, Type.TEXT, "TLS1.2", "", Support.HARMLESS, "Oldest TLS version to speak, TLS1.2 or TLS1.3.", "There is no TLS yet."),
                    flag("tls-max-version", Section.SECURITY, Type.TEXT, "", "", Support.HARMLESS, "Newest TLS version to speak; empty is the newest there is.", "There is no TLS yet."),
                    flag("auth-token", Section.AUTH, Type.TEXT, "simple", "", Support.LATER, "Kind of authentication token, simple or jwt with its options.", ""),
                    flag("bcrypt-cost", Section.AUTH, Type.UNSIGNED, "10", "", Support.HARMLESS, "Strength of the hash of passwords, 4 to 31.", "There are no passwords yet."),
                    flag("auth-token-ttl", Section.AUTH, Type.UNSIGNED, "300", "", Support.HARMLESS, "Seconds that a simple token lives.", "There are no tokens yet."),
                    flag("enable-pprof", Section.MONITORING, Type.BOOL, "false", "", Support.LATER, "Serves profiles of the process to clients.", ""),
                    flag("metrics", Section.MONITORING, Type.TEXT, "basic", "", Support.LATER, "Detail of the metrics, basic or extensive.", ""),
                    flag("listen-metrics-urls", Section.MONITORING, Type.URLS, "", "", Support.WORKS, "Where else to serve /metrics and /health.", "IP addresses or localhost; http."),
                    flag("logger", Section.LOGGING, Type.TEXT, "zap", "", Support.WORKS, "Form of the log; zap is the only one.", ""),
                    flag("log-outputs", Section.LOGGING, Type.LIST, "default", "", Support.WORKS, "Where log lines go: default, stderr, stdout, files.", "systemd/journal comes with a later release; under systemd stderr ends in the journal."),
                    flag("log-level", Section.LOGGING, Type.LEVEL, "info", "", Support.WORKS, "Least level that is logged: debug, info, warn, error, panic or fatal.", ""),
                    flag("log-format", Section.LOGGING, Type.TEXT, "json", "", Support.WORKS, "How log lines look, json or console.", ""),
                    flag("enable-log-rotation", Section.LOGGING, Type.BOOL, "false", "", Support.LATER, "Starts new log files by size or age.", ""),
                    flag("log-rotation-config-json", Section.LOGGING, Type.TEXT, "{\"maxsize\": 100, \"maxage\": 0, \"maxbackups\": 0, \"localtime\": false, \"compress\": false}", "", Support.HARMLESS, "Size, age and number of the log files of the rotation.", "Used with --enable-log-rotation only."),
                    flag("warning-unary-request-duration", Section.LOGGING, Type.DURATION, "300ms", "", Support.HARMLESS, "A call that takes longer is logged.", "Slow calls are not logged yet."),
                    flag("enable-distributed-tracing", Section.TRACING, Type.BOOL, "false", "", Support.LATER, "Sends traces to a collector.", ""),
                    flag("distributed-tracing-address", Section.TRACING, Type.TEXT, "localhost:4317", "", Support.HARMLESS, "Address of the collector.", "Used with --enable-distributed-tracing only."),
                    flag("distributed-tracing-service-name", Section.TRACING, Type.TEXT, "etcd", "", Support.HARMLESS, "Service name in the traces.", "Used with --enable-distributed-tracing only."),
                    flag("distributed-tracing-instance-id", Section.TRACING, Type.TEXT, "", "", Support.HARMLESS, "Instance name in the traces.", "Used with --enable-distributed-tracing only."),
                    flag("distributed-tracing-sampling-rate", Section.TRACING, Type.NUMBER, "0", "", Support.HARMLESS, "Traces sent out of a million.", "Used with --enable-distributed-tracing only."),
                    flag("corrupt-check-time", Section.FEATURES, Type.DURATION, "0s", "", Support.LATER, "Time between two comparisons of the members' states; 0 is off.", ""),
                    flag("compact-hash-check-time", Section.FEATURES, Type.DURATION, "1m", "", Support.HARMLESS, "Time between two comparisons of compaction hashes.", "Used with the gate CompactHashCheck only."),
                    flag("compaction-batch-limit", Section.FEATURES, Type.NUMBER, "1000", "", Support.HARMLESS, "Revisions that one step of a compaction deletes.", "Changes the pace only."),
                    flag("compaction-sleep-interval", Section.FEATURES, Type.DURATION, "10ms", "", Support.HARMLESS, "Pause between two steps of a compaction.", "Changes the pace only."),
                    flag("peer-skip-client-san-verification", Section.FEATURES, Type.BOOL, "false", "", Support.LATER, "Does not verify the names in members' certificates.", ""),
                    flag("watch-progress-notify-interval", Section.FEATURES, Type.DURATION, "10m", "", Support.LATER, "Time between two progress notifications of a watch.", ""),
                    flag("warning-apply-duration", Section.FEATURES, Type.DURATION, "100ms", "", Support.HARMLESS, "A request whose apply takes longer is logged.", "Slow applies are not logged yet."),
                    flag("bootstrap-defrag-threshold-megabytes", Section.FEATURES, Type.UNSIGNED, "0", "", Support.LATER, "Defragments at the start when that frees this much; 0 is off.", ""),
                    flag("max-learners", Section.FEATURES, Type.NUMBER, "1", "", Support.HARMLESS, "Learners that the cluster may have.", "There are no membership changes yet."),
                    flag("downgrade-check-time", Section.FEATURES, Type.DURATION, "5s", "", Support.HARMLESS, "Time between two looks at a downgrade.", "There are no downgrades yet."),
                    flag("snapshot-catchup-entries", Section.FEATURES, Type.UNSIGNED, "5000", "", Support.WORKS, "Log entries kept behind a checkpoint for slow members.", ""),
                    flag("force-new-cluster", Section.UNSAFE, Type.BOOL, "false", "", Support.LATER, "Makes a cluster of one from the data of a member.", ""),
                    flag("unsafe-no-fsync", Section.UNSAFE, Type.BOOL, "false", "", Support.HARMLESS, "Lets acknowledged writes be lost for speed.", "Nothing is made unsafe: this server forces all the same."),
                    flag("storage-log", Section.STORAGE, Type.TEXT, "file", "", Support.WORKS, "Plugin that holds the Raft log.", ""),
                    flag("storage-state", Section.STORAGE, Type.TEXT, "file", "", Support.WORKS, "Plugin that holds the state.", ""),
                    flag("storage-setting", Section.STORAGE, Type.SETTINGS, "", "", Support.WORKS, "A setting of a storage plugin, such as file.segment-bytes=1048576; may be repeated.", "In the file: a map from plugin to a map of settings."),
                    flag("plugins-dir", Section.STORAGE, Type.TEXT, "", "plugins beside lib", Support.WORKS, "Directory with one directory of jars for each further plugin.", ""),
                    flag("grpc-mount", Section.STORAGE, Type.MOUNT, "core", "", Support.WORKS, "Which code serves gRPC: ours (core) or Helidon's own (helidon).", ""));

    /** Flags of etcd 0.x and 2.0 that etcd still takes and drops (FX-07). */
    static final Set<String> IGNORED =
            Set.of(
                    "cluster-active-size",
                    "cluster-remove-delay",
                    "cluster-sync-interval",
                    "config",
                    "force",
                    "max-result-buffer",
                    "max-retry-attempts",
                    "peer-heartbeat-interval",
                    "peer-election-timeout",
                    "retry-interval",
                    "snapshot",
                    "v",
                    "vv",
                    "test.coverprofile",
                    "test.outputdir");

    /** What to tell users of flags that etcd 3.7 no longer has (FX-01 to FX-10). */
    private static final Map<String, String> REMOVED =
            Map.ofEntries(
                    Map.entry("discovery", "etcd 3.7 has discovery v3 alone"),
                    Map.entry("discovery-proxy", "etcd 3.7 has discovery v3 alone"),
                    Map.entry("enable-v2", "the v2 API ended with etcd 3.5"),
                    Map.entry("proxy", "the v2 proxy ended with etcd 3.5"),
                    Map.entry("proxy-failure-wait", "the v2 proxy ended with etcd 3.5"),
                    Map.entry("proxy-refresh-interval", "the v2 proxy ended with etcd 3.5"),
                    Map.entry("proxy-dial-timeout", "the v2 proxy ended with etcd 3.5"),
                    Map.entry("proxy-write-timeout", "the v2 proxy ended with etcd 3.5"),
                    Map.entry("proxy-read-timeout", "the v2 proxy ended with etcd 3.5"),
                    Map.entry("ca-file", "use --trusted-ca-file and --client-cert-auth"),
                    Map.entry("peer-ca-file", "use --peer-trusted-ca-file and --peer-client-cert-auth"),
                    Map.entry("debug", "use --log-level=debug"),
                    Map.entry("log-package-levels", "use --log-level"),
                    Map.entry("log-output", "use --log-outputs"),
                    Map.entry("experimental-initial-corrupt-check", "use --feature-gates=InitialCorruptCheck=true"),
                    Map.entry("experimental-compact-hash-check-enabled", "use --feature-gates=CompactHashCheck=true"),
                    Map.entry("experimental-enable-lease-checkpoint", "use --feature-gates=LeaseCheckpoint=true"),
                    Map.entry("experimental-enable-lease-checkpoint-persist", "use --feature-gates=LeaseCheckpointPersist=true"),
                    Map.entry("experimental-txn-mode-write-with-shared-buffer", "use --feature-gates=TxnModeWriteWithSharedBuffer=true"),
                    Map.entry("experimental-stop-grpc-service-on-defrag", "use --feature-gates=StopGRPCServiceOnDefrag=true"),
                    Map.entry("experimental-enable-distributed-tracing", "use --enable-distributed-tracing"));

    private static final Map<String, Flag> BY_NAME = byName();

    private Flags() {}

    /** The flag of this name, among them those that are ignored. */
    static Optional<Flag> find(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    /** The flag of this name, which is one of the table. */
    static Flag get(String name) {
        return find(name).orElseThrow(() -> new IllegalArgumentException("no flag " + name));
    }

    private static Map<String, Flag> byName() {
        Map<String, Flag> flags = new LinkedHashMap<>();
        for (Flag flag : ALL) flags.put(flag.name(), flag);
        for (String name : IGNORED) {
            flags.put(
                    name,
                    flag(name, Section.MEMBER, Type.IGNORED, "", "", Support.HARMLESS, "", ""));
        }
        return flags;
    }

    /** Every flag that can be set, the ignored ones too. */
    static Collection<Flag> known() {
        return BY_NAME.values();
    }

    /** What to do instead of a flag that does not exist, or empty when nothing comes to mind. */
    static String hint(String name) {
        String removed = REMOVED.get(name);
        if (removed != null) return removed;
        if (name.startsWith("experimental-") && BY_NAME.containsKey(name.substring(13))) {
            return "use --" + name.substring(13);
        }
        return Nearest.find(name, BY_NAME.keySet())
                .map(near -> "did you mean --" + near + "?")
                .orElse("");
    }

    private static Flag flag(
            String name,
            Section section,
            Type type,
            String fallback,
            String shown,
            Support support,
            String help,
            String note) {
        return new Flag(
                name,
                section,
                type,
                fallback,
                shown.isEmpty() ? fallback : shown,
                support,
                help,
                note);
    }
}
