package io.quorate.engine.server;

import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import io.quorate.api.tls.TlsContexts;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

import javax.net.ssl.SSLContext;

/** One bound address and what is served on it: a port, or a socket of the file system (HT-24). */
final class Listener implements AutoCloseable {
    /** How long a client may take for the head of a request (HT-23). */
    static final Duration READ_HEAD = Duration.ofMinutes(5);

    private final MemberUrl url;
    private final WebServer web;
    private final HeadTimeout heads;

    private Listener(MemberUrl url, WebServer web, HeadTimeout heads) {
        this.url = url;
        this.web = web;
        this.heads = heads;
    }

    /**
     * Finds out, before anything is opened, whether the addresses can be bound (EX-10).
     *
     * @param reusePort whether other processes may listen on the same ports (FL-24)
     * @throws ConfigException in etcd's words for one that cannot
     */
    static void probe(List<MemberUrl> urls, boolean reusePort) {
        for (MemberUrl url : urls) {
            try {
                if (url.local()) {
                    probeFile(url.file());
                } else {
                    probePort(url.address(), reusePort);
                }
            } catch (IOException e) {
                throw refused(url, e);
            }
        }
    }

    private static void probePort(InetSocketAddress address, boolean reuse) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            if (reuse) socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            socket.bind(address);
        }
    }

    /** As etcd, this takes the place of what is left there by an earlier process. */
    private static void probeFile(Path file) throws IOException {
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            Files.deleteIfExists(file);
            socket.bind(UnixDomainSocketAddress.of(file));
        }
        Files.deleteIfExists(file);
    }

    /**
     * Binds and serves.
     *
     * @param routing plain HTTP
     * @param tls for addresses that ask for it
     * @param reusePort as in {@link #probe}
     * @param more further settings, such as gRPC
     * @throws ConfigException for an address that cannot be bound
     */
    static Listener start(
            MemberUrl url,
            HttpRouting.Builder routing,
            Optional<TlsContexts> tls,
            boolean reusePort,
            Consumer<WebServerConfig.Builder> more) {
        return start(url, routing, tls, reusePort, READ_HEAD, more);
    }

    /**
     * As above.
     *
     * @param readHead how long a client may take for the head of a request
     */
    static Listener start(
            MemberUrl url,
            HttpRouting.Builder routing,
            Optional<TlsContexts> tls,
            boolean reusePort,
            Duration readHead,
            Consumer<WebServerConfig.Builder> more) {
        HeadTimeout heads = new HeadTimeout(readHead);
        WebServerConfig.Builder config = builder(routing);
        config.addProtocol(Http1Config.builder().addReceiveListener(heads).build());
        more.accept(config);
        try {
            if (url.local()) {
                config = bindFile(config, url, tls);
            } else {
                bindPort(config, url, tls, reusePort);
            }
            return new Listener(url, started(config, url, reusePort), heads);
        } catch (IOException e) {
            throw refused(url, e);
        } catch (RuntimeException e) {
            for (Throwable t = e; t != null; t = t.getCause()) {
                if (t instanceof IOException io) throw refused(url, io);
            }
            throw e;
        }
    }

    private static WebServerConfig.Builder bindFile(
            WebServerConfig.Builder config, MemberUrl url, Optional<TlsContexts> tls)
            throws IOException {
        Files.deleteIfExists(url.file());
        config.bindAddress(UnixDomainSocketAddress.of(url.file()));
        return url.secure()
                ? SecureSelector.inFrontOf(
                        config.buildPrototype(), context(tls), url.file().toString())
                : config;
    }

    private static SSLContext context(Optional<TlsContexts> tls) {
        return tls.orElseThrow().listener("rejected connection on client endpoint");
    }

    private static void bindPort(
            WebServerConfig.Builder config,
            MemberUrl url,
            Optional<TlsContexts> tls,
            boolean reusePort) {
        InetSocketAddress address = url.address();
        config.address(address.getAddress()).port(address.getPort());
        if (reusePort) config.putListenerSocketOption(StandardSocketOptions.SO_REUSEPORT, true);
        if (url.secure()) {
            config.tls(Tls.builder().sslContext(context(tls)).build());
        }
    }

    private static WebServer started(
            WebServerConfig.Builder config, MemberUrl url, boolean reusePort) throws IOException {
        WebServer web = config.build();
        try {
            web.start();
        } catch (RuntimeException e) {
            web.stop();
            throw e;
        }
        if (web.isRunning()) return web;
        // Helidon only logs why: what took the address since the start is most likely still there.
        probe(List.of(url), reusePort);
        throw new IOException("the line before tells why; start the member again");
    }

    static WebServerConfig.Builder builder(HttpRouting.Builder routing) {
        return WebServer.builder()
                // The process decides when the listeners close, not the JVM's end.
                .shutdownHook(false)
                .featuresDiscoverServices(false)
                // Helidon leaves Nagle's algorithm on: an answer then waits up to 40 ms for the
                // acknowledgement of the one before it, whenever two go out close to each other.
                .connectionOptions(options -> options.tcpNoDelay(true))
                .routing(routing);
    }

    /** Makes a web server that is never started, for the sake of its classes. */
    static void load() {
        builder(HttpRouting.builder()).build();
    }

    /** The address in use, with the port that the system chose where none was given. */
    MemberUrl bound() {
        if (url.local() || url.port() != 0) return url;
        String text = url.scheme() + "://" + MemberUrl.hostPort(url.host(), web.port());
        return new MemberUrl(url.scheme(), url.host(), web.port(), text);
    }

    @Override
    public void close() {
        web.stop();
        heads.close();
    }

    private static ConfigException refused(MemberUrl url, IOException failure) {
        String network = url.local() ? "unix" : "tcp";
        return new ConfigException(
                "listen " + network + " " + printed(url) + ": bind: " + reason(failure), failure);
    }

    private static String printed(MemberUrl url) {
        if (url.local() || url.address().isUnresolved()) return url.hostPort();
        return MemberUrl.hostPort(url.address().getAddress().getHostAddress(), url.port());
    }

    private static String reason(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        String reason = message.toLowerCase(Locale.ROOT);
        if (failure instanceof BindException && reason.startsWith("address already in use")) {
            return "address already in use";
        }
        if (failure instanceof AccessDeniedException || reason.startsWith("permission denied")) {
            return "permission denied";
        }
        if (reason.startsWith("cannot assign requested address")) {
            return "cannot assign requested address";
        }
        // The kernel's name for a path of more than a hundred characters.
        return reason.equals("unix domain path too long") ? "invalid argument" : reason;
    }
}
