package io.quorate.engine.node;

import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.SnapshotBody;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportException;
import io.quorate.spi.transport.TransportHandler;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** A network in memory whose members can be cut off. */
final class TestNetwork implements AutoCloseable {
    private final Map<Long, Station> stations = new ConcurrentHashMap<>();

    /** Within each snapshot that a test holds or breaks. */
    private static final long HALF_BYTES = 1000;

    private final Map<Long, CountDownLatch> held = new ConcurrentHashMap<>();
    private final Map<Long, AtomicInteger> broken = new ConcurrentHashMap<>();
    private final Map<Long, AtomicInteger> snapshots = new ConcurrentHashMap<>();
    private final Set<Long> isolated = ConcurrentHashMap.newKeySet();
    private final Set<Long> deaf = ConcurrentHashMap.newKeySet();
    private final Map<Long, Integer> largest = new ConcurrentHashMap<>();
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

    /** Returns when the member has got all that was sent to it before. */
    void awaitArrivals(long memberId) {
        TestMember.await(arrivals(memberId));
    }

    /** Completes then; at once for a member that is closed. */
    CompletableFuture<Void> arrivals(long memberId) {
        Station station = stations.get(memberId);
        if (station == null) return CompletableFuture.completedFuture(null);
        try {
            return CompletableFuture.runAsync(() -> {}, station.inbox);
        } catch (RejectedExecutionException closed) {
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Messages to this member wait from now on until the latch is open. */
    void holdMessages(long memberId, CountDownLatch latch) {
        stations.get(memberId)
                .inbox
                .submit(() -> {
                    latch.await();
                    return null;
                });
    }

    /**
     * What is sent to this member gets lost until {@link #restore}, and nobody hears that it did.
     */
    void deafen(long memberId) {
        deaf.add(memberId);
    }

    void restore(long memberId) {
        deaf.remove(memberId);
    }

    /** Bytes of the largest message that was sent to this member. */
    int largestTo(long memberId) {
        return largest.getOrDefault(memberId, 0);
    }

    /** Snapshots to this member wait from now on, in the middle, until the latch is open. */
    void holdSnapshots(long memberId, CountDownLatch latch) {
        held.put(memberId, latch);
    }

    /** The next snapshots to this member break off in the middle. */
    void breakSnapshots(long memberId, int count) {
        broken.put(memberId, new AtomicInteger(count));
    }

    /** Snapshots that this member took, or has to take. */
    int snapshotsTo(long memberId) {
        return snapshots.getOrDefault(memberId, new AtomicInteger()).get();
    }

    private InputStream carried(long to, InputStream in) throws IOException {
        snapshots.computeIfAbsent(to, id -> new AtomicInteger()).incrementAndGet();
        CountDownLatch latch = held.get(to);
        AtomicInteger breaks = broken.get(to);
        boolean breaking = breaks != null && breaks.getAndDecrement() > 0;
        return new FilterInputStream(in) {
            private long left = HALF_BYTES;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int from, int length) throws IOException {
                int read = super.read(target, from, (int) Math.min(length, Math.max(1, left)));
                left -= read;
                if (left <= 0 && breaking) {
                    throw new IOException("broken off");
                }
                if (left <= 0 && latch != null) {
                    await(latch);
                }
                return read;
            }
        };
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException("the network closes", e);
        }
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
            if (deaf.contains(to)) {
                return;
            }
            largest.merge(to, message.length, Math::max);
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
                    stations.get(to).handler.snapshot(id, header, carried(to, in));
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
