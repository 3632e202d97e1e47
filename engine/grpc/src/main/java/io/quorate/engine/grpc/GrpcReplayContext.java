package io.quorate.engine.grpc;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;

import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

/** A connection context whose reader begins with bytes that were read before. */
final class GrpcReplayContext implements ConnectionContext {
    private final ConnectionContext delegate;
    private final DataReader reader;

    GrpcReplayContext(ConnectionContext delegate, byte[] replay) {
        this.delegate = delegate;
        this.reader = DataReader.create(new ReplayFirst(replay, delegate.serverSocket()));
    }

    @Override
    public DataReader dataReader() {
        return reader;
    }

    @Override
    public ListenerContext listenerContext() {
        return delegate.listenerContext();
    }

    @Override
    public ExecutorService executor() {
        return delegate.executor();
    }

    @Override
    public DataWriter dataWriter() {
        return delegate.dataWriter();
    }

    @Override
    public Router router() {
        return delegate.router();
    }

    @Override
    public Optional<ProxyProtocolData> proxyProtocolData() {
        return delegate.proxyProtocolData();
    }

    @Override
    public HelidonSocket serverSocket() {
        return delegate.serverSocket();
    }

    @Override
    public PeerInfo remotePeer() {
        return delegate.remotePeer();
    }

    @Override
    public PeerInfo localPeer() {
        return delegate.localPeer();
    }

    @Override
    public boolean isSecure() {
        return delegate.isSecure();
    }

    @Override
    public String socketId() {
        return delegate.socketId();
    }

    @Override
    public String childSocketId() {
        return delegate.childSocketId();
    }

    private static final class ReplayFirst implements Supplier<byte[]> {
        private final HelidonSocket socket;
        private byte[] replay;

        ReplayFirst(byte[] replay, HelidonSocket socket) {
            this.replay = replay;
            this.socket = socket;
        }

        @Override
        public byte[] get() {
            byte[] first = replay;
            if (first == null) {
                return read();
            }
            replay = null;
            return first;
        }

        /** A lost connection is no news to Helidon when it is told in these words. */
        private byte[] read() {
            try {
                return socket.get();
            } catch (UncheckedIOException e) {
                throw new CloseConnectionException("connection lost", e);
            }
        }
    }
}
