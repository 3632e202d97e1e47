package io.quorate.engine.server;

import static java.lang.System.Logger.Level.TRACE;

import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.TlsNioSocket;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;

import javax.net.ssl.SSLEngine;

/** One connection of a {@link SecureSelector}; the thread of its socket does it all. */
final class SecureConnection implements ServerConnection, InterruptableTask<Void> {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");

    private final SecureSelector selector;
    private final ConnectionContext plain;
    private final long openedNanos = System.nanoTime();
    private volatile ServerConnection inside;

    SecureConnection(SecureSelector selector, ConnectionContext plain) {
        this.selector = selector;
        this.plain = plain;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        HelidonSocket secure = secured();
        try {
            SecureContext context = new SecureContext(plain, secure);
            // The first read shakes hands.
            ServerConnection served = selector.choose(context.dataReader()).connection(context);
            inside = served;
            served.handle(limit);
        } finally {
            close(secure);
        }
    }

    private HelidonSocket secured() {
        HelidonSocket socket = plain.serverSocket();
        SSLEngine engine;
        try {
            engine = selector.tls().createSSLEngine(selector.file(), -1);
        } catch (UncheckedIOException e) {
            // Which has been logged.
            throw new CloseConnectionException("no certificate to show", e);
        }
        HelidonSocket secure =
                TlsNioSocket.server(
                        new SocketAsChannel(socket),
                        engine,
                        socket.childSocketId(),
                        socket.socketId());
        engine.setHandshakeApplicationProtocolSelector((one, offered) ->
                offered.stream().filter(selector.protocols()::contains).findFirst().orElse(null));
        return secure;
    }

    private static void close(HelidonSocket socket) {
        try {
            socket.close();
        } catch (UncheckedIOException e) {
            LOG.log(TRACE, "the client was faster", e);
        }
    }

    @Override
    public Duration idleTime() {
        return Optional.ofNullable(inside)
                .map(ServerConnection::idleTime)
                .orElseGet(() -> Duration.ofNanos(System.nanoTime() - openedNanos));
    }

    @Override
    public void close(boolean interrupt) {
        ServerConnection served = inside;
        if (served != null) {
            served.close(interrupt);
        } else {
            close(plain.serverSocket());
        }
    }

    @Override
    public boolean canInterrupt() {
        return inside instanceof InterruptableTask<?> task && task.canInterrupt();
    }
}
