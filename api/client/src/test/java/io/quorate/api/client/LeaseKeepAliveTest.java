package io.quorate.api.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Leases of 2 s kept alive; the fake answers TTL 0 for those it does not know. */
@Timeout(60)
final class LeaseKeepAliveTest {
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

    private void lease(long id) {
        synchronized (cluster.renewals) {
            cluster.renewals.put(id, new AtomicInteger());
        }
    }

    private Client client(String... endpoints) {
        return opened(Client.connect(ClientConfig.of(endpoints)));
    }

    @Test
    void renewalsGoOnAfterTheConnectionWasCut() throws Exception {
        lease(7);
        Relay relay = opened(new Relay(cluster.start().port()));
        Client client = client(relay.endpoint());
        var renewed = new LinkedBlockingQueue<Long>();
        try (var kept = client.leases().keepAlive(7, answer -> renewed.add(answer.getTTL()))) {
            assertEquals(2, renewed.take());
            for (int i = 0; i < 3; i++) {
                relay.cut();
                renewed.clear();
                assertEquals(2, renewed.take());
            }
            assertFalse(kept.ended().isDone());
            assertTrue(relay.accepted() >= 4);
        }
    }

    @Test
    void manyLeasesShareAStream() throws Exception {
        int leases = 1_000;
        // So many may keep a slow machine for a while.
        cluster.ttl = 6;
        for (int i = 1; i <= leases; i++) {
            lease(i);
        }
        Client client = client(cluster.start().endpoint());
        CountDownLatch twice = new CountDownLatch(2 * leases);
        List<LeaseKeepAlive> kept = new ArrayList<>();
        for (int i = 1; i <= leases; i++) {
            AtomicInteger mine = new AtomicInteger();
            kept.add(
                    client.leases()
                            .keepAlive(
                                    i,
                                    answer -> {
                                        if (mine.incrementAndGet() <= 2) {
                                            twice.countDown();
                                        }
                                    }));
        }
        twice.await();
        long streams;
        synchronized (cluster.metadata) {
            streams = cluster.metadata.size();
        }
        assertEquals(1, streams);
        kept.forEach(LeaseKeepAlive::close);
    }

    @Test
    @Tag("LE-07")
    void lostLeaseIsToldOnceAndOthersGoOn() throws Exception {
        lease(7);
        Client client = client(cluster.start().endpoint());
        var renewed = new LinkedBlockingQueue<Long>();
        try (var good = client.leases().keepAlive(7, answer -> renewed.add(answer.getTTL()));
                var gone = client.leases().keepAlive(8)) {
            var failure = assertThrows(ExecutionException.class, () -> gone.ended().get());
            assertEquals(Status.Code.NOT_FOUND, Status.fromThrowable(failure.getCause()).getCode());
            renewed.take();
            assertFalse(good.ended().isDone());
        }
    }

    @Test
    void closedKeepAliveEndsQuietlyAndMayBeBegunAgain() throws Exception {
        lease(7);
        Client client = client(cluster.start().endpoint());
        for (int i = 0; i < 3; i++) {
            var renewed = new LinkedBlockingQueue<Long>();
            var kept = client.leases().keepAlive(7, answer -> renewed.add(answer.getTTL()));
            renewed.take();
            kept.close();
            kept.ended().get();
        }
    }

    @Test
    void leaseThatCannotBeRenewedInTimeIsGivenUp() throws Exception {
        lease(7);
        Relay relay = new Relay(cluster.start().port());
        Client client =
                opened(
                        Client.connect(
                                ClientConfig.of(relay.endpoint())
                                        .withTimeouts(Duration.ofSeconds(1), Duration.ZERO)));
        var renewed = new LinkedBlockingQueue<Long>();
        try (var kept = client.leases().keepAlive(7, answer -> renewed.add(answer.getTTL()))) {
            renewed.take();
            relay.close();
            var failure = assertThrows(ExecutionException.class, () -> kept.ended().get());
            assertEquals(
                    Status.Code.DEADLINE_EXCEEDED,
                    Status.fromThrowable(failure.getCause()).getCode());
        }
    }

    @Test
    void onceIsOnce() throws IOException {
        lease(7);
        Client client = client(cluster.start().endpoint());
        assertEquals(2, client.leases().keepAliveOnce(7).getTTL());
        var gone =
                assertThrows(StatusRuntimeException.class, () -> client.leases().keepAliveOnce(8));
        assertEquals(Status.Code.NOT_FOUND, gone.getStatus().getCode());
        assertEquals("etcdserver: requested lease not found", gone.getStatus().getDescription());
    }
}
