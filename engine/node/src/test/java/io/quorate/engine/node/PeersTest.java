package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.Transport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

@Timeout(60)
final class PeersTest {
    /** Members that start together call each other while one is still being made. */
    @Test
    void whoCallsBeforeTheTransportIsThereIsCalledBackAllTheSame() throws Exception {
        Peer caller = new Peer(2, List.of(URI.create("http://member:2")));
        CompletableFuture<Optional<Refusal>> admitted = new CompletableFuture<>();
        Recorded transport = new Recorded();
        try (StateMachine state =
                StateMachine.open(new MemoryStorageProvider().openState(TestStorage.env(null)))) {
            Peers peers =
                    new Peers(
                            new Identity(7, 1),
                            List.of("http://member:1"),
                            state,
                            event -> {},
                            () -> {},
                            new NodeMetrics(new MetricRegistry()).snapshots,
                            () -> 0,
                            (clusterId, self, handler) -> {
                                Thread calling =
                                        Thread.ofPlatform()
                                                .start(() -> {
                                                    try {
                                                        admitted.complete(handler.admit(caller));
                                                    } catch (RuntimeException e) {
                                                        admitted.completeExceptionally(e);
                                                    }
                                                });
                                while (calling.getState() != Thread.State.BLOCKED
                                        && calling.isAlive()) {
                                    Thread.onSpinWait();
                                }
                                return transport;
                            });
            assertEquals(Optional.empty(), admitted.get(30, TimeUnit.SECONDS));
            peers.keep(List.of(new Member(2, "b", List.of("http://member:2"), List.of(), false)));
            assertEquals(List.of(caller), transport.dialled);
            peers.close();
        }
    }

    /** Knows whom it was told to dial. */
    private static final class Recorded implements Transport {
        final List<Peer> dialled = new CopyOnWriteArrayList<>();

        @Override
        public void put(Peer peer) {
            dialled.add(peer);
        }

        @Override
        public void remove(long memberId) {}

        @Override
        public void send(long to, byte[] message) {}

        @Override
        public CompletableFuture<Void> sendSnapshot(long to, byte[] header, SnapshotBody body) {
            throw new AssertionError("nothing is to be sent");
        }

        @Override
        public OptionalLong connectedSince(long memberId) {
            return OptionalLong.empty();
        }

        @Override
        public List<InetSocketAddress> addresses() {
            return List.of();
        }

        @Override
        public void close() {}
    }
}
