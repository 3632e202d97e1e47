package io.quorate.api.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.mvcc.Event;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** Watches over connections that break. Replay with -Dseed=N. */
@Timeout(60)
final class WatchTest {
    private final long seed = Long.getLong("seed", System.nanoTime());
    private final FakeCluster cluster = new FakeCluster();
    private final List<AutoCloseable> open = new ArrayList<>(List.of(cluster));

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open.reversed()) {
            closeable.close();
        }
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private Client client(String... endpoints) {
        return opened(
                Client.connect(ClientConfig.of(endpoints).withRetries(100, Duration.ofMillis(2))));
    }

    @Test
    void changesAfterTheWatchWasMadeAreSeen() throws IOException {
        Client client = client(cluster.start().endpoint());
        client.kv().put("a", "0");
        try (Watch watch = client.watch("a")) {
            client.kv().put("a", "1");
            WatchResponse response = watch.next().orElseThrow();
            assertEquals("1", response.getEvents(0).getKv().getValue().toStringUtf8());
            assertEquals(4, watch.nextRevision());
        }
    }

    @Test
    void watchFromNowMissesNothingWhenCutBeforeItsFirstEvent() throws IOException {
        var member = cluster.start();
        Relay relay = opened(new Relay(member.port()));
        Client client = client(relay.endpoint());
        cluster.put("0", "a");
        try (Watch watch = client.watch("a")) {
            relay.cut();
            cluster.put("1", "a");
            cluster.put("2", "a");
            assertEquals(3, watch.next().orElseThrow().getEvents(0).getKv().getModRevision());
            assertEquals(4, watch.next().orElseThrow().getEvents(0).getKv().getModRevision());
        }
    }

    /** One to three keys a revision; connections end after a few hundred or thousand bytes. */
    @ParameterizedTest
    @Tag("WA-21")
    @ValueSource(booleans = {false, true})
    void everyRevisionComesOnceAndWholeOverConnectionsThatBreak(boolean fragment) throws Exception {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int revisions = 2_000;
        var first = cluster.start();
        var second = cluster.start();
        Random budgets = new Random(seed + 1);
        Relay one = opened(new Relay(first.port(), () -> 400 + budgets.nextInt(20_000)));
        Relay two = opened(new Relay(second.port(), () -> 400 + budgets.nextInt(20_000)));
        Client client = client(one.endpoint(), two.endpoint());
        var request =
                WatchCreateRequest.newBuilder()
                        .setKey(Keys.of("k"))
                        .setStartRevision(2)
                        .setFragment(fragment)
                        .build();
        int connectionsBefore;
        try (Watch watch = client.watch(request)) {
            connectionsBefore = one.accepted() + two.accepted();
            CompletableFuture<Void> writer =
                    CompletableFuture.runAsync(() -> {
                        for (int i = 0; i < revisions; i++) {
                            String[] keys = new String[1 + random.nextInt(3)];
                            for (int k = 0; k < keys.length; k++) {
                                keys[k] = "k" + k;
                            }
                            cluster.put("v".repeat(random.nextInt(100)), keys);
                        }
                    });
            long last = 1;
            while (last < revisions + 1) {
                WatchResponse response = watch.next().orElseThrow();
                long revision = response.getEvents(0).getKv().getModRevision();
                assertEquals(last + 1, revision, () -> "seed " + seed);
                for (int k = 0; k < response.getEventsCount(); k++) {
                    Event event = response.getEvents(k);
                    assertEquals("k" + k, event.getKv().getKey().toStringUtf8());
                    assertEquals(revision, event.getKv().getModRevision());
                }
                last = revision;
            }
            writer.get();
        }
        int connections = one.accepted() + two.accepted() - connectionsBefore;
        assertTrue(connections > 5, () -> "only " + connections + " reconnects");
    }

    @Test
    @Tag("WA-26")
    void progressMovesTheRevisionToResumeFrom() throws IOException {
        var member = cluster.start();
        Relay relay = opened(new Relay(member.port()));
        Client client = client(relay.endpoint());
        try (Watch watch = client.watch("a")) {
            for (int i = 0; i < 9; i++) {
                cluster.put("x", List.of().toArray(new String[0]));
            }
            watch.requestProgress();
            WatchResponse progress = watch.next().orElseThrow();
            assertEquals(0, progress.getEventsCount());
            assertEquals(10, progress.getHeader().getRevision());
            assertEquals(11, watch.nextRevision());
            // What is compacted meanwhile was before that: the watch goes on.
            cluster.compact(10);
            relay.cut();
            cluster.put("1", "a");
            assertEquals(11, watch.next().orElseThrow().getEvents(0).getKv().getModRevision());
        }
    }

    @Test
    @Tag("WA-10")
    @Tag("WA-11")
    void compactedRevisionEndsTheWatchAndTellsWhereToStart() throws IOException {
        for (int i = 0; i < 9; i++) {
            cluster.put("x", "a");
        }
        cluster.compact(5);
        Client client = client(cluster.start().endpoint());
        var request =
                WatchCreateRequest.newBuilder().setKey(Keys.of("a")).setStartRevision(2).build();
        try (Watch watch = client.watch(request)) {
            var canceled = assertThrows(WatchCanceledException.class, watch::next);
            assertEquals(5, canceled.compactRevision());
            assertEquals(
                    "etcdserver: mvcc: required revision has been compacted",
                    canceled.getMessage());
            assertEquals(Optional.empty(), watch.next());
        }
    }

    @Test
    void closeEndsAWaitingReader() throws Exception {
        Client client = client(cluster.start().endpoint());
        Watch watch = client.watch("a");
        CompletableFuture<Optional<WatchResponse>> reader =
                CompletableFuture.supplyAsync(watch::next);
        watch.close();
        assertEquals(Optional.empty(), reader.get());
    }

    @Test
    void closeEndsAReaderThatLooksForAMember() throws Exception {
        var member = cluster.start();
        Relay relay = new Relay(member.port());
        Client client = client(relay.endpoint());
        Watch watch = client.watch("a");
        relay.close();
        CompletableFuture<Optional<WatchResponse>> reader =
                CompletableFuture.supplyAsync(watch::next);
        watch.close();
        assertEquals(Optional.empty(), reader.get());
    }

    @Test
    void unreadWatchHoldsUpNobodyElse() throws IOException {
        Client client = client(cluster.start().endpoint());
        try (Watch slow = client.watch("a");
                Watch quick = client.watch("a")) {
            String large = "x".repeat(100_000);
            for (int i = 0; i < 100; i++) {
                cluster.put(large, "a");
                assertEquals(
                        i + 2, quick.next().orElseThrow().getEvents(0).getKv().getModRevision());
            }
            client.kv().put("b", "1");
            for (int i = 0; i < 100; i++) {
                assertEquals(
                        i + 2, slow.next().orElseThrow().getEvents(0).getKv().getModRevision());
            }
        }
    }
}
