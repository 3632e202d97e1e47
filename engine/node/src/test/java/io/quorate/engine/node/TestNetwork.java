package io.quorate.engine.node;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportHandler;

import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/** A network in memory whose members can be cut off. */
final class TestNetwork implements AutoCloseable {
    private final Map<Long, Station> stations = new ConcurrentHashMap<>();
    private final Set<Long> isolated = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** The network as one member opens it. */
    Network port() {
        return (clusterId, self, handler) -> {
            Station station = new Station(self.memberId(), handler);
            stations.put(self.memberId(), station);
            return station;
        };
    }

    /** Nothing gets to or from this member until {@link #rejoin}. */
    void isolate(long memberId) {
        isolated.add(memberId);
    }

    void rejoin(long memberId) {
        isolated.remove(memberId);
    }

    private boolean passes(long from, long to) {
        return stations.containsKey(to) && !isolated.contains(from) && !isolated.contains(to);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }

    private final class Station implements Transport {
        private final long id;
        private final TransportHandler handler;
        private final Map<Long, Long> peers = new ConcurrentHashMap<>();
        private final ExecutorService inbox =
                Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());

        Station(long id, TransportHandler handler) {
            this.id = id;
            this.handler = handler;
        }

        @Override
        public void put(Peer peer) {
            peers.put(peer.memberId(), System.nanoTime());
        }

        @Override
        public void remove(long memberId) {
            peers.remove(memberId);
        }

        @Override
        public void send(long to, byte[] message) {
            Station target = stations.get(to);
            if (!peers.containsKey(to)) {
                return;
            }
            if (!passes(id, to)) {
                handler.unreachable(to);
                return;
            }
            try {
                target.inbox.execute(() -> {
                    if (passes(id, to)) {
                        if (target.handler.admit(asPeer()).isEmpty()) {
                            target.handler.received(id, message);
                        } else {
                            handler.refused(to, Refusal.REMOVED, "removed");
                        }
                    }
                });
            } catch (RejectedExecutionException e) {
                handler.unreachable(to);
            }
        }

        private Peer asPeer() {
            return new Peer(id, List.of(java.net.URI.create("http://member:" + id)));
        }

        @Override
        public CompletableFuture<Void> sendSnapshot(long to, byte[] header, SnapshotBody body) {
            CompletableFuture<Void> sent = new CompletableFuture<>();
            threads.execute(() -> {
                try (body;
                        PipedOutputStream out = new PipedOutputStream();
                        PipedInputStream in = new PipedInputStream(out, 1 << 16)) {
                    if (!passes(id, to)) {
                        throw new IOException("cut off");
                    }
                    CompletableFuture<Void> writing =
                            CompletableFuture.runAsync(() -> write(body, out), threads);
                    stations.get(to).handler.snapshot(id, header, in);
                    writing.join();
                    sent.complete(null);
                } catch (IOException | RuntimeException e) {
                    sent.completeExceptionally(new TransportException("not sent", e));
                }
            });
            return sent;
        }

        private static void write(SnapshotBody body, PipedOutputStream out) {
            try (out) {
                body.writeTo(out);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        @Override
        public OptionalLong connectedSince(long memberId) {
            Long since = peers.get(memberId);
            return since == null || !passes(id, memberId)
                    ? OptionalLong.empty()
                    : OptionalLong.of(since);
        }

        @Override
        public List<InetSocketAddress> addresses() {
            return List.of();
        }

        @Override
        public void close() {
            stations.remove(id, this);
            inbox.shutdown();
        }
    }
}
