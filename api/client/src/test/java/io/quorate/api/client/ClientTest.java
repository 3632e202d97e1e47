package io.quorate.api.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** Calls, failover and retry against members on grpc-java's server. */
@Timeout(60)
final class ClientTest {
    private final FakeCluster cluster = new FakeCluster();
    private final List<AutoCloseable> open = new ArrayList<>(List.of(cluster));

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open.reversed()) {
            closeable.close();
        }
    }

    private Client client(String... endpoints) {
        return client(ClientConfig.of(endpoints));
    }

    private Client client(ClientConfig config) {
        Client client = Client.connect(config);
        open.add(client);
        return client;
    }

    /** An endpoint at which nobody listens. */
    private static String nobody() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "http://127.0.0.1:" + socket.getLocalPort();
        }
    }

    private static Status.Code codeOf(Runnable call) {
        return assertThrows(StatusRuntimeException.class, call::run).getStatus().getCode();
    }

    @Test
    void whatWasPutIsRead() throws IOException {
        Client client = client(cluster.start().endpoint());
        assertEquals(2, client.kv().put("a", "1").getHeader().getRevision());
        assertEquals("1", client.kv().get("a").orElseThrow().getValue().toStringUtf8());
        assertTrue(client.kv().get("b").isEmpty());
    }

    @Test
    void callsGoRoundTheMembers() throws IOException {
        var first = cluster.start();
        var second = cluster.start();
        Client client = client(first.endpoint(), second.endpoint());
        for (int i = 0; i < 10; i++) {
            client.kv().get("a");
        }
        assertEquals(5, first.ranges.get());
        assertEquals(5, second.ranges.get());
    }

    @Test
    @Tag("ER-68")
    void endpointThatCannotBeReachedIsPassedOverByWritesToo() throws IOException {
        var member = cluster.start();
        Client client = client(nobody(), nobody(), member.endpoint());
        for (int i = 0; i < 10; i++) {
            client.kv().put("a", "x" + i);
        }
        assertEquals(10, member.puts.get());
    }

    @Test
    void endpointThatAcceptsAndSaysNothingIsPassedOverByWritesToo() throws IOException {
        var member = cluster.start();
        try (var silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Client client =
                    client(
                            ClientConfig.of(
                                            "http://127.0.0.1:" + silent.getLocalPort(),
                                            member.endpoint())
                                    .withTimeouts(Duration.ofSeconds(1), Duration.ZERO));
            for (int i = 0; i < 5; i++) {
                client.kv().put("a", "x" + i);
            }
            assertEquals(5, member.puts.get());
        }
    }

    @Test
    void stoppedMemberIsReplacedByAnother() throws IOException {
        var first = cluster.start();
        var second = cluster.start();
        Relay relay = new Relay(first.port());
        Client client = client(relay.endpoint(), second.endpoint());
        client.kv().get("a");
        client.kv().get("a");
        relay.close();
        for (int i = 0; i < 20; i++) {
            client.kv().get("a");
        }
        assertTrue(second.ranges.get() >= 20);
    }

    @Test
    @Tag("ER-68")
    void readsAreRepeatedWhenAMemberIsUnavailable() throws IOException {
        var bad = cluster.start();
        var good = cluster.start();
        bad.rangeFault = Optional.of(Status.UNAVAILABLE.withDescription("etcdserver: no leader"));
        Client client = client(bad.endpoint(), good.endpoint());
        client.kv().get("a");
        assertEquals(1, bad.ranges.get());
        assertEquals(1, good.ranges.get());
    }

    @Test
    void otherFailuresAreToldAtOnce() throws IOException {
        var member = cluster.start();
        member.rangeFault = Optional.of(Status.OUT_OF_RANGE.withDescription("compacted"));
        Client client = client(member.endpoint());
        assertEquals(Status.Code.OUT_OF_RANGE, codeOf(() -> client.kv().get("a")));
        assertEquals(1, member.ranges.get());
    }

    @Test
    @Tag("ER-68")
    @Tag("SE-33")
    void writesThatMayHaveBeenDoneAreNotRepeated() throws IOException {
        var member = cluster.start();
        var other = cluster.start();
        try (Relay relay = new Relay(member.port())) {
            member.putFault = Optional.of(out -> relay.cut());
            Client client = client(relay.endpoint(), other.endpoint());
            assertEquals(Status.Code.UNAVAILABLE, codeOf(() -> client.kv().put("a", "1")));
            assertEquals(1, member.puts.get());
            assertEquals(0, other.puts.get());
        }
    }

    @Test
    void withoutAnyMemberTheCallTimeoutEndsTheCall() throws IOException {
        ClientConfig config =
                ClientConfig.of(nobody())
                        .withTimeouts(Duration.ofSeconds(1), Duration.ofMillis(300));
        Client client = client(config);
        var failure = assertThrows(StatusRuntimeException.class, () -> client.kv().put("a", "1"));
        assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.getStatus().getCode());
        assertEquals("context deadline exceeded", failure.getStatus().getDescription());
    }

    @Test
    void withoutAnyMemberAndTimeoutTheRetriesRunOut() throws IOException {
        Client client = client(ClientConfig.of(nobody()).withRetries(3, Duration.ofMillis(1)));
        var failure = assertThrows(StatusRuntimeException.class, () -> client.kv().get("a"));
        assertEquals(Status.Code.UNAVAILABLE, failure.getStatus().getCode());
        assertTrue(
                failure.getStatus().getDescription().contains("connection to 127.0.0.1:"),
                failure::getMessage);
    }

    @Test
    void memberThatComesBackIsUsedAgain() throws IOException {
        var member = cluster.start();
        try (Relay relay = new Relay(member.port())) {
            Client client = client(relay.endpoint());
            for (int i = 1; i <= 5; i++) {
                client.kv().get("a");
                assertEquals(i, relay.accepted());
                relay.cut();
            }
        }
    }

    @Test
    void interruptCancelsTheCall() throws Exception {
        var member = cluster.start();
        CountDownLatch arrived = new CountDownLatch(1);
        member.putFault = Optional.of(out -> arrived.countDown());
        Client client = client(member.endpoint());
        CompletableFuture<Status.Code> end = new CompletableFuture<>();
        Thread caller =
                Thread.startVirtualThread(() -> {
                    Status.Code code = codeOf(() -> client.kv().put("a", "1"));
                    end.complete(Thread.currentThread().isInterrupted() ? code : Status.Code.OK);
                });
        arrived.await();
        caller.interrupt();
        assertEquals(Status.Code.CANCELLED, end.get());
    }

    @Test
    void closingTheClientEndsItsCalls() throws Exception {
        var member = cluster.start();
        CountDownLatch arrived = new CountDownLatch(1);
        member.putFault = Optional.of(out -> arrived.countDown());
        Client client = client(member.endpoint());
        var put =
                client.callLater(
                        KVGrpc.getPutMethod(),
                        PutRequest.newBuilder().setKey(Keys.of("a")).build(),
                        Retry.UNSENT_ONLY);
        arrived.await();
        client.close();
        assertEquals(Status.Code.CANCELLED, codeOf(() -> Client.await(put)));
        assertEquals(Status.Code.CANCELLED, codeOf(() -> client.kv().get("a")));
        Duration timeout = Duration.ofSeconds(30);
        Client hurried =
                Client.connect(ClientConfig.of(member.endpoint()).withTimeouts(timeout, timeout));
        hurried.close();
        assertEquals(Status.Code.CANCELLED, codeOf(() -> hurried.kv().get("a")));
    }

    @Test
    void manyThreadsShareAClient() throws Exception {
        var first = cluster.start();
        var second = cluster.start();
        Client client = client(first.endpoint(), second.endpoint());
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            all.add(
                    client.callLater(
                            KVGrpc.getPutMethod(),
                            PutRequest.newBuilder()
                                    .setKey(Keys.of("k" + i))
                                    .setValue(Keys.of("v".repeat(i)))
                                    .build(),
                            Retry.UNSENT_ONLY));
        }
        CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0])).get();
        assertEquals(2_001, cluster.revision());
        for (int i = 0; i < 2_000; i += 97) {
            assertEquals(i, client.kv().get("k" + i).orElseThrow().getValue().size());
        }
    }

    @Test
    void tokenIsHadOnceAndRenewedWhenRefused() throws IOException {
        cluster.demandedToken.set(Optional.of("none yet"));
        ClientConfig config =
                ClientConfig.of(cluster.start().endpoint()).withCredentials("root", "secret");
        Client client = client(config);
        client.kv().put("a", "1");
        client.kv().put("a", "2");
        assertEquals(1, cluster.logins.get());
        cluster.demandedToken.set(Optional.of("another"));
        client.kv().put("a", "3");
        assertEquals(2, cluster.logins.get());
        assertEquals(4, cluster.revision());
    }

    @Test
    void wrongPasswordIsToldAsTheServerDoes() throws IOException {
        cluster.demandedToken.set(Optional.of("none yet"));
        Client client =
                client(
                        ClientConfig.of(cluster.start().endpoint())
                                .withCredentials("root", "wrong"));
        assertEquals(Status.Code.INVALID_ARGUMENT, codeOf(() -> client.kv().get("a")));
    }

    @Test
    void credentialsDoNoHarmWhereAuthIsOff() throws IOException {
        Client client =
                client(
                        ClientConfig.of(cluster.start().endpoint())
                                .withCredentials("root", "secret"));
        client.kv().put("a", "1");
        assertEquals(2, cluster.revision());
    }

    @Test
    void requireLeaderIsSent() throws IOException {
        Client client = client(ClientConfig.of(cluster.start().endpoint()).withRequireLeader(true));
        client.kv().get("a");
        var hasLeader = Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);
        assertEquals("true", cluster.metadata.getLast().get(hasLeader));
    }

    @Test
    void endpointsCanBeReplaced() throws IOException {
        var first = cluster.start();
        var second = cluster.start();
        Client client = client(first.endpoint());
        client.kv().get("a");
        client.useEndpoints(List.of(second.endpoint()));
        client.kv().get("a");
        client.kv().get("a");
        assertEquals(1, first.ranges.get());
        assertEquals(2, second.ranges.get());
    }

    @Test
    void endpointsAreReadAsUsersWriteThem() {
        assertEquals(port("h", 1, false), Endpoint.parse("h:1", false));
        assertEquals(port("h", 1, true), Endpoint.parse("h:1", true));
        assertEquals(port("h", 443, true), Endpoint.parse("https://h", false));
        assertEquals(port("::1", 2379, false), Endpoint.parse("http://[::1]:2379/", true));
        assertEquals("[::1]:2379", port("::1", 2379, false).authority());
        assertEquals(file("s", false, "/run/s"), Endpoint.parse("unix:///run/s", false));
        assertEquals(file("s", true, "/run/s"), Endpoint.parse("unix:///run/s", true));
        assertEquals(file("s", true, "/run/s"), Endpoint.parse("unixs:///run/s", false));
        assertEquals(file("s", false, "s:1"), Endpoint.parse("unix://s:1", false));
        assertEquals(file("s", true, "d/s"), Endpoint.parse("unixs:d/s", false));
        for (String bad :
                List.of("", "http://", "ftp://h:1", "h:0", "h:x", "h:70000", "unix://", "unixs:")) {
            assertThrows(IllegalArgumentException.class, () -> ClientConfig.of(bad), bad);
        }
        assertThrows(IllegalArgumentException.class, ClientConfig::of);
    }

    private static Endpoint port(String host, int port, boolean tls) {
        return new Endpoint(host, port, tls, Optional.empty());
    }

    private static Endpoint file(String name, boolean tls, String file) {
        return new Endpoint(name, 0, tls, Optional.of(Path.of(file)));
    }

    @Test
    void passwordsAreNotPrinted() {
        var config = ClientConfig.of("h:1").withCredentials("root", "secret");
        assertFalse(config.toString().contains("secret"));
    }

    @Test
    void unreadableRequestsAreTheCallersMistake() throws IOException {
        ClientConfig config =
                ClientConfig.of(cluster.start().endpoint()).withLimits(100, Integer.MAX_VALUE);
        Client client = client(config);
        var tooLarge =
                assertThrows(
                        StatusRuntimeException.class, () -> client.kv().put("a", "x".repeat(200)));
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, tooLarge.getStatus().getCode());
        assertEquals(
                0,
                client.kv()
                        .range(RangeRequest.newBuilder().setKey(Keys.of("a")).build())
                        .getKvsCount());
    }
}
