package io.quorate.engine.server;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** One bound address and what is served on it. */
final class Listener implements AutoCloseable {
    private final MemberUrl url;
    private final WebServer web;

    private Listener(MemberUrl url, WebServer web) {
        this.url = url;
        this.web = web;
    }

    /**
     * Finds out, before anything is opened, whether the addresses can be bound (EX-10).
     *
     * @throws ConfigException in etcd's words for one that cannot
     */
    static void probe(List<MemberUrl> urls) {
        for (MemberUrl url : urls) {
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(url.address());
            } catch (IOException e) {
                throw refused(url, e);
            }
        }
    }

    /**
     * Binds and serves.
     *
     * @param routing plain HTTP
     * @param more further settings, such as gRPC
     * @throws ConfigException for an address that cannot be bound
     */
    static Listener start(
            MemberUrl url, HttpRouting.Builder routing, Consumer<WebServerConfig.Builder> more) {
        InetSocketAddress address = url.address();
        WebServerConfig.Builder config =
                builder(routing).address(address.getAddress()).port(address.getPort());
        more.accept(config);
        WebServer web = config.build();
        try {
            return new Listener(url, web.start());
        } catch (RuntimeException e) {
            web.stop();
            for (Throwable t = e; t != null; t = t.getCause()) {
                if (t instanceof IOException io) throw refused(url, io);
            }
            throw e;
        }
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
        if (url.port() != 0) return url;
        String text = url.scheme() + "://" + MemberUrl.hostPort(url.host(), web.port());
        return new MemberUrl(url.scheme(), url.host(), web.port(), text);
    }

    @Override
    public void close() {
        web.stop();
    }

    private static ConfigException refused(MemberUrl url, IOException failure) {
        String address = url.hostPort();
        if (!url.address().isUnresolved()) {
            address = MemberUrl.hostPort(url.address().getAddress().getHostAddress(), url.port());
        }
        String message = String.valueOf(failure.getMessage());
        String reason = message.toLowerCase(Locale.ROOT);
        if (failure instanceof BindException && reason.startsWith("address already in use")) {
            reason = "address already in use";
        } else if (reason.startsWith("permission denied")) {
            reason = "permission denied";
        } else if (reason.startsWith("cannot assign requested address")) {
            reason = "cannot assign requested address";
        }
        return new ConfigException("listen tcp " + address + ": bind: " + reason, failure);
    }
}
