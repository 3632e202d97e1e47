package io.quorate.spi.transport.tck;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.transport.Peer;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportMetrics;
import io.quorate.spi.transport.TransportTls;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Asks a transport to listen at one address, with its own defaults. */
record FixedAddress(InetSocketAddress address, boolean reusePort) implements TransportEnv {
    @Override
    public long clusterId() {
        return 0xc1;
    }

    @Override
    public Peer self() {
        return new Peer(1, List.of(URI.create("http://localhost:" + address.getPort())));
    }

    @Override
    public String version() {
        return "3.7.1";
    }

    @Override
    public List<InetSocketAddress> listen() {
        return List.of(address);
    }

    @Override
    public Settings settings() {
        return new Settings("transport", Map.of());
    }

    @Override
    public Optional<TransportTls> tls() {
        return Optional.empty();
    }

    @Override
    public TransportMetrics metrics() {
        return TransportMetrics.NONE;
    }
}
