package io.quorate.api.client;

import io.grpc.Deadline;
import io.grpc.Status;
import io.quorate.api.grpc.ByteSink;
import io.quorate.api.grpc.ClientSettings;
import io.quorate.api.grpc.GrpcClientConnection;
import io.quorate.api.tls.ChannelSocket;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A socket, with or without TLS, under a {@link GrpcClientConnection}: one thread reads, whoever
 * has something to say writes.
 */
final class SocketConnection implements ByteSink {
    private static final int READ_BYTES = 32 << 10;

    private final Socket raw;
    private final InputStream in;
    private final OutputStream out;

    private SocketConnection(Socket raw, Socket stream) throws IOException {
        this.raw = raw;
        this.in = stream.getInputStream();
        this.out = stream.getOutputStream();
    }

    /**
     * Connects, by the calling thread, and waits until the server has spoken HTTP/2. A process that
     * hangs, or is about to end, still accepts connections; a write sent there would be lost, and
     * nobody could tell that it surely was.
     *
     * @param timeout for each of connecting, TLS and the server's first word
     * @param readers makes the thread that reads
     * @throws IOException when no address of the host takes the connection in time, TLS fails, or
     *     what is there speaks no HTTP/2
     */
    static GrpcClientConnection open(
            Endpoint endpoint,
            Optional<Tls> tls,
            Duration timeout,
            ClientSettings settings,
            Executor executor,
            ScheduledExecutorService timer,
            ThreadFactory readers)
            throws IOException {
        Socket raw =
                endpoint.file().isPresent()
                        ? connect(endpoint.file().get(), timeout, timer)
                        : connect(endpoint, timeout);
        SocketConnection socket;
        // Reads from a channel have no timeout of their own.
        Runnable inTime = raw instanceof ChannelSocket ? closeAfter(timeout, raw, timer) : () -> {};
        try {
            raw.setSoTimeout(Math.clamp(timeout.toMillis(), 1, Integer.MAX_VALUE));
            socket =
                    new SocketConnection(
                            raw, endpoint.tls() ? TlsSockets.wrap(raw, endpoint, tls) : raw);
            raw.setSoTimeout(0);
            inTime.run();
        } catch (IOException | RuntimeException e) {
            inTime.run();
            raw.close();
            throw e;
        }
        CompletableFuture<Void> spoken = new CompletableFuture<>();
        GrpcClientConnection connection =
                new GrpcClientConnection(
                        socket,
                        settings,
                        endpoint.authority(),
                        endpoint.tls(),
                        executor,
                        timer,
                        Deadline.getSystemTicker(),
                        new GrpcClientConnection.Events() {
                            @Override
                            public void established() {
                                spoken.complete(null);
                            }

                            @Override
                            public void closed(Status reason) {
                                spoken.completeExceptionally(
                                        new IOException(reason.getDescription()));
                            }
                        });
        readers.newThread(() -> socket.read(connection)).start();
        connection.flush();
        await(spoken, timeout, connection);
        return connection;
    }

    private static void await(
            CompletableFuture<Void> spoken, Duration timeout, GrpcClientConnection connection)
            throws IOException {
        String failure;
        try {
            spoken.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return;
        } catch (TimeoutException e) {
            failure = "no HTTP/2 SETTINGS within " + timeout.toMillis() + " ms";
        } catch (ExecutionException e) {
            failure = e.getCause().getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = "interrupted";
        }
        connection.disconnected(failure);
        throw new IOException(failure);
    }

    private static Socket connect(Path file, Duration timeout, ScheduledExecutorService timer)
            throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Runnable inTime = closeAfter(timeout, channel, timer);
        try {
            channel.connect(UnixDomainSocketAddress.of(file));
            return new ChannelSocket(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        } finally {
            inTime.run();
        }
    }

    /** Returns what is to be called by who has come in time. */
    private static Runnable closeAfter(
            Duration timeout, Closeable socket, ScheduledExecutorService timer) {
        ScheduledFuture<?> close =
                timer.schedule(
                        () -> {
                            socket.close();
                            return null;
                        },
                        timeout.toNanos(),
                        TimeUnit.NANOSECONDS);
        return () -> close.cancel(false);
    }

    private static Socket connect(Endpoint endpoint, Duration timeout) throws IOException {
        int millis = Math.clamp(timeout.toMillis(), 1, Integer.MAX_VALUE);
        IOException first = null;
        for (InetAddress address : addresses(endpoint.host())) {
            Socket socket = new Socket();
            try {
                socket.setTcpNoDelay(true);
                socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
                socket.connect(new InetSocketAddress(address, endpoint.port()), millis);
                return socket;
            } catch (IOException e) {
                socket.close();
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        throw first;
    }

    /** A name from DNS ends with a dot, those in the file of hosts do not. */
    private static InetAddress[] addresses(String host) throws UnknownHostException {
        try {
            return InetAddress.getAllByName(host);
        } catch (UnknownHostException e) {
            if (!host.endsWith(".")) throw e;
            return InetAddress.getAllByName(host.substring(0, host.length() - 1));
        }
    }

    private void read(GrpcClientConnection connection) {
        byte[] buffer = new byte[READ_BYTES];
        String reason = "error reading from server: EOF";
        try {
            while (true) {
                int n = in.read(buffer);
                if (n < 0 || !connection.receive(buffer, 0, n)) {
                    break;
                }
                connection.readPaused();
            }
        } catch (IOException e) {
            reason = "error reading from server: " + e.getMessage();
        }
        connection.disconnected(reason);
        close();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
    }

    @Override
    public void close() {
        try {
            // Not the TLS socket: its close may wait for a writer.
            raw.close();
        } catch (IOException e) {
            // Nothing to do about it; the descriptor is released either way.
        }
    }
}
