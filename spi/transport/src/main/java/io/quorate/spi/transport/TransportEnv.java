package io.quorate.spi.transport;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.plugin.Stable;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** What the server gives to a transport. */
@Stable(since = "1.0")
public interface TransportEnv {
    /** Unsigned; members of another cluster are refused. */
    long clusterId();

    /** This member, as it describes itself to those it connects to. */
    Peer self();

    /**
     * Release of this server, such as {@code 3.7.1}. Members whose major versions differ refuse
     * each other.
     */
    String version();

    /** Addresses to bind; port 0 lets the system choose. */
    List<InetSocketAddress> listen();

    /**
     * Whether other sockets may be bound to the ports of {@link #listen()} while these are ({@code
     * SO_REUSEPORT}).
     */
    default boolean reusePort() {
        return false;
    }

    /**
     * Whether one of {@link #listen()} takes TLS alone; the others take plain connections alone.
     *
     * @param index its place in the list
     */
    default boolean secure(int index) {
        return tls().isPresent();
    }

    /** The plugin's own settings. */
    Settings settings();

    /** Keys and trust; empty for plain sockets, where peers with {@code https} URLs fail. */
    Optional<TransportTls> tls();

    /** Hears what the transport counts. */
    TransportMetrics metrics();

    /** Who takes connections that speak HTTP, on transports that do not; empty to close them. */
    default Optional<HttpFallback> http() {
        return Optional.empty();
    }
}
