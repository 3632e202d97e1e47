package io.quorate.api.grpc;

import io.grpc.Attributes;
import io.grpc.ServerServiceDefinition;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The client's end of a connection under test: builds frames by hand, takes apart what the server
 * wrote. There is no socket; the server's tasks run when {@link #runTasks} is called, in the test's
 * thread.
 */
final class TestClient {
    /** A frame the server wrote. */
    record Frame(int type, int flags, int stream, byte[] payload) {
        boolean ack() {
            return (flags & Frames.FLAG_ACK) != 0;
        }

        boolean endStream() {
            return (flags & Frames.FLAG_END_STREAM) != 0;
        }

        int intAt(int offset) {
            return Frames.getInt(payload, offset);
        }

        ErrorCode errorCode() {
            return ErrorCode.values()[intAt(type == Frames.GOAWAY ? 4 : 0)];
        }

        String debug() {
            return new String(
                    payload, 8, payload.length - 8, java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    final ManualTime time = new ManualTime();
    final GrpcServer server;
    final GrpcServerConnection connection;
    final Sink sink = new Sink();
    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final List<Frame> received = new ArrayList<>();
    private final FrameReader reader;
    private final ByteArrayOutputStream batch = new ByteArrayOutputStream();
    private int read;

    TestClient(
            ConnectionSettings settings,
            boolean mayBeForeign,
            ServerServiceDefinition... services) {
        reader =
                new FrameReader(
                        new byte[0],
                        (type, flags, stream, p, offset, length) -> {
                            byte[] payload = new byte[length];
                            System.arraycopy(p, offset, payload, 0, length);
                            received.add(new Frame(type, flags, stream, payload));
                            return true;
                        });
        server =
                new GrpcServer(
                        List.of(services), settings, tasks::add, time, time.ticker(), Traffic.NONE);
        connection = server.open(sink, Attributes.EMPTY, mayBeForeign);
    }

    static TestClient connected(ConnectionSettings settings, ServerServiceDefinition... services) {
        TestClient client = new TestClient(settings, false, services);
        client.bytes(Frames.preface()).bytes(Frames.settings()).send();
        client.frames();
        return client;
    }

    /** Memory instead of a socket; can be told to block like a socket nobody reads. */
    static final class Sink implements ByteSink {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int writes;
        boolean closed;

        @Override
        public synchronized void write(byte[] from, int offset, int length) {
            writes++;
            bytes.write(from, offset, length);
        }

        @Override
        public synchronized void close() {
            closed = true;
        }

        synchronized byte[] all() {
            return bytes.toByteArray();
        }
    }

    // ---- to the server

    TestClient bytes(byte[] some) {
        batch.writeBytes(some);
        return this;
    }

    TestClient frame(int type, int flags, int stream, byte[] payload) {
        byte[] header = new byte[Frames.HEADER_BYTES];
        Frames.putHeader(header, 0, payload.length, type, flags, stream);
        return bytes(header).bytes(payload);
    }

    static byte[] requestBlock(String path, String... more) {
        HeaderBlock block =
                new HeaderBlock()
                        .add(":method", "POST")
                        .add(":scheme", "http")
                        .add(":path", path)
                        .add(":authority", "test")
                        .add("content-type", "application/grpc")
                        .add("te", "trailers");
        for (int i = 0; i < more.length; i += 2) {
            block.add(more[i], more[i + 1]);
        }
        return block.build();
    }

    TestClient headers(int stream, String path, String... more) {
        return frame(Frames.HEADERS, Frames.FLAG_END_HEADERS, stream, requestBlock(path, more));
    }

    static byte[] message(byte[] payload) {
        byte[] framed = new byte[5 + payload.length];
        Frames.putInt(framed, 1, payload.length);
        System.arraycopy(payload, 0, framed, 5, payload.length);
        return framed;
    }

    TestClient data(int stream, byte[] payload, boolean end) {
        return frame(Frames.DATA, end ? Frames.FLAG_END_STREAM : 0, stream, payload);
    }

    /** Hands over what was built, in one piece. */
    boolean send() {
        byte[] all = batch.toByteArray();
        batch.reset();
        boolean open = connection.receive(all, 0, all.length);
        connection.readPaused();
        runTasks();
        return open;
    }

    /** Hands over what was built, byte by byte. */
    void sendByteByByte() {
        byte[] all = batch.toByteArray();
        batch.reset();
        for (int i = 0; i < all.length; i++) {
            connection.receive(all, i, 1);
        }
        connection.readPaused();
        runTasks();
    }

    /** Runs what the server handed to its executor, until nothing is left. */
    void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    void pass(long amount, TimeUnit unit) {
        time.pass(amount, unit);
        runTasks();
    }

    // ---- from the server

    /** The frames written since the last call. */
    List<Frame> frames() {
        byte[] all = sink.all();
        received.clear();
        try {
            reader.receive(all, read, all.length - read);
        } catch (ConnectionException e) {
            throw new AssertionError(e);
        }
        read = all.length;
        return List.copyOf(received);
    }

    Frame only(List<Frame> frames, int type) {
        List<Frame> found = frames.stream().filter(f -> f.type() == type).toList();
        if (found.size() != 1) {
            throw new AssertionError("frames of type " + type + ": " + found + " in " + frames);
        }
        return found.getFirst();
    }

    /** The fields of a block the server wrote: it never uses the dynamic table. */
    static String field(byte[] block, String name) {
        int at = 0;
        while (at < block.length) {
            int first = block[at++] & 255;
            if (first >= 0x80) {
                if (name.equals(":status") && first == 0x88) {
                    return "200";
                }
                continue;
            }
            String key = ":status";
            if (first == 0) {
                int n = block[at] & 127;
                key = new String(block, at + 1, n, java.nio.charset.StandardCharsets.ISO_8859_1);
                at += 1 + n;
            }
            int n = block[at++] & 127;
            if (n == 127) {
                int shift = 0;
                int b;
                do {
                    b = block[at++] & 255;
                    n += (b & 127) << shift;
                    shift += 7;
                } while (b >= 128);
            }
            if (key.equals(name)) {
                return new String(block, at, n, java.nio.charset.StandardCharsets.ISO_8859_1);
            }
            at += n;
        }
        return "";
    }
}
