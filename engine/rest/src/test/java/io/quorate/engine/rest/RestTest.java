package io.quorate.engine.rest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.engine.metrics.Counter;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.NodeConfig;
import io.quorate.engine.node.Version;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.DowngradeInfo;
import io.quorate.engine.state.Result;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The pages as probes and dashboards meet them: whole answers, as etcd 3.7.3 gives them. */
class RestTest {
    private static final Map<String, String> CORS =
            Map.of(
                    "access-control-allow-headers", "accept, content-type, authorization",
                    "access-control-allow-methods", "POST, GET, OPTIONS, PUT, DELETE",
                    "access-control-allow-origin", "*");
    private static final Map<String, String> PLAIN =
            Map.of("content-type", "text/plain; charset=utf-8");
    private static final Map<String, String> NO_SNIFF =
            Map.of(
                    "content-type", "text/plain; charset=utf-8",
                    "x-content-type-options", "nosniff");
    private static final String HEALTHY = "{\"health\":\"true\",\"reason\":\"\"}";

    private final MetricRegistry metrics = new MetricRegistry();
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    private final HttpClient client = HttpClient.newHttpClient();
    private Node node;
    private WebServer web;

    @AfterEach
    void stop() {
        client.close();
        web.stop();
        node.close();
        assertFalse(failure.isDone(), "the member failed");
    }

    @Test
    @Tag("HT-01")
    @Tag("HT-19")
    @Tag("SD-77")
    void versionTellsServerClusterAndStorage() throws Exception {
        serve(single());
        assertAnswer(
                get("/version"),
                200,
                Map.of("content-type", "application/json"),
                "{\"etcdserver\":\"%s\",\"etcdcluster\":\"%s\",\"storage\":\"%s\"}"
                        .formatted(Version.ETCD, Version.CLUSTER, Version.CLUSTER));
    }

    @Test
    @Tag("HT-04")
    @Tag("HT-05")
    @Tag("HT-09")
    void alarmsAreUnhealthyUnlessTheProbeExcludesThem() throws Exception {
        serve(single());
        raise(6, Alarm.NOSPACE);
        assertUnhealthy("/health", "ALARM NOSPACE");
        assertUnhealthy("/health?serializable=true", "ALARM NOSPACE");
        assertAnswer(get("/health?exclude=NOSPACE"), 200, PLAIN, HEALTHY);
        assertAnswer(get("/readyz"), 200, NO_SNIFF, "ok\n");

        raise(5, Alarm.CORRUPT);
        raise(7, 7);
        assertUnhealthy("/health", "ALARM NOSPACE");
        assertUnhealthy("/health?exclude=NOSPACE&exclude=", "ALARM CORRUPT");
        assertUnhealthy("/health?exclude=NOSPACE&exclude=CORRUPT", "ALARM UNKNOWN");
        assertAnswer(get("/health?exclude=NOSPACE&exclude=CORRUPT&exclude=7"), 200, PLAIN, HEALTHY);
        assertAnswer(
                get("/readyz"),
                503,
                NO_SNIFF,
                "[-]data_corruption failed: alarm activated: CORRUPT\n"
                        + "[+]serializable_read ok\n"
                        + "[+]linearizable_read ok\n"
                        + "[+]non_learner ok\n\n");
        assertAnswer(get("/readyz?exclude=data_corruption"), 200, NO_SNIFF, "ok\n");
        assertAnswer(get("/livez"), 200, NO_SNIFF, "ok\n");
    }

    private void raise(long member, int type) {
        node.propose(new Command.RaiseAlarm(new Alarm(member, type)))
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    private void assertUnhealthy(String path, String reason) throws Exception {
        assertAnswer(
                get(path), 503, NO_SNIFF, "{\"health\":\"false\",\"reason\":\"" + reason + "\"}\n");
    }

    @Test
    @Tag("HT-09")
    @Tag("HT-10")
    @Tag("HT-11")
    @Tag("ME-07")
    void aStoppedMemberIsNotReady() throws Exception {
        serve(single());
        node.close();
        assertAnswer(
                get("/readyz?exclude=serializable_read"),
                503,
                NO_SNIFF,
                "[+]data_corruption ok\n"
                        + "[-]linearizable_read failed: etcdserver: server stopped\n"
                        + "[+]non_learner ok\n\n");
        assertEquals(503, get("/readyz/linearizable_read").statusCode());
        assertEquals(200, get("/readyz/non_learner").statusCode());
        assertAnswer(
                get("/readyz?exclude=linearizable_read&exclude=serializable_read"),
                200,
                NO_SNIFF,
                "ok\n");
        assertAnswer(
                get("/health"),
                503,
                NO_SNIFF,
                "{\"health\":\"false\",\"reason\":\"RANGE ERROR:etcdserver: server stopped\"}\n");
        assertEquals(0, lastResult("linearizable_read"));
        assertEquals(1, lastResult("non_learner"));
        Counter errors =
                metrics.counter(
                        "etcd_server_healthchecks_total",
                        "",
                        "name",
                        "linearizable_read",
                        "status",
                        "error",
                        "type",
                        "readyz");
        assertEquals(2, errors.value());
    }

    private double lastResult(String check) {
        return metrics.gauge("etcd_server_healthcheck", "", "name", check, "type", "readyz")
                .value();
    }

    @Test
    @Tag("HT-03")
    @Tag("HT-05")
    @Tag("ME-06")
    void aWorkingMemberIsHealthy() throws Exception {
        serve(single());
        assertAnswer(get("/health"), 200, PLAIN, HEALTHY);
        assertAnswer(get("/health?exclude=NOSPACE&exclude="), 200, PLAIN, HEALTHY);
        assertAnswer(get("/health?serializable=false"), 200, PLAIN, HEALTHY);
        assertRow("etcd_server_health_success 3\n");
        assertRow("etcd_server_health_failures 0\n");
    }

    @Test
    @Tag("HT-08")
    @Tag("HT-09")
    @Tag("HT-10")
    @Tag("HT-11")
    @Tag("HT-12")
    void checksAreToldWhenAsked() throws Exception {
        serve(single());
        assertAnswer(get("/livez"), 200, NO_SNIFF, "ok\n");
        assertAnswer(get("/livez?verbose"), 200, NO_SNIFF, "[+]serializable_read ok\nok\n");
        assertAnswer(get("/livez/serializable_read"), 200, NO_SNIFF, "ok\n");
        assertAnswer(get("/livez?exclude=serializable_read&verbose"), 200, NO_SNIFF, "ok\n");
        assertAnswer(
                get("/readyz?verbose&exclude=data_corruption&exclude=nonsense"),
                200,
                NO_SNIFF,
                "[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n");
        assertAnswer(
                get("/readyz/linearizable_read?verbose"),
                200,
                NO_SNIFF,
                "[+]linearizable_read ok\nok\n");
    }

    @Test
    @Tag("HT-01")
    @Tag("HT-07")
    void pagesCanBeGotAndNothingElse() throws Exception {
        serve(single());
        Map<String, String> headers = new TreeMap<>(NO_SNIFF);
        headers.put("allow", "GET");
        for (String page : List.of("/version", "/health", "/livez", "/readyz/non_learner")) {
            for (String method : List.of("POST", "PUT", "DELETE")) {
                assertAnswer(send(method, page), 405, headers, "Method Not Allowed\n");
            }
            HttpResponse<String> head = send("HEAD", page);
            assertEquals(405, head.statusCode());
            assertEquals("19", head.headers().firstValue("content-length").orElse(""));
        }
    }

    @Test
    @Tag("HT-17")
    void whatIsNotThereIsNotFound() throws Exception {
        serve(single());
        for (String page :
                List.of("/", "/nope", "/version/", "/health/", "/livez/nope", "/metrics/x")) {
            assertAnswer(get(page), 404, NO_SNIFF, "404 page not found\n");
        }
        assertAnswer(send("POST", "/nope"), 404, NO_SNIFF, "404 page not found\n");
    }

    @Test
    @Tag("HT-19")
    void browsersAreToldWhoMayCall() throws Exception {
        serve(single());
        assertAnswer(send("OPTIONS", "/version"), 200, Map.of(), "");
        assertAnswer(send("OPTIONS", "/nope"), 200, Map.of(), "");
    }

    @Test
    @Tag("HT-19")
    void withAListOnlyItsOriginsAreAllowed() throws Exception {
        serve(single(), Set.of("https://good.example"));
        HttpResponse<String> good =
                client.send(
                        request("/version").header("Origin", "https://good.example").build(),
                        HttpResponse.BodyHandlers.ofString());
        HttpResponse<String> bad =
                client.send(
                        request("/version").header("Origin", "https://bad.example").build(),
                        HttpResponse.BodyHandlers.ofString());
        String allowed = "access-control-allow-origin";
        assertEquals("https://good.example", good.headers().firstValue(allowed).orElse(""));
        assertTrue(good.headers().firstValue("access-control-allow-methods").isPresent());
        assertTrue(bad.headers().firstValue(allowed).isEmpty());
        assertTrue(bad.headers().firstValue("access-control-allow-methods").isEmpty());
        assertEquals(200, bad.statusCode());
    }

    @Test
    @Tag("HT-13")
    @Tag("ME-39")
    @Tag("ME-40")
    void metricsTellAboutTheMemberAndItsProcess() throws Exception {
        serve(single());
        HttpResponse<String> page = get("/metrics");
        assertEquals(200, page.statusCode());
        assertEquals(
                "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
                page.headers().firstValue("content-type").orElse(""));
        assertTrue(page.body().contains("\netcd_server_has_leader 1\n"), page.body());
        for (String row :
                List.of(
                        "os_fd_used",
                        "os_fd_limit",
                        "process_resident_memory_bytes",
                        "process_virtual_memory_bytes",
                        "process_cpu_seconds_total",
                        "process_open_fds",
                        "process_max_fds",
                        "process_start_time_seconds",
                        "jvm_threads_current",
                        "jvm_memory_used_bytes{area=\"heap\"}")) {
            assertTrue(value(page.body(), row) > 0, row);
        }
        double started = value(page.body(), "process_start_time_seconds") * 1000;
        long expected = ProcessHandle.current().info().startInstant().orElseThrow().toEpochMilli();
        assertEquals(expected, started, 60_000);
        assertEquals(200, send("POST", "/metrics").statusCode());
        assertEquals("", send("HEAD", "/metrics").body());
    }

    /** As etcd 3.7, whose own names would not be valid ones there. */
    @Test
    @Tag("HT-13")
    void whoAsksForOpenMetricsGetsThePlainText() throws Exception {
        serve(single());
        HttpResponse<String> page =
                client.send(
                        request("/metrics")
                                .header("Accept", "application/openmetrics-text;version=1.0.0")
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertEquals(
                "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
                page.headers().firstValue("content-type").orElse(""));
        assertTrue(page.body().contains("\netcd_server_health_success 0\n"), page.body());
    }

    @Test
    @Tag("HT-14")
    void variablesTellTheCommandMemoryAndRaft() throws Exception {
        serve(single());
        HttpResponse<String> page = get("/debug/vars");
        assertEquals(200, page.statusCode());
        assertEquals(
                "application/json; charset=utf-8",
                page.headers().firstValue("content-type").orElse(""));
        String id = Long.toHexString(node.memberId());
        String raft =
                "\"raft.status\": \\{\"id\":\"%1$s\",\"term\":2,\"vote\":\"%1$s\",\"commit\":\\d+,\"lead\":\"%1$s\","
                        + "\"raftState\":\"StateLeader\",\"applied\":\\d+,\"progress\":\\{\"%1$s\":"
                        + "\\{\"match\":\\d+,\"next\":\\d+,\"state\":\"StateReplicate\"\\}\\},"
                        + "\"leadtransferee\":\"0\"\\}\n\\}\n";
        String all =
                "\\{\n\"cmdline\": \\[\".*\"\\],\n\"file_descriptor_limit\": [1-9]\\d*,\n"
                        + "\"memstats\": \\{\"Alloc\":[1-9]\\d*,.*\\},\n"
                        + raft.formatted(id);
        assertTrue(page.body().matches(all), page.body());
    }

    @Test
    @Tag("HT-20")
    void onlyKnownHostsMayBeAskedFor() throws Exception {
        node = start(single());
        HttpRouting.Builder routing = HttpRouting.builder();
        new Rest(node, metrics, Rest.ANY_ORIGIN, Set.of("db.example", "::1")).addTo(routing);
        listen(routing);
        assertEquals("200", askFor("db.example"));
        assertEquals("200", askFor("db.example:2379"));
        assertEquals("200", askFor("[::1]:2379"));
        assertEquals("421", askFor("127.0.0.1:" + web.port()));
        assertEquals("421", askFor("evil.example"));
    }

    /** The status; the JDK's client does not let the Host header be chosen. */
    private String askFor(String host) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", web.port())) {
            socket.getOutputStream()
                    .write(
                            ("GET /health HTTP/1.1\r\nHost: "
                                            + host
                                            + "\r\nConnection: close\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            socket.setSoTimeout(60_000);
            String answer =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            String status = answer.split(" ", 3)[1];
            boolean told = answer.contains("--host-whitelist");
            boolean cors = answer.contains("Access-Control-Allow-Origin");
            assertEquals(status.equals("421"), told, answer);
            assertEquals(status.equals("200"), cors, answer);
            return status;
        }
    }

    @Test
    @Tag("HT-22")
    void aMetricsListenerHasTheProbesAndNoMore() throws Exception {
        node = start(single());
        HttpRouting.Builder routing = HttpRouting.builder();
        new Rest(node, metrics, Rest.ANY_ORIGIN).addMetricsTo(routing);
        listen(routing);
        assertEquals(200, get("/metrics").statusCode());
        assertEquals(200, get("/health").statusCode());
        assertEquals(200, get("/readyz").statusCode());
        assertEquals(404, get("/version").statusCode());
    }

    private static NodeConfig single() {
        return NodeConfig.single(
                "default",
                List.of("http://127.0.0.1:2379"),
                List.of("http://127.0.0.1:2380"),
                "etcd-cluster");
    }

    private void serve(NodeConfig config) {
        serve(config, Rest.ANY_ORIGIN);
    }

    private void serve(NodeConfig config, Set<String> corsOrigins) {
        node = start(config);
        HttpRouting.Builder routing = HttpRouting.builder();
        new Rest(node, metrics, corsOrigins).addTo(routing);
        listen(routing);
    }

    /** A peer listener: what etcd 3.7.3 answers there, and nothing of what clients ask for. */
    @Test
    @Tag("HT-01")
    @Tag("PE-03")
    @Tag("PE-07")
    @Tag("PE-09")
    @Tag("PE-10")
    @Tag("PE-16")
    void peerAddressesHaveTheirOwnPages() throws Exception {
        servePeers();
        String cluster = Long.toHexString(node.clusterId());
        node.propose(put("k", 0)).join();
        HttpResponse<String> hash = ask("/members/hashkv", "{\"revision\":2}");
        assertEquals(
                "{\"header\":{\"revision\":2},\"hash\":%d,\"compact_revision\":-1,\"hash_revision\":2}"
                        .formatted(Integer.toUnsignedLong(node.hashKv(2).hash())),
                hash.body());
        assertEquals("application/json", header(hash, "content-type"));
        assertEquals(cluster, header(hash, "x-etcd-cluster-id"));
        assertEquals(hash.body(), ask("/members/hashkv", "{}").body());
        assertEquals(hash.body(), ask("/members/hashkv", "{\"revision\":0}").body());
        assertEquals(hash.body(), get("/members/hashkv?revision=2").body());
        assertText(400, "error unmarshalling request\n", get("/members/hashkv"));
        assertText(400, "error unmarshalling request\n", ask("/members/hashkv", "[2]"));
        assertText(
                400,
                "mvcc: required revision is a future revision\n",
                ask("/members/hashkv", "{\"revision\":3}"));
        node.propose(new Command.Compact(2, true)).join();
        assertText(
                400,
                "mvcc: required revision has been compacted\n",
                ask("/members/hashkv", "{\"revision\":1}"));
        HttpRequest.Builder foreign = request("/members/hashkv").header("X-Etcd-Cluster-ID", "77");
        assertText(412, "cluster ID mismatch\n", send(foreign.GET().build()));
        assertEquals(405, send("POST", "/members/hashkv").statusCode());

        HttpResponse<String> probe = get("/raft/probing");
        assertTrue(
                probe.body()
                        .matches(
                                "\\{\"OK\":true,\"Now\":\"\\d{4}-\\d\\d-\\d\\dT[0-9:.]+(Z|[+-]\\d\\d:\\d\\d)\"}\n"),
                probe.body());
        assertEquals(200, send("POST", "/raft/probing").statusCode());
        HttpResponse<String> downgrade = get("/downgrade/enabled");
        assertText(200, "false", downgrade);
        assertEquals("text/plain", header(downgrade, "content-type"));
        assertEquals(cluster, header(downgrade, "x-etcd-cluster-id"));
        assertEquals(405, send("POST", "/downgrade/enabled").statusCode());
        node.propose(new Command.Downgrade(new DowngradeInfo(true, "3.6.0"))).join();
        assertText(200, "true", get("/downgrade/enabled"));
        assertEquals(200, get("/version").statusCode());
        for (String path :
                List.of(
                        "/health",
                        "/metrics",
                        "/livez",
                        "/readyz",
                        "/debug/vars",
                        "/v2/keys",
                        "/v3/kv/range",
                        "/members/hashkv/",
                        "/raft/other")) {
            assertText(404, "404 page not found\n", get(path));
        }
        node.close();
        assertText(
                500,
                "failed linearized read: etcdserver: server stopped\n",
                get("/downgrade/enabled"));
    }

    /** The peer port is open to more than members, so a promotion needs what it needs elsewhere. */
    @Test
    @Tag("PE-02")
    @Tag("CL-13")
    @Tag("SE-92")
    void whileAuthIsOnAPromotionNeedsRootsToken() throws Exception {
        servePeers();
        assertText(404, "membership: ID not found\n", send("POST", "/members/promote/99"));
        assertText(404, "member x not found in cluster\n", send("POST", "/members/promote/x"));
        String self = Long.toUnsignedString(node.memberId());
        assertText(
                412,
                "membership: can only promote a learner member\n",
                send("POST", "/members/promote/" + self));
        HttpResponse<String> got = get("/members/promote/99");
        assertEquals(405, got.statusCode());
        assertEquals("POST", header(got, "allow"));

        for (String user : List.of("root", "somebody")) {
            node.propose(new AuthCommand.UserAdd(user, "", false)).join();
        }
        node.propose(new AuthCommand.UserGrantRole("root", "root")).join();
        node.propose(new AuthCommand.Enable()).join();
        String refused = "{\"message\":\"Internal Server Error\"}";
        HttpResponse<String> nobody = send("POST", "/members/promote/99");
        assertText(500, refused, nobody);
        assertEquals(Long.toHexString(node.clusterId()), header(nobody, "x-etcd-cluster-id"));
        assertText(500, refused, promoteAs("unknown.1"));
        assertText(500, refused, promoteAs(token("somebody")));
        assertText(404, "membership: ID not found\n", promoteAs(token("root")));
        assertText(404, "membership: ID not found\n", promoteAs("Bearer " + token("root")));
    }

    private HttpResponse<String> promoteAs(String token) throws Exception {
        return send(
                request("/members/promote/99")
                        .header("Authorization", token)
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build());
    }

    private String token(String user) {
        AuthCommand.Authenticate command = node.authentication().authenticate(user);
        return node.authentication()
                .token(command, (Result.Authenticated) node.propose(command).join());
    }

    private void servePeers() {
        node = start(single());
        HttpRouting.Builder routing = HttpRouting.builder();
        new Rest(node, metrics, Set.of()).addPeerTo(routing);
        listen(routing);
    }

    private HttpResponse<String> ask(String path, String body) throws Exception {
        return send(request(path).method("GET", HttpRequest.BodyPublishers.ofString(body)).build());
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElseThrow();
    }

    private static void assertText(int status, String text, HttpResponse<String> answer) {
        assertEquals(text, answer.body());
        assertEquals(status, answer.statusCode());
    }

    /** What other members ask the leader for their clients, in the bytes of etcd's messages. */
    @Test
    @Tag("LE-09")
    @Tag("LE-11")
    @Tag("PE-08")
    void leasesAreRenewedAndAskedForByOtherMembers() throws Exception {
        servePeers();
        node.grantLease(7, 100).join();
        HttpResponse<byte[]> renewed = post("/leases", new byte[] {8, 7});
        assertEquals(200, renewed.statusCode());
        assertEquals(
                "application/protobuf", renewed.headers().firstValue("content-type").orElseThrow());
        assertArrayEquals(new byte[] {16, 7, 24, 100}, renewed.body());
        node.propose(put("k", 7)).join();
        byte[] time = post("/leases/internal", new byte[] {10, 4, 8, 7, 16, 1}).body();
        // The whole TTL is left or a second less, and then the key.
        assertTrue(time[7] == 100 || time[7] == 99, Arrays.toString(time));
        time[7] = 100;
        assertArrayEquals(new byte[] {10, 11, 10, 0, 16, 7, 24, 100, 32, 100, 42, 1, 'k'}, time);
        assertBytes(404, "lease not found\n", post("/leases", new byte[] {8, 6}));
        assertBytes(404, "lease not found\n", post("/leases/internal", new byte[] {10, 2, 8, 6}));
        assertBytes(400, "error unmarshalling request\n", post("/leases", new byte[] {8}));
        assertBytes(413, "request body too large\n", post("/leases", new byte[(64 << 10) + 1]));
        assertEquals(405, send("GET", "/leases").statusCode());
    }

    private static Command put(String key, long lease) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return new Command.Put(bytes, new byte[0], lease, false, false, false);
    }

    private static void assertBytes(int status, String text, HttpResponse<byte[]> answer) {
        assertEquals(text, new String(answer.body(), StandardCharsets.UTF_8));
        assertEquals(status, answer.statusCode());
    }

    private HttpResponse<byte[]> post(String path, byte[] body) throws Exception {
        return client.send(
                request(path).POST(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    private Node start(NodeConfig config) {
        MemoryStorageProvider memory = new MemoryStorageProvider();
        Node started =
                Node.start(
                        config,
                        memory.openLog(new TestEnv()),
                        memory.openState(new TestEnv()),
                        metrics,
                        failure::complete);
        if (config.initialCluster().size() == 1) {
            started.ready().orTimeout(30, TimeUnit.SECONDS).join();
        }
        return started;
    }

    private void listen(HttpRouting.Builder routing) {
        web =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .shutdownHook(false)
                        .routing(routing)
                        .build()
                        .start();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send("GET", path);
    }

    private HttpResponse<String> send(String method, String path)
            throws IOException, InterruptedException {
        return client.send(
                request(path).method(method, HttpRequest.BodyPublishers.noBody()).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web.port() + path))
                .version(HttpClient.Version.HTTP_1_1);
    }

    /** All headers count but those of the connection. */
    private static void assertAnswer(
            HttpResponse<String> answer, int status, Map<String, String> headers, String body) {
        assertEquals(body, answer.body());
        assertEquals(status, answer.statusCode());
        Map<String, String> expected = new TreeMap<>(CORS);
        expected.putAll(headers);
        expected.put("content-length", Integer.toString(body.length()));
        Map<String, String> actual = new TreeMap<>();
        answer.headers().map().forEach((name, values) -> actual.put(name, values.getFirst()));
        assertTrue(actual.remove("date") != null, "no date");
        actual.remove("connection");
        assertEquals(expected, actual);
    }

    private void assertRow(String row) throws IOException {
        StringBuilder text = new StringBuilder();
        metrics.text(text);
        assertTrue(text.toString().contains(row), () -> row + " is not in\n" + text);
    }

    private static double value(String page, String row) {
        return page.lines()
                .filter(line -> line.startsWith(row + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(row.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(row + " is not in\n" + page));
    }
}
