package io.quorate.benchmarks;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.quorate.api.grpc.ByteSink;
import io.quorate.api.grpc.ClientSettings;
import io.quorate.api.grpc.GrpcClientConnection;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * HTTP/2 connections on the project's own client core, set up to cost the measuring machine little:
 * one platform thread for each connection reads, runs the calls' callbacks, and writes in one go
 * what those have sent.
 */
final class Connections implements AutoCloseable {
    /** Messages stay encoded: parsing them would be the client's time, not the server's. */
    private static final MethodDescriptor.Marshaller<byte[]> BYTES =
            new MethodDescriptor.Marshaller<>() {
                @Override
                public InputStream stream(byte[] value) {
                    return new ByteArrayInputStream(value);
                }

                @Override
                public byte[] parse(InputStream stream) {
                    try {
                        return stream.readAllBytes();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            };

    /** Callbacks run in the connection's reader. */
    static final CallOptions IN_READER = CallOptions.DEFAULT.withExecutor(Runnable::run);

    private static final int READ_BYTES = 64 << 10;

    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    private final List<GrpcClientConnection> connections = new ArrayList<>();

    Connections(int port, int connections) throws IOException {
        this(List.of(port), connections);
    }

    /**
     * To several members in turn.
     *
     * @param connections all together, but at least one for each member
     */
    Connections(List<Integer> ports, int connections) throws IOException {
        for (int i = 0; i < Math.max(ports.size(), connections); i++) {
            this.connections.add(connect(ports.get(i % ports.size())));
        }
    }

    private GrpcClientConnection connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        GrpcClientConnection connection =
                new GrpcClientConnection(
                        new SocketSink(socket, socket.getOutputStream()),
                        ClientSettings.DEFAULTS,
                        "127.0.0.1:" + port,
                        false,
                        Runnable::run,
                        timer,
                        Deadline.getSystemTicker(),
                        new GrpcClientConnection.Events() {});
        InputStream in = socket.getInputStream();
        Thread.ofPlatform().daemon().name("connection").start(() -> read(in, connection));
        return connection;
    }

    private static void read(InputStream in, GrpcClientConnection connection) {
        byte[] buffer = new byte[READ_BYTES];
        String reason = "the server closed the connection";
        try {
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                if (!connection.receive(buffer, 0, n)) break;
                connection.readPaused();
            }
        } catch (IOException e) {
            reason = e.getMessage();
        }
        connection.disconnected(reason);
    }

    private record SocketSink(Socket socket, OutputStream out) implements ByteSink {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                // The measurement is over; nothing depends on it.
            }
        }
    }

    /** A connection for the client of that number: clients are spread evenly. */
    Channel of(int client) {
        return connections.get(client % connections.size());
    }

    int size() {
        return connections.size();
    }

    static MethodDescriptor<byte[], byte[]> unary(String fullMethodName) {
        return method(fullMethodName, MethodDescriptor.MethodType.UNARY);
    }

    static MethodDescriptor<byte[], byte[]> stream(String fullMethodName) {
        return method(fullMethodName, MethodDescriptor.MethodType.BIDI_STREAMING);
    }

    static MethodDescriptor<byte[], byte[]> serverStream(String fullMethodName) {
        return method(fullMethodName, MethodDescriptor.MethodType.SERVER_STREAMING);
    }

    private static MethodDescriptor<byte[], byte[]> method(
            String fullMethodName, MethodDescriptor.MethodType type) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(type)
                .setFullMethodName(fullMethodName)
                .setRequestMarshaller(BYTES)
                .setResponseMarshaller(BYTES)
                .build();
    }

    @Override
    public void close() {
        for (GrpcClientConnection connection : connections) {
            connection.shutdownNow(Status.CANCELLED.withDescription("measured"));
        }
        timer.shutdownNow();
    }
}
