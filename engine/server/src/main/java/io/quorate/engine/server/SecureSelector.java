package io.quorate.engine.server;

import io.helidon.common.HelidonServiceLoader;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ProtocolConfigs;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.spi.ProtocolConfig;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import io.helidon.webserver.spi.ServerConnectionSelectorProvider;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;

import javax.net.ssl.SSLContext;

/**
 * Puts TLS on each connection of a listener on a socket of the file system ({@code unixs://},
 * TL-17), which the web server does on ports only. What is inside the TLS goes to the selectors
 * that the listener would have had without it.
 */
final class SecureSelector implements ServerConnectionSelector {
    private final SSLContext tls;
    private final String file;
    private final List<ServerConnectionSelector> inside;
    private final Set<String> protocols = new TreeSet<>();

    private SecureSelector(SSLContext tls, String file, List<ServerConnectionSelector> inside) {
        this.tls = tls;
        this.file = file;
        this.inside = inside;
        for (ServerConnectionSelector one : inside) {
            protocols.addAll(one.supportedApplicationProtocols());
        }
    }

    /**
     * The configuration of a listener with TLS in front of all that it serves.
     *
     * @param tls makes an engine for each connection
     * @param file where it listens, for the log
     */
    static WebServerConfig.Builder inFrontOf(WebServerConfig plain, SSLContext tls, String file) {
        var selector = new SecureSelector(tls, file, selectors(plain));
        return WebServerConfig.builder(plain)
                .connectionSelectors(List.of(selector))
                .protocolsDiscoverServices(false)
                .protocols(List.of());
    }

    /** Those that the web server would take, in its order. */
    private static List<ServerConnectionSelector> selectors(WebServerConfig plain) {
        List<ServerConnectionSelector> selectors = new ArrayList<>(plain.connectionSelectors());
        ProtocolConfigs protocols = ProtocolConfigs.create(plain.protocols());
        for (ServerConnectionSelectorProvider<?> provider :
                HelidonServiceLoader.create(
                        ServiceLoader.load(ServerConnectionSelectorProvider.class))) {
            addOf(provider, plain.name(), protocols, selectors);
        }
        return selectors;
    }

    private static <T extends ProtocolConfig> void addOf(
            ServerConnectionSelectorProvider<T> provider,
            String name,
            ProtocolConfigs protocols,
            List<ServerConnectionSelector> selectors) {
        for (T one : protocols.config(provider.protocolType(), provider.protocolConfigType())) {
            selectors.add(provider.create(name, one, protocols));
        }
    }

    /** What a client may be offered by ALPN. */
    Set<String> protocols() {
        return protocols;
    }

    SSLContext tls() {
        return tls;
    }

    String file() {
        return file;
    }

    /**
     * Who serves a connection, by its first bytes, which stay in the reader.
     *
     * @throws CloseConnectionException when nobody does, or the client goes before that is known
     */
    ServerConnectionSelector choose(DataReader reader) {
        if (inside.size() == 1) return inside.getFirst();
        List<ServerConnectionSelector> candidates = new ArrayList<>(inside);
        try {
            reader.ensureAvailable();
            BufferData bytes = reader.getBuffer(reader.available());
            while (true) {
                Iterator<ServerConnectionSelector> all = candidates.iterator();
                while (all.hasNext()) {
                    ServerConnectionSelector one = all.next();
                    int needed = one.bytesToIdentifyConnection();
                    if (needed > 0 && needed >= bytes.available()) continue;
                    Support support = one.supports(bytes);
                    bytes.rewind();
                    if (support == Support.SUPPORTED) return one;
                    if (support == Support.UNSUPPORTED || needed > 0) all.remove();
                }
                if (candidates.isEmpty()) throw new CloseConnectionException("nobody serves that");
                bytes = reader.getBuffer(reader.available() + 1);
            }
        } catch (DataReader.InsufficientDataAvailableException e) {
            throw new CloseConnectionException("the client has gone", e);
        }
    }

    @Override
    public ServerConnection connection(ConnectionContext plain) {
        return new SecureConnection(this, plain);
    }

    // It is the only one of its listener, and asked for nothing but connections.

    @Override
    public int bytesToIdentifyConnection() {
        return 0;
    }

    @Override
    public Support supports(BufferData data) {
        return Support.SUPPORTED;
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return Set.of();
    }
}
