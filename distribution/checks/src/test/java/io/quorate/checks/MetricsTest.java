package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.StatusRequest;
import io.quorate.checks.MetricsPage.Family;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Dashboards and alerts are written for etcd's metrics: ours are the same families, and valid. */
final class MetricsTest {
    /** Of the real process and its runtime; what a JVM has instead starts with {@code jvm_}. */
    private static final Set<String> NOT_OURS =
            Set.of(
                    "etcd_grpc_proxy_cache_hits_total",
                    "etcd_grpc_proxy_cache_keys_total",
                    "etcd_grpc_proxy_cache_misses_total",
                    "etcd_grpc_proxy_events_coalescing_total",
                    "etcd_grpc_proxy_watchers_coalescing_total",
                    "promhttp_metric_handler_requests_in_flight",
                    "promhttp_metric_handler_requests_total");

    /** What the alerts and the dashboard of etcd's own monitoring mixin read of a member. */
    private static final List<String> OF_THE_MIXIN =
            List.of(
                    "etcd_server_has_leader",
                    "etcd_server_leader_changes_seen_total",
                    "etcd_server_proposals_failed_total",
                    "etcd_server_proposals_committed_total",
                    "etcd_server_proposals_applied_total",
                    "etcd_server_proposals_pending",
                    "etcd_server_quota_backend_bytes",
                    "etcd_disk_wal_fsync_duration_seconds",
                    "etcd_disk_backend_commit_duration_seconds",
                    "etcd_mvcc_db_total_size_in_bytes",
                    "etcd_mvcc_db_total_size_in_use_in_bytes",
                    "etcd_network_client_grpc_received_bytes_total",
                    "etcd_network_client_grpc_sent_bytes_total",
                    "grpc_server_started_total",
                    "grpc_server_handled_total",
                    "process_resident_memory_bytes");

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("HT-13")
    @Tag("ME-05")
    @Tag("ME-09")
    @Tag("ME-10")
    @Tag("ME-13")
    @Tag("ME-14")
    @Tag("ME-15")
    @Tag("ME-16")
    @Tag("ME-19")
    @Tag("ME-20")
    @Tag("ME-26")
    @Tag("ME-30")
    @Tag("ME-31")
    @Tag("ME-32")
    @Tag("ME-33")
    @Tag("ME-34")
    @Tag("ME-35")
    @Tag("ME-40")
    @Tag("ME-42")
    @Tag("ME-45")
    @Tag("ME-46")
    void everyFamilyOfARealEtcdIsThereAndTheSame() throws Exception {
        Map<String, Family> real =
                MetricsPage.parse(after(members.start("real", Binaries.etcd37()))).families();
        Map<String, Family> ours =
                MetricsPage.parse(after(members.start("ours", Binaries.ours()))).families();
        Set<String> wanted = new TreeSet<>(real.keySet());
        wanted.removeAll(NOT_OURS);
        wanted.removeIf(name -> name.startsWith("go_"));
        Set<String> missing = new TreeSet<>(wanted);
        missing.removeAll(ours.keySet());
        assertEquals(Set.of(), missing, "missing");
        assertAll(wanted.stream().map(name -> () -> assertEquals(real.get(name), ours.get(name))));

        Set<String> extra = new TreeSet<>(ours.keySet());
        extra.removeAll(wanted);
        assertTrue(extra.stream().allMatch(name -> name.startsWith("jvm_")), () -> "" + extra);
        OF_THE_MIXIN.forEach(name -> assertTrue(ours.containsKey(name), name));
    }

    /**
     * Prometheus' own judge finds nothing on our pages that it does not find on etcd's, whose names
     * break some of its rules.
     */
    @Test
    @Tag("HT-13")
    void promtoolComplainsOfNothingThatEtcdsPageDoesNotHave() throws Exception {
        Path promtool = Binaries.promtool();
        Map<String, String> verdicts = new HashMap<>();
        for (var server : Map.of("real", Binaries.etcd37(), "ours", Binaries.ours()).entrySet()) {
            String probes = "127.0.0.1:" + Member.freePort();
            Member member =
                    members.start(
                            server.getKey(),
                            server.getValue(),
                            "--listen-metrics-urls=http://" + probes,
                            "--metrics=extensive");
            verdicts.put(server.getKey(), verdict(promtool, after(member)));
            verdicts.put(server.getKey() + " probes", verdict(promtool, get(probes, "/metrics")));
        }
        Set<String> known = verdicts.get("real").lines().collect(Collectors.toSet());
        for (String page : List.of("ours", "ours probes")) {
            Set<String> complaints = new TreeSet<>(verdicts.get(page).lines().toList());
            complaints.removeAll(known);
            assertEquals(Set.of(), complaints, page);
        }
    }

    /** What promtool says of a page that it can read, a line for each complaint. */
    private static String verdict(Path promtool, String page) {
        Exec.Outcome check =
                Exec.run(List.of(promtool.toString(), "check", "metrics"), Map.of(), page);
        boolean silent = check.err().isEmpty();
        // 3: it was read, and there is something to complain of; 1: it could not be read.
        assertEquals(silent ? 0 : 3, check.exit(), check.err());
        assertEquals("", check.out());
        return check.err();
    }

    /** The page after all that makes rows has happened once. */
    private String after(Member member) throws IOException, InterruptedException {
        Path file = members.folder("files").resolve("snapshot.db");
        for (String line :
                List.of(
                        "put a b",
                        "put a c",
                        "get a",
                        "get a --rev=99",
                        "del a",
                        "lease grant 100",
                        "compaction 3",
                        "endpoint hashkv",
                        "defrag",
                        "snapshot save " + file,
                        "member promote 1")) {
            List<String> command =
                    new ArrayList<>(
                            List.of(
                                    Binaries.etcdctl37().toString(),
                                    "--endpoints=" + member.endpoint()));
            command.addAll(List.of(line.split(" ")));
            Exec.run(command, Map.of(), "");
        }
        get(member, "/health");
        get(member, "/readyz");
        get(member, "/livez");
        return get(member, "/metrics");
    }

    private static String get(Member member, String path) throws IOException, InterruptedException {
        return get(member.endpoint(), path);
    }

    private static String get(String endpoint, String path)
            throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create("http://" + endpoint + path)).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    /** As kubeadm sets a member up, and as the API server asks for the size of its data. */
    @Test
    @Tag("ME-47")
    @Tag("HT-22")
    void kubernetesFindsItsProbesAndTheSize() throws Exception {
        String probes = "127.0.0.1:" + Member.freePort();
        Member member =
                members.start("ours", Binaries.ours(), "--listen-metrics-urls=http://" + probes);
        assertEquals("ok\n", get(probes, "/livez"));
        assertEquals("ok\n", get(probes, "/readyz"));
        assertEquals("{\"health\":\"true\",\"reason\":\"\"}", get(probes, "/health"));
        assertEquals("404 page not found\n", get(probes, "/version"));
        try (EtcdClient client = new EtcdClient(member)) {
            // The state may grow between the two.
            Cluster.until(() -> size(client) == sizeOnPage(probes), member::report);
            assertTrue(size(client) > 0);
        }
    }

    private static long size(EtcdClient client) {
        return MaintenanceGrpc.newBlockingStub(client.channel)
                .status(StatusRequest.getDefaultInstance())
                .getDbSize();
    }

    private static long sizeOnPage(String probes) {
        String row = "\netcd_mvcc_db_total_size_in_bytes ";
        try {
            String page = get(probes, "/metrics");
            int at = page.indexOf(row) + row.length();
            return (long) Double.parseDouble(page.substring(at, page.indexOf('\n', at)));
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The reader of the page finds what is wrong with it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "# TYPE a gauge\na 1\n",
                "a 1\n",
                "# HELP a x\n# TYPE a gauge\na 1",
                "# HELP a x\n# TYPE a gauge\na 1\na 2\n",
                "# HELP a x\n# TYPE a gauge\nb 1\n",
                "# HELP a x\n# TYPE a gauge\na one\n",
                "# HELP a x\n# TYPE a gauge\na{b=\"c} 1\n",
                "# HELP a x\n# TYPE a counter\na -1\n",
                "# HELP a x\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
                "# HELP a x\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
            })
    void aPageThatBreaksTheFormatIsFoundOut(String page) {
        assertThrows(AssertionError.class, () -> MetricsPage.parse(page));
    }
}
