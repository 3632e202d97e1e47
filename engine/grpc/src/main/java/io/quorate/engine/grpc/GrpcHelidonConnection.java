package io.quorate.engine.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http2.Http2ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.quorate.api.grpc.ByteSink;
import io.quorate.api.grpc.GrpcServer;
import io.quorate.api.grpc.GrpcServerConnection;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.List;

/**
 * An HTTP/2 connection on a Helidon listener: Helidon's thread reads the socket and feeds our core,
 * our core writes to the socket. Until the first request has shown that it is gRPC the bytes are
 * kept; if it is not, they are replayed into Helidon's own HTTP/2 connection, which takes over.
 */
final class GrpcHelidonConnection implements ServerConnection, InterruptableTask<Void> {
    /** A first request that does not come within this many bytes is not worth waiting for. */
    private static final int RECORD_BYTES = 256 << 10;

    private final GrpcServer server;
    private final Http2ConnectionSelector rest;
    private final ConnectionContext context;
    private final HelidonSocket socket;
    private final SocketSink sink;
    private final long openedNanos = System.nanoTime();
    private volatile GrpcServerConnection core;
    private volatile ServerConnection successor;

    GrpcHelidonConnection(
            GrpcServer server, Http2ConnectionSelector rest, ConnectionContext context) {
        this.server = server;
        this.rest = rest;
        this.context = context;
        this.socket = context.serverSocket();
        this.sink = new SocketSink(socket);
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        sink.readBy(Thread.currentThread());
        GrpcServerConnection connection = server.open(sink, attributes(), true);
        core = connection;
        byte[] replay;
        try {
            replay = read(connection);
        } finally {
            sink.readingEnded();
            if (!connection.foreign()) {
                connection.disconnected();
            }
        }
        if (connection.foreign()) {
            ServerConnection next = rest.connection(new GrpcReplayContext(context, replay));
            successor = next;
            next.handle(limit);
        }
    }

    /** Feeds the core until the connection ends or is foreign; returns what was read until then. */
    private byte[] read(GrpcServerConnection connection) {
        ByteArrayOutputStream record = new ByteArrayOutputStream(512);
        boolean recording = true;
        DataReader prefetched = context.dataReader();
        while (true) {
            byte[] bytes = next(prefetched, connection);
            if (bytes == null) {
                break;
            }
            if (recording) {
                record.writeBytes(bytes);
            }
            if (!connection.receive(bytes, 0, bytes.length) || record.size() > RECORD_BYTES) {
                break;
            }
            if (recording && connection.decided()) {
                recording = false;
                record = new ByteArrayOutputStream(0);
            }
        }
        return record.toByteArray();
    }

    /** The next bytes, or null when the client has gone or we have closed the socket. */
    private byte[] next(DataReader prefetched, GrpcServerConnection connection) {
        int available = prefetched.available();
        if (available > 0) {
            return prefetched.readBytes(available);
        }
        connection.readPaused();
        try {
            return socket.get();
        } catch (UncheckedIOException e) {
            // A client that resets its connection, or our own close: both are the end, not an
            // error.
            return null;
        }
    }

    private Attributes attributes() {
        PeerInfo peer = context.remotePeer();
        Attributes.Builder attributes =
                Attributes.newBuilder()
                        .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, peer.address())
                        .set(Grpc.TRANSPORT_ATTR_LOCAL_ADDR, context.localPeer().address());
        peer.tlsCertificates()
                .map(List::<Certificate>of)
                .ifPresent(chain -> attributes.set(GrpcPeer.CERTIFICATES, chain));
        return attributes.build();
    }

    /**
     * Zero for a gRPC connection: a quiet watch is no idle connection, and keepalive finds the dead
     * ones. Before the first request Helidon's timeout applies.
     */
    @Override
    public Duration idleTime() {
        ServerConnection next = successor;
        if (next != null) {
            return next.idleTime();
        }
        GrpcServerConnection connection = core;
        return connection != null && connection.decided()
                ? Duration.ZERO
                : Duration.ofNanos(System.nanoTime() - openedNanos);
    }

    /** Helidon stops: first kindly, then at once. */
    @Override
    public void close(boolean interrupt) {
        ServerConnection next = successor;
        GrpcServerConnection connection = core;
        if (next != null) {
            next.close(interrupt);
        } else if (connection == null) {
            sink.close();
        } else if (interrupt) {
            connection.abandon();
        } else {
            connection.stop();
        }
    }

    @Override
    public boolean canInterrupt() {
        return successor instanceof InterruptableTask<?> task && task.canInterrupt();
    }

    /** Helidon's socket as a sink, and the way to end the reader's wait on it. */
    private static final class SocketSink implements ByteSink {
        private final HelidonSocket socket;
        private Thread reader;
        private boolean writing;
        private boolean closed;

        SocketSink(HelidonSocket socket) {
            this.socket = socket;
        }

        synchronized void readBy(Thread thread) {
            reader = thread;
        }

        synchronized void readingEnded() {
            reader = null;
            // A late interrupt belongs to the socket, not to what this thread does next.
            Thread.interrupted();
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            synchronized (this) {
                if (closed) {
                    throw new IOException("closed");
                }
                writing = true;
            }
            try {
                socket.write(BufferData.create(bytes, offset, length));
            } catch (UncheckedIOException e) {
                throw e.getCause();
            } finally {
                synchronized (this) {
                    writing = false;
                }
            }
        }

        /**
         * Closes the socket. While a write is stuck in it a TLS socket cannot be closed, it waits
         * for that write; then the reader is interrupted in its read, which closes the channel
         * below.
         */
        @Override
        public void close() {
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
                if (writing) {
                    if (reader != null) {
                        reader.interrupt();
                    }
                    return;
                }
            }
            try {
                socket.close();
            } catch (UncheckedIOException e) {
                System.getLogger("io.quorate.engine.grpc")
                        .log(System.Logger.Level.TRACE, "the client was faster", e);
            }
        }
    }
}
