package io.quorate.api.grpc;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Our client's and our server's end of one connection, joined by two arrays. Nothing moves before
 * {@link #run}, which carries the bytes over in pieces of random size and runs the tasks of both
 * sides, in the test's thread, until nothing is left to do.
 */
final class ConnectionPair {
    final ManualTime time = new ManualTime();
    final GrpcServer server;
    final GrpcServerConnection serverEnd;
    final GrpcClientConnection clientEnd;
    final Pipe toServer = new Pipe();
    final Pipe toClient = new Pipe();
    final List<String> events = new ArrayList<>();
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final Random random;

    ConnectionPair(
            long seed,
            ConnectionSettings serverSettings,
            ClientSettings clientSettings,
            ServerServiceDefinition... services) {
        random = new Random(seed);
        server =
                new GrpcServer(
                        List.of(services),
                        serverSettings,
                        tasks::add,
                        time,
                        time.ticker(),
                        Traffic.NONE);
        serverEnd = server.open(toClient, Attributes.EMPTY, false);
        clientEnd =
                new GrpcClientConnection(
                        toServer,
                        clientSettings,
                        "test:1",
                        false,
                        tasks::add,
                        time,
                        time.ticker(),
                        new GrpcClientConnection.Events() {
                            @Override
                            public void established() {
                                events.add("established");
                            }

                            @Override
                            public void goingAway() {
                                events.add("goingAway");
                            }

                            @Override
                            public void closed(Status reason) {
                                events.add("closed " + reason.getCode());
                            }
                        });
    }

    /** Bytes one side has written and the other has not read. */
    static final class Pipe implements ByteSink {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int writes;
        boolean closed;

        @Override
        public void write(byte[] from, int offset, int length) {
            writes++;
            bytes.write(from, offset, length);
        }

        @Override
        public void close() {
            closed = true;
        }

        byte[] take() {
            byte[] taken = bytes.toByteArray();
            bytes.reset();
            return taken;
        }
    }

    void run() {
        while (true) {
            byte[] up = toServer.take();
            byte[] down = toClient.take();
            if (up.length == 0 && down.length == 0 && tasks.isEmpty()) {
                return;
            }
            for (int at = 0; at < up.length; ) {
                int n = Math.min(up.length - at, 1 + random.nextInt(5_000));
                serverEnd.receive(up, at, n);
                at += n;
            }
            serverEnd.readPaused();
            for (int at = 0; at < down.length; ) {
                int n = Math.min(down.length - at, 1 + random.nextInt(5_000));
                clientEnd.receive(down, at, n);
                at += n;
            }
            clientEnd.readPaused();
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
        }
    }

    void pass(long amount, TimeUnit unit) {
        time.pass(amount, unit);
        run();
    }

    Call call(MethodDescriptor<byte[], byte[]> method, CallOptions options, Metadata metadata) {
        return new Call(clientEnd.newCall(method, options), metadata);
    }

    Call call(MethodDescriptor<byte[], byte[]> method) {
        return call(method, CallOptions.DEFAULT, new Metadata());
    }

    /** A call and what its listener was told. */
    static final class Call extends ClientCall.Listener<byte[]> {
        final ClientCall<byte[], byte[]> call;
        final List<byte[]> messages = new ArrayList<>();
        Metadata headers;
        Metadata trailers;
        Status status;
        int readies;

        Call(ClientCall<byte[], byte[]> call, Metadata metadata) {
            this.call = call;
            call.start(this, metadata);
        }

        Call unary(byte[] request) {
            call.request(2);
            call.sendMessage(request);
            call.halfClose();
            return this;
        }

        @Override
        public void onHeaders(Metadata received) {
            headers = received;
        }

        @Override
        public void onMessage(byte[] message) {
            messages.add(message);
        }

        @Override
        public void onClose(Status end, Metadata received) {
            if (status != null) {
                throw new AssertionError("closed twice: " + status + ", " + end);
            }
            status = end;
            trailers = received;
        }

        @Override
        public void onReady() {
            readies++;
        }
    }
}
