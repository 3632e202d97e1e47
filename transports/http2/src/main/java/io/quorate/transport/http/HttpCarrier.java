package io.quorate.transport.http;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.quorate.api.grpc.ByteSink;
import io.quorate.api.grpc.ClientSettings;
import io.quorate.api.grpc.ConnectionSettings;
import io.quorate.api.grpc.GrpcClientConnection;
import io.quorate.api.grpc.GrpcServer;
import io.quorate.api.grpc.GrpcServerConnection;
import io.quorate.api.grpc.Traffic;
import io.quorate.transport.link.Carrier;
import io.quorate.transport.link.Pipe;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * The frames of a link inside one HTTP/2 stream: a POST to {@link #PATH} whose request and response
 * go on as long as the connection lives. The connections are those of {@code api/grpc}; each chunk
 * of bytes is a gRPC message there.
 */
final class HttpCarrier implements Carrier {
    private static final String SERVICE = "quorate.v1.Peer";
    private static final String PATH = SERVICE + "/Connect";
    private static final byte[] HEAD = "PRI ".getBytes(StandardCharsets.US_ASCII);

    /** RFC 9113 §4.1, §6.5: what a server says first is a SETTINGS frame of stream 0. */
    private static final int FRAME_HEAD_BYTES = 9;

    private static final int FRAME_TYPE_AT = 3;
    private static final int SETTINGS = 4;

    private static final int READ_BYTES = 64 << 10;
    private static final int WINDOW_BYTES = 1 << 20;
    private static final int BUFFER_BYTES = 8 << 20;
    private static final int QUEUE_BYTES = 256 << 10;

    private static final Attributes.Key<Accepted> ACCEPTED = Attributes.Key.create("accepted");

    private static final MethodDescriptor<byte[], byte[]> CONNECT =
            MethodDescriptor.newBuilder(ChunkMarshaller.INSTANCE, ChunkMarshaller.INSTANCE)
                    .setType(MethodType.BIDI_STREAMING)
                    .setFullMethodName(PATH)
                    .build();

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("peer-http2-timer").factory());
    private final GrpcServer server =
            new GrpcServer(
                    List.of(service()),
                    ConnectionSettings.DEFAULTS
                            .withMaxMessageBytes(2 * CallPipe.CHUNK_BYTES)
                            .withMaxConcurrentStreams(1)
                            .withBuffers(WINDOW_BYTES, BUFFER_BYTES, QUEUE_BYTES, BUFFER_BYTES),
                    threads,
                    timer,
                    Deadline.getSystemTicker(),
                    Traffic.NONE);
    private final ClientSettings client =
            ClientSettings.DEFAULTS
                    .withMaxMessageBytes(2 * CallPipe.CHUNK_BYTES, 2 * CallPipe.CHUNK_BYTES)
                    .withWindows(WINDOW_BYTES, WINDOW_BYTES);

    @Override
    public String name() {
        return "http2";
    }

    @Override
    public List<String> applicationProtocols() {
        return List.of("h2");
    }

    @Override
    public boolean recognises(byte[] head) {
        return Arrays.equals(head, HEAD);
    }

    @Override
    public byte[] answerToOthers() {
        return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        server.stopNow();
        timer.shutdownNow();
        threads.shutdown();
    }

    // ---- who connects to us

    @Override
    public Pipe accept(Socket raw, InputStream in, OutputStream out) throws IOException {
        Accepted accepted = new Accepted(new CompletableFuture<>());
        Attributes attributes = Attributes.newBuilder().set(ACCEPTED, accepted).build();
        GrpcServerConnection connection = server.open(new SocketSink(raw, out), attributes, false);
        raw.setSoTimeout(0);
        threads.execute(() -> {
            String end = read(in, connection::receive, connection::readPaused);
            connection.disconnected();
            accepted.call.completeExceptionally(new IOException(end));
        });
        try {
            return accepted.call.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        }
    }

    /** A connection whose one stream is waited for. */
    private record Accepted(CompletableFuture<CallPipe> call) {}

    private static ServerServiceDefinition service() {
        return ServerServiceDefinition.builder(SERVICE)
                .addMethod(CONNECT, (call, headers) -> started(call))
                .build();
    }

    private static ServerCall.Listener<byte[]> started(ServerCall<byte[], byte[]> call) {
        CallPipe pipe = new CallPipe(new ServerSide(call));
        call.sendHeaders(new Metadata());
        call.request(CallPipe.AHEAD);
        if (!call.getAttributes().get(ACCEPTED).call.complete(pipe)) {
            call.close(
                    Status.RESOURCE_EXHAUSTED.withDescription("one stream for each connection"),
                    new Metadata());
        }
        return new ServerCall.Listener<>() {
            @Override
            public void onMessage(byte[] chunk) {
                pipe.received(chunk);
            }

            @Override
            public void onHalfClose() {
                pipe.completed();
            }

            @Override
            public void onCancel() {
                pipe.failed("the peer closed the connection");
            }
        };
    }

    private record ServerSide(ServerCall<byte[], byte[]> call) implements CallPipe.Call {
        @Override
        public void send(byte[] chunk) {
            call.sendMessage(chunk);
        }

        @Override
        public void request(int chunks) {
            call.request(chunks);
        }

        /** Whoever accepted the socket closes it, and so ends the rest. */
        @Override
        public void cut() {}
    }

    // ---- whom we connect to

    @Override
    public Pipe connect(Socket raw, InputStream in, OutputStream out, URI url) throws IOException {
        GrpcClientConnection connection =
                new GrpcClientConnection(
                        new SocketSink(raw, out),
                        client,
                        url.getRawAuthority(),
                        "https".equals(url.getScheme()),
                        threads,
                        timer,
                        Deadline.getSystemTicker(),
                        new GrpcClientConnection.Events() {});
        connection.flush();
        byte[] first = in.readNBytes(FRAME_HEAD_BYTES);
        if (first.length == 0) {
            connection.disconnected("closed");
            throw new EOFException("the connection was closed before its first bytes");
        }
        if (first.length < FRAME_HEAD_BYTES || first[FRAME_TYPE_AT] != SETTINGS) {
            connection.disconnected("not HTTP/2");
            throw new OtherProtocolException(first);
        }
        raw.setSoTimeout(0);
        ClientSide side = new ClientSide(connection, connection.newCall(CONNECT, options()));
        CallPipe pipe = new CallPipe(side);
        side.call.start(new Answers(pipe), new Metadata());
        side.call.request(CallPipe.AHEAD);
        threads.execute(() -> {
            connection.receive(first, 0, first.length);
            connection.disconnected(read(in, connection::receive, connection::readPaused));
        });
        return pipe;
    }

    private static CallOptions options() {
        return CallOptions.DEFAULT;
    }

    private record ClientSide(GrpcClientConnection connection, ClientCall<byte[], byte[]> call)
            implements CallPipe.Call {
        @Override
        public void send(byte[] chunk) {
            call.sendMessage(chunk);
        }

        @Override
        public void request(int chunks) {
            call.request(chunks);
        }

        @Override
        public void cut() {
            connection.disconnected("closed");
        }
    }

    private static final class Answers extends ClientCall.Listener<byte[]> {
        private final CallPipe pipe;

        Answers(CallPipe pipe) {
            this.pipe = pipe;
        }

        @Override
        public void onMessage(byte[] chunk) {
            pipe.received(chunk);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (status.isOk()) pipe.completed();
            else pipe.failed(String.valueOf(status.getDescription()));
        }
    }

    // ---- both

    private interface Receiver {
        boolean receive(byte[] bytes, int offset, int length);
    }

    /** Feeds a connection to its end; tells why it ended. */
    private static String read(InputStream in, Receiver receiver, Runnable paused) {
        byte[] buffer = new byte[READ_BYTES];
        try {
            int count = in.read(buffer);
            while (count >= 0 && receiver.receive(buffer, 0, count)) {
                paused.run();
                count = in.read(buffer);
            }
            return "the peer closed the connection";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** A socket below TLS closes at once; TLS would first wait for a write that hangs. */
    private record SocketSink(Socket raw, OutputStream out) implements ByteSink {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() {
            try {
                raw.close();
            } catch (IOException e) {
                // It is of no use any more, which is all that was wanted.
            }
        }
    }
}
