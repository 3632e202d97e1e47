package io.quorate.engine.server;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.socket.SocketWriter;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;

import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/** The context of a connection inside its TLS: another socket, all else the same. */
final class SecureContext implements ConnectionContext {
    private final ConnectionContext plain;
    private final HelidonSocket secure;
    private final DataReader reader;
    private final DataWriter writer;

    SecureContext(ConnectionContext plain, HelidonSocket secure) {
        this.plain = plain;
        this.secure = secure;
        this.reader = DataReader.create(this::read);
        this.writer = SocketWriter.create(secure);
    }

    /** A lost connection, or a handshake that fails, is no news to Helidon in these words. */
    private byte[] read() {
        try {
            return secure.get();
        } catch (UncheckedIOException e) {
            throw new CloseConnectionException("connection lost", e);
        }
    }

    @Override
    public HelidonSocket serverSocket() {
        return secure;
    }

    @Override
    public DataReader dataReader() {
        return reader;
    }

    @Override
    public DataWriter dataWriter() {
        return writer;
    }

    /** With the certificates that the client has shown. */
    @Override
    public PeerInfo remotePeer() {
        return secure.remotePeer();
    }

    @Override
    public PeerInfo localPeer() {
        return secure.localPeer();
    }

    @Override
    public boolean isSecure() {
        return true;
    }

    @Override
    public ListenerContext listenerContext() {
        return plain.listenerContext();
    }

    @Override
    public ExecutorService executor() {
        return plain.executor();
    }

    @Override
    public Router router() {
        return plain.router();
    }

    @Override
    public Optional<ProxyProtocolData> proxyProtocolData() {
        return plain.proxyProtocolData();
    }

    @Override
    public String socketId() {
        return plain.socketId();
    }

    @Override
    public String childSocketId() {
        return plain.childSocketId();
    }
}
