package io.quorate.launcher;

import java.util.Map;
import java.util.Set;

/** Flags that older releases of etcd had. */
final class RetiredFlags {
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
    static final Map<String, String> REMOVED =
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
                    Map.entry(
                            "peer-ca-file",
                            "use --peer-trusted-ca-file and --peer-client-cert-auth"),
                    Map.entry("debug", "use --log-level=debug"),
                    Map.entry("log-package-levels", "use --log-level"),
                    Map.entry("log-output", "use --log-outputs"),
                    Map.entry(
                            "experimental-initial-corrupt-check",
                            "use --feature-gates=InitialCorruptCheck=true"),
                    Map.entry(
                            "experimental-compact-hash-check-enabled",
                            "use --feature-gates=CompactHashCheck=true"),
                    Map.entry(
                            "experimental-enable-lease-checkpoint",
                            "use --feature-gates=LeaseCheckpoint=true"),
                    Map.entry(
                            "experimental-enable-lease-checkpoint-persist",
                            "use --feature-gates=LeaseCheckpointPersist=true"),
                    Map.entry(
                            "experimental-txn-mode-write-with-shared-buffer",
                            "use --feature-gates=TxnModeWriteWithSharedBuffer=true"),
                    Map.entry(
                            "experimental-stop-grpc-service-on-defrag",
                            "use --feature-gates=StopGRPCServiceOnDefrag=true"),
                    Map.entry(
                            "experimental-enable-distributed-tracing",
                            "use --enable-distributed-tracing"));

    private RetiredFlags() {}
}
