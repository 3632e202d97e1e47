package io.quorate.transport.link;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.spi.transport.HttpFallback;
import io.quorate.spi.transport.Refusal;
import io.quorate.spi.transport.TransportEnv;
import io.quorate.spi.transport.TransportHandler;
import io.quorate.spi.transport.TransportTls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** One connection that somebody made to this member, from its first byte to its end. */
final class Incoming implements Runnable, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.transport.link");

    /** The first byte of a TLS handshake. */
    private static final int TLS_HANDSHAKE = 22;

    private static final byte[] HTTP2_HEAD = "PRI ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NOTHING = {};

    private final Socket raw;
    private final boolean secure;
    private final TransportEnv env;
    private final LinkSettings settings;
    private final TransportHandler handler;
    private final Deadlines deadlines;
    private final Carrier carrier;
    private volatile long from;

    Incoming(
            Socket raw,
            boolean secure,
            TransportEnv env,
            LinkSettings settings,
            TransportHandler handler,
            Deadlines deadlines,
            Carrier carrier) {
        this.carrier = carrier;
        this.raw = raw;
        this.secure = secure;
        this.env = env;
        this.settings = settings;
        this.handler = handler;
        this.deadlines = deadlines;
    }

    /** The member at the other end, 0 until it was let in. */
    long from() {
        return from;
    }

    @Override
    public void close() {
        try {
            raw.close();
        } catch (IOException e) {
            // It is of no use any more, which is all that was wanted.
        }
    }

    @Override
    public void run() {
        try (raw) {
            Duration patience = settings.connectTimeout().multipliedBy(2);
            Optional<Hello> hello = Optional.empty();
            Connection connection = null;
            Socket secured;
            byte[] head;
            try (var _ = deadlines.closing(raw, patience)) {
                raw.setTcpNoDelay(true);
                raw.setSoTimeout((int) patience.toMillis());
                secured = secured();
                head = secured.getInputStream().readNBytes(Carrier.HEAD_BYTES);
                if (head.length == Carrier.HEAD_BYTES && carrier.recognises(head)) {
                    connection =
                            new Connection(
                                    carrier.accept(
                                            raw, whole(head, secured), secured.getOutputStream()));
                    hello = greet(connection);
                } else if (isAnotherTransport(head)) {
                    secured.getOutputStream().write(carrier.answerToOthers());
                }
            }
            if (hello.isPresent()) {
                serve(connection, hello.get());
            } else if (connection == null) {
                serveStranger(head, secured);
            }
        } catch (IOException e) {
            ended(e);
        }
    }

    private static InputStream whole(byte[] head, Socket secured) throws IOException {
        return new SequenceInputStream(new ByteArrayInputStream(head), secured.getInputStream());
    }

    private void ended(IOException e) {
        if (from != 0) env.metrics().receiveFailed(from);
        if (LOGGER.isLoggable(DEBUG)) {
            String who = from == 0 ? "a stranger" : "peer " + Long.toHexString(from);
            LOGGER.log(
                    DEBUG,
                    "connection of %s from %s ended: %s"
                            .formatted(who, raw.getRemoteSocketAddress(), e.getMessage()));
        }
    }

    private Socket secured() throws IOException {
        if (!secure) return raw;
        TransportTls tls = env.tls().orElseThrow();
        InputStream nothingReadYet = new ByteArrayInputStream(NOTHING);
        SSLSocket secured =
                (SSLSocket) tls.server().getSocketFactory().createSocket(raw, nothingReadYet, true);
        SSLParameters parameters = tls.serverParameters();
        parameters.setApplicationProtocols(serverProtocols());
        secured.setSSLParameters(parameters);
        try {
            secured.startHandshake();
        } catch (IOException e) {
            // TL-20
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("remote-addr", remote());
            fields.put("server-name", serverName(secured));
            fields.put("error", String.valueOf(e.getMessage()));
            LOGGER.log(WARNING, "rejected connection on peer endpoint", fields);
            throw e;
        }
        return secured;
    }

    /** As Go prints addresses. */
    private String remote() {
        String host = raw.getInetAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + raw.getPort();
    }

    private static String serverName(SSLSocket socket) {
        if (!(socket.getHandshakeSession() instanceof ExtendedSSLSession session)) return "";
        return session.getRequestedServerNames().stream()
                .filter(SNIHostName.class::isInstance)
                .map(name -> ((SNIHostName) name).getAsciiName())
                .findFirst()
                .orElse("");
    }

    /** Who also speaks HTTP/1.1 is a tool that wants a page, so that comes first. */
    private String[] serverProtocols() {
        List<String> own = carrier.applicationProtocols();
        if (own.isEmpty()) return new String[0];
        return Stream.concat(Stream.of("http/1.1"), own.stream()).toArray(String[]::new);
    }

    private void serveStranger(byte[] head, Socket secured) throws IOException {
        if (head.length < Carrier.HEAD_BYTES) return;
        Optional<HttpFallback> http = env.http();
        if (isAnotherTransport(head)) {
            explain(
                    "speaks %s, but this member uses the transport \"%s\"; start all members of a cluster with the same --transport"
                            .formatted(
                                    Wire.isHead(head) ? "the protocol of \"tcp\"" : "HTTP/2",
                                    carrier.name()));
        } else if (head[0] == TLS_HANDSHAKE) {
            explain(
                    "speaks TLS, but this member listens without; use the same scheme (http or"
                            + " https) in all peer URLs");
        } else if (isHttp1(head) && http.isPresent()) {
            raw.setSoTimeout(0);
            http.get().serve(whole(head, secured), secured.getOutputStream());
        }
    }

    private void explain(String what) {
        handler.refused(
                0,
                Refusal.OTHER_TRANSPORT,
                "the one who connected from " + raw.getRemoteSocketAddress() + " " + what);
    }

    private boolean isAnotherTransport(byte[] head) {
        return head.length == Carrier.HEAD_BYTES
                && !carrier.recognises(head)
                && (Wire.isHead(head) || Arrays.equals(head, HTTP2_HEAD));
    }

    private static boolean isHttp1(byte[] head) {
        for (byte b : head) {
            if ((b < 'A' || b > 'Z') && b != ' ') return false;
        }
        return true;
    }

    private Optional<Hello> greet(Connection connection) throws IOException {
        Wire wire = connection.wire();
        wire.readPreface();
        Wire.Frame first = wire.read(Wire.HELLO_BYTES_MAX);
        if (first.kind() != Wire.Kind.HELLO) throw new IOException("no greeting");
        Hello hello = Hello.decode(first.payload());
        wire.writePreface();
        Optional<Refused> refused = judge(hello);
        if (refused.isPresent()) {
            wire.write(Wire.Kind.REFUSED, refused.get().encode());
            wire.flush();
            handler.refused(
                    hello.from().memberId(), refused.get().reason(), refused.get().getMessage());
            connection.awaitEnd();
            return Optional.empty();
        }
        from = hello.from().memberId();
        wire.write(Wire.Kind.WELCOME, env.version());
        wire.flush();
        return Optional.of(hello);
    }

    private Optional<Refused> judge(Hello hello) {
        if (hello.clusterId() != env.clusterId()) {
            return refused(
                    Refusal.CLUSTER_ID_MISMATCH,
                    "member %x belongs to cluster %x, but member %x to cluster %x; check the peer URLs and --initial-cluster-token of both, and whether one has the data directory of another cluster"
                            .formatted(
                                    hello.from().memberId(),
                                    hello.clusterId(),
                                    env.self().memberId(),
                                    env.clusterId()));
        }
        if (hello.to() != env.self().memberId()) {
            return refused(
                    Refusal.MEMBER_ID_MISMATCH,
                    "member %x looks for member %x, but at this address is member %x; check the peer URLs of both in the member list"
                            .formatted(hello.from().memberId(), hello.to(), env.self().memberId()));
        }
        if (!major(hello.version()).equals(major(env.version()))) {
            return refused(
                    Refusal.INCOMPATIBLE_VERSION,
                    "member %x runs release %s, which does not go together with release %s of member %x; run releases of one major version"
                            .formatted(
                                    hello.from().memberId(),
                                    hello.version(),
                                    env.version(),
                                    env.self().memberId()));
        }
        return handler.admit(hello.from())
                .map(reason ->
                        new Refused(
                                reason,
                                "member %x does not let member %x in: %s"
                                        .formatted(
                                                env.self().memberId(),
                                                hello.from().memberId(),
                                                reason)));
    }

    private static Optional<Refused> refused(Refusal reason, String explanation) {
        return Optional.of(new Refused(reason, explanation));
    }

    private static String major(String version) {
        int dot = version.indexOf('.');
        return dot < 0 ? version : version.substring(0, dot);
    }

    private void serve(Connection connection, Hello hello) throws IOException {
        connection.readTimeout((int) settings.idleTimeout().toMillis());
        switch (hello.lane()) {
            case MESSAGES -> messages(connection);
            case SNAPSHOT -> snapshot(connection);
        }
    }

    private void messages(Connection connection) throws IOException {
        while (true) {
            Wire.Frame frame = connection.wire().read(Wire.FRAME_BYTES_MAX);
            switch (frame.kind()) {
                case MESSAGE -> {
                    env.metrics().received(from, frame.payload().length);
                    handler.received(from, frame.payload());
                }
                case PING -> connection.send(Wire.Kind.PONG, frame.payload());
                default -> throw new IOException("among messages came " + frame.kind());
            }
        }
    }

    private void snapshot(Connection connection) throws IOException {
        Wire.Frame first = connection.wire().read(Wire.FRAME_BYTES_MAX);
        if (first.kind() != Wire.Kind.SNAPSHOT_HEADER) throw new IOException("no snapshot header");
        SnapshotStream body =
                new SnapshotStream(connection, bytes -> env.metrics().received(from, bytes));
        // The sender must not take a long installation for a dead peer.
        Duration interval = settings.pingInterval();
        try (var _ = deadlines.repeating(interval, () -> sayAlive(connection))) {
            handler.snapshot(from, first.payload(), body);
            if (!body.atEnd()) throw new IOException("the snapshot was not read to its end");
        } catch (IOException | RuntimeException e) {
            String why = String.valueOf(e.getMessage());
            connection.send(Wire.Kind.SNAPSHOT_REFUSED, why.getBytes(StandardCharsets.UTF_8));
            connection.awaitEnd();
            throw e instanceof IOException io ? io : new IOException(e);
        }
        connection.send(Wire.Kind.SNAPSHOT_TAKEN, NOTHING);
        connection.awaitEnd();
    }

    private static void sayAlive(Connection connection) {
        try {
            connection.send(Wire.Kind.PONG, NOTHING);
        } catch (IOException e) {
            connection.close();
        }
    }
}
