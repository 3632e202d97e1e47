package io.quorate.engine.server;

import io.quorate.api.tls.TlsContexts;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Network;
import io.quorate.engine.node.PeerHandler;
import io.quorate.engine.node.Version;
import io.quorate.spi.plugin.Settings;
import io.quorate.spi.transport.HttpFallback;
import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.Transport;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportMetrics;
import io.quorate.spi.transport.TransportProvider;
import io.quorate.spi.transport.TransportTls;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import javax.net.ssl.SSLSocketFactory;

/** The peer addresses of a member, in the hands of the transport that was chosen. */
final class PeerNetwork implements Network {
    private final TransportProvider provider;
    private final Map<String, String> settings;
    private final List<MemberUrl> listen;
    private final boolean reusePort;
    private final Secrets secrets;
    private final MetricRegistry metrics;
    private final HttpFallback pages;
    // Set once, by the thread that starts the node.
    private List<InetSocketAddress> bound = List.of();

    /**
     * @param reusePort whether other processes may listen there too
     * @param pages serves those who come by HTTP
     */
    PeerNetwork(
            TransportProvider provider,
            Map<String, String> settings,
            List<MemberUrl> listen,
            boolean reusePort,
            Secrets secrets,
            MetricRegistry metrics,
            HttpFallback pages) {
        this.provider = provider;
        this.settings = settings;
        this.listen = listen;
        this.reusePort = reusePort;
        this.secrets = secrets;
        this.metrics = metrics;
        this.pages = pages;
    }

    @Override
    public Transport open(long clusterId, Peer self, PeerHandler handler) {
        Transport transport = provider.open(new Env(clusterId, self), handler);
        bound = transport.addresses();
        return transport;
    }

    @Override
    public Optional<SSLSocketFactory> secureSockets() {
        return secrets.peer().map(TlsContexts::outgoing);
    }

    /** {@code host:port} of each address, with the ports that the system chose. */
    List<String> addresses() {
        return bound.stream()
                .map(address ->
                        MemberUrl.hostPort(
                                address.getAddress().getHostAddress(), address.getPort()))
                .toList();
    }

    private final class Env implements TransportEnv {
        private final long clusterId;
        private final Peer self;
        private final TransportMetrics counts;

        Env(long clusterId, Peer self) {
            this.clusterId = clusterId;
            this.self = self;
            this.counts = new PeerMetrics(metrics, self.memberId());
        }

        @Override
        public long clusterId() {
            return clusterId;
        }

        @Override
        public Peer self() {
            return self;
        }

        @Override
        public String version() {
            return Version.ETCD;
        }

        @Override
        public List<InetSocketAddress> listen() {
            return listen.stream().map(MemberUrl::address).toList();
        }

        @Override
        public boolean reusePort() {
            return reusePort;
        }

        @Override
        public Settings settings() {
            return new Settings("transport " + provider.name(), settings);
        }

        @Override
        public Optional<TransportTls> tls() {
            return secrets.ofTransport();
        }

        @Override
        public boolean secure(int index) {
            return listen.get(index).secure();
        }

        @Override
        public TransportMetrics metrics() {
            return counts;
        }

        @Override
        public Optional<HttpFallback> http() {
            return Optional.of(pages);
        }
    }
}
