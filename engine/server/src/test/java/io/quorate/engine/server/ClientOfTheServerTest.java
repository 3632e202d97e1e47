package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.client.Client;
import io.quorate.api.client.ClientConfig;
import io.quorate.api.client.Keys;
import io.quorate.api.client.Watch;
import io.quorate.api.client.WatchCanceledException;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.engine.server.ServerConfig.Addresses;
import io.quorate.engine.server.ServerConfig.Bootstrap;
import io.quorate.engine.server.ServerConfig.Limits;
import io.quorate.engine.server.ServerConfig.Mount;
import io.quorate.engine.server.ServerConfig.Raft;
import io.quorate.engine.server.ServerConfig.Storage;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The project's own client against a whole member, with restarts in between. */
@Timeout(120)
final class ClientOfTheServerTest {
    @TempDir Path directory;

    private EtcdServer start(List<MemberUrl> clients) throws Exception {
        List<MemberUrl> peer = MemberUrl.parseList("http://127.0.0.1:2380");
        EtcdServer server =
                EtcdServer.start(
                        new ServerConfig(
                                "a",
                                directory.resolve("data"),
                                Optional.empty(),
                                new Addresses(
                                        MemberUrl.parseList("http://127.0.0.1:0"),
                                        clients,
                                        List.of(),
                                        peer,
                                        peer),
                                new Bootstrap("a=http://127.0.0.1:2380", false, "t"),
                                Raft.DEFAULT,
                                Limits.DEFAULT,
                                Storage.of("file"),
                                Mount.CORE));
        server.ready().get(60, TimeUnit.SECONDS);
        return server;
    }

    private EtcdServer start() throws Exception {
        return start(MemberUrl.parseList("http://127.0.0.1:0"));
    }

    private static Client client(EtcdServer server) {
        return Client.connect(
                ClientConfig.of(server.clientUrls().getFirst().toString())
                        .withRetries(10_000, Duration.ofMillis(20)));
    }

    @Test
    void keysTransactionsAndStreams() throws Exception {
        try (EtcdServer server = start();
                Client client = client(server)) {
            client.kv().put("a", "1");
            var swap =
                    TxnRequest.newBuilder()
                            .addCompare(
                                    Compare.newBuilder()
                                            .setKey(Keys.of("a"))
                                            .setTarget(Compare.CompareTarget.VALUE)
                                            .setValue(Keys.of("1")))
                            .addSuccess(
                                    RequestOp.newBuilder()
                                            .setRequestPut(
                                                    PutRequest.newBuilder()
                                                            .setKey(Keys.of("a"))
                                                            .setValue(Keys.of("2"))))
                            .build();
            assertTrue(client.kv().txn(swap).getSucceeded());
            assertFalse(client.kv().txn(swap).getSucceeded());
            assertEquals("2", client.kv().get("a").orElseThrow().getValue().toStringUtf8());
            String large = "x".repeat(100_000);
            for (int i = 0; i < 50; i++) {
                client.kv().put("large/" + i, large);
            }
            assertEquals(50, client.kv().prefix("large/").size());
            int streamed = 0;
            var all =
                    RangeRequest.newBuilder()
                            .setKey(Keys.of("large/"))
                            .setRangeEnd(Keys.afterPrefix(Keys.of("large/")))
                            .build();
            try (var pieces = client.kv().rangeStream(all, Duration.ZERO)) {
                for (var piece = pieces.next(); piece.isPresent(); piece = pieces.next()) {
                    streamed += piece.get().getRangeResponse().getKvsCount();
                }
            }
            assertEquals(50, streamed);
            assertTrue(client.kv().delete("a"));
            assertFalse(client.kv().delete("a"));
        }
    }

    @Test
    @Tag("WA-19")
    void watchGoesOnOverRestartsOfTheMember() throws Exception {
        EtcdServer server = start();
        List<MemberUrl> sameAddress = server.clientUrls();
        try (Client client = client(server);
                Watch watch = client.watch("k")) {
            CompletableFuture<List<Long>> seen =
                    CompletableFuture.supplyAsync(() -> {
                        var revisions = new java.util.ArrayList<Long>();
                        while (revisions.size() < 60) {
                            for (var event : watch.next().orElseThrow().getEventsList()) {
                                revisions.add(event.getKv().getModRevision());
                            }
                        }
                        return revisions;
                    });
            for (int restart = 0; restart < 3; restart++) {
                for (int i = 0; i < 20; i++) {
                    client.kv().put("k", "v" + i);
                }
                server.close();
                server = start(sameAddress);
            }
            List<Long> revisions = seen.get(60, TimeUnit.SECONDS);
            for (int i = 0; i < revisions.size(); i++) {
                assertEquals(i + 2L, revisions.get(i));
            }
        } finally {
            server.close();
        }
    }

    @Test
    void watchOfACompactedRevisionTellsWhereToStart() throws Exception {
        try (EtcdServer server = start();
                Client client = client(server)) {
            for (int i = 0; i < 9; i++) {
                client.kv().put("k", "v" + i);
            }
            client.kv().compact(6, true);
            var request = WatchCreateRequest.newBuilder().setKey(Keys.of("k")).setStartRevision(2);
            long start;
            try (Watch watch = client.watch(request.build())) {
                start = assertThrows(WatchCanceledException.class, watch::next).compactRevision();
            }
            assertEquals(6, start);
            try (Watch watch = client.watch(request.setStartRevision(start).build())) {
                assertEquals(6, watch.next().orElseThrow().getEvents(0).getKv().getModRevision());
            }
        }
    }

    @Test
    @Tag("LE-07")
    void leaseIsKeptAliveOverARestartOfTheMember() throws Exception {
        EtcdServer server = start();
        List<MemberUrl> sameAddress = server.clientUrls();
        try (Client client = client(server)) {
            long lease = client.leases().grant(10).getID();
            var renewed = new LinkedBlockingQueue<Long>();
            try (var kept =
                    client.leases().keepAlive(lease, answer -> renewed.add(answer.getTTL()))) {
                assertEquals(10, renewed.take());
                server.close();
                renewed.clear();
                server = start(sameAddress);
                assertEquals(10, renewed.take());
                assertFalse(kept.ended().isDone());
            }
            client.leases().revoke(lease);
            assertEquals(-1, client.leases().timeToLive(lease, false).getTTL());
        } finally {
            server.close();
        }
    }
}
