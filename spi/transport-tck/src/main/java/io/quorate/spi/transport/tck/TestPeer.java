package io.quorate.spi.transport.tck;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.transport.HttpFallback;
import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportHandler;
import io.quorate.spi.transport.TransportMetrics;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.spi.transport.TransportTls;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** One member as a transport sees it: its transport, and everything that the handler hears. */
final class TestPeer implements AutoCloseable {
    final long id;
    final Transport transport;
    final BlockingQueue<Received> messages = new LinkedBlockingQueue<>();
    final BlockingQueue<Received> snapshots = new LinkedBlockingQueue<>();
    final BlockingQueue<Long> unreachable = new LinkedBlockingQueue<>();
    final BlockingQueue<Refused> refusals = new LinkedBlockingQueue<>();
    final BlockingQueue<IOException> failedSnapshots = new LinkedBlockingQueue<>();
    final Set<Long> removed = ConcurrentHashMap.newKeySet();
    final AtomicLong roundTrips = new AtomicLong();
    final AtomicLong sentBytes = new AtomicLong();
    final AtomicLong receivedBytes = new AtomicLong();
    final AtomicLong sendFailures = new AtomicLong();
    private final boolean secure;
    private volatile SnapshotTaker taker = InputStream::readAllBytes;

    private TestPeer(Options options, TransportProvider provider, Map<String, String> settings) {
        this.id = options.id;
        this.secure = options.tls.isPresent();
        this.transport = provider.open(new Env(options, settings), new Handler());
    }

    static TestPeer open(
            Options options, TransportProvider provider, Map<String, String> settings) {
        return new TestPeer(options, provider, settings);
    }

    /** Takes snapshots in this way from now on. */
    void takeSnapshotsBy(SnapshotTaker how) {
        taker = how;
    }

    InetSocketAddress address() {
        return transport.addresses().getFirst();
    }

    Peer asPeer() {
        return at(address());
    }

    /** This member, reached at another address. */
    Peer at(InetSocketAddress address) {
        String scheme = secure ? "https" : "http";
        return new Peer(id, List.of(URI.create(scheme + "://localhost:" + address.getPort())));
    }

    @Override
    public void close() {
        transport.close();
    }

    /** Turns the body of a snapshot into what is noted of it. */
    interface SnapshotTaker {
        byte[] take(InputStream body) throws IOException;
    }

    record Received(long from, byte[] header, byte[] body) {}

    record Refused(long memberId, Refusal reason, String explanation) {}

    /** What tells one member from another. */
    record Options(
            long id,
            long clusterId,
            String version,
            Optional<TransportTls> tls,
            Optional<HttpFallback> http) {
        static Options of(long id) {
            return new Options(id, 0xc1, "3.7.1", Optional.empty(), Optional.empty());
        }

        Options inCluster(long other) {
            return new Options(id, other, version, tls, http);
        }

        Options ofVersion(String other) {
            return new Options(id, clusterId, other, tls, http);
        }

        Options with(TransportTls keys) {
            return new Options(id, clusterId, version, Optional.of(keys), http);
        }

        Options with(HttpFallback pages) {
            return new Options(id, clusterId, version, tls, Optional.of(pages));
        }
    }

    private final class Env implements TransportEnv {
        private final Options options;
        private final Map<String, String> settings;

        Env(Options options, Map<String, String> settings) {
            this.options = options;
            this.settings = settings;
        }

        @Override
        public long clusterId() {
            return options.clusterId;
        }

        @Override
        public Peer self() {
            return new Peer(options.id, List.of(URI.create("http://localhost:1")));
        }

        @Override
        public String version() {
            return options.version;
        }

        @Override
        public List<InetSocketAddress> listen() {
            return List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        }

        @Override
        public Settings settings() {
            return new Settings("transport", settings);
        }

        @Override
        public Optional<TransportTls> tls() {
            return options.tls;
        }

        @Override
        public Optional<HttpFallback> http() {
            return options.http;
        }

        @Override
        public TransportMetrics metrics() {
            return new TransportMetrics() {
                @Override
                public void roundTrip(long to, long nanos) {
                    roundTrips.incrementAndGet();
                }

                @Override
                public void sent(long to, long bytes) {
                    sentBytes.addAndGet(bytes);
                }

                @Override
                public void received(long from, long bytes) {
                    receivedBytes.addAndGet(bytes);
                }

                @Override
                public void sendFailed(long to, long messages) {
                    sendFailures.addAndGet(messages);
                }
            };
        }
    }

    private final class Handler implements TransportHandler {
        private static final byte[] NONE = {};

        @Override
        public Optional<Refusal> admit(Peer from) {
            return removed.contains(from.memberId())
                    ? Optional.of(Refusal.REMOVED)
                    : Optional.empty();
        }

        @Override
        public void received(long from, byte[] message) {
            messages.add(new Received(from, NONE, message));
        }

        @Override
        public void snapshot(long from, byte[] header, InputStream body) throws IOException {
            try {
                snapshots.add(new Received(from, header, taker.take(body)));
            } catch (IOException e) {
                failedSnapshots.add(e);
                throw e;
            }
        }

        @Override
        public void unreachable(long to) {
            unreachable.add(to);
        }

        @Override
        public void refused(long memberId, Refusal reason, String explanation) {
            refusals.add(new Refused(memberId, reason, explanation));
        }
    }
}
