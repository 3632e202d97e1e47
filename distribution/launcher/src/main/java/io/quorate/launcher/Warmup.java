package io.quorate.launcher;

import io.quorate.engine.server.EtcdServer;
import io.quorate.engine.server.ServerConfig;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A short life of a real member, for the JVM to record its start-up cache from: it starts in a
 * temporary directory on loopback ports of its own, answers some gRPC and HTTP requests, and stops.
 * {@code bin/etcd} runs this once in a new place.
 */
public final class Warmup {
    private static final int CALLS = 300;

    private Warmup() {}

    public static void main(String[] args) throws Exception {
        Path directory = Files.createTempDirectory("quorate-warmup");
        int clientPort = freePort();
        int peerPort = freePort();
        String client = "http://127.0.0.1:" + clientPort;
        String peer = "http://127.0.0.1:" + peerPort;
        String[] flags = {
            "--name=warmup",
            "--data-dir=" + directory.resolve("data"),
            "--listen-client-urls=" + client,
            "--advertise-client-urls=" + client,
            "--listen-peer-urls=" + peer,
            "--initial-advertise-peer-urls=" + peer,
            "--initial-cluster=warmup=" + peer
        };
        JulConfig.install();
        Values values = CommandLine.parse(List.of(flags)).values();
        ServerConfig config = Configuration.build(values, false, Optional.empty(), Log.process());
        try (EtcdServer member = EtcdServer.start(config)) {
            member.ready().join();
            try (GrpcWire wire = new GrpcWire(clientPort)) {
                for (int call = 0; call < CALLS; call++) {
                    wire.call(
                            "/etcdserverpb.KV/Put", putRequest("key" + call % 20, "value" + call));
                    wire.call("/etcdserverpb.KV/Range", bytesField(1, "key" + call % 20));
                }
                wire.call("/etcdserverpb.KV/DeleteRange", bytesField(1, "key0"));
                wire.call("/etcdserverpb.KV/Txn", new byte[0]);
                wire.call("/etcdserverpb.Maintenance/Status", new byte[0]);
                wire.call("/etcdserverpb.Cluster/MemberList", new byte[0]);
            }
            for (String path : List.of("/version", "/health", "/metrics")) get(client + path);
        } finally {
            deleteTree(directory);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void get(String url) throws IOException {
        try (var body = URI.create(url).toURL().openStream()) {
            body.readAllBytes();
        }
    }

    private static void deleteTree(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    private static byte[] putRequest(String key, String value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(bytesField(1, key));
        out.writeBytes(bytesField(2, value));
        return out.toByteArray();
    }

    /** A protobuf field of bytes shorter than 128. */
    private static byte[] bytesField(int number, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[] field = new byte[2 + bytes.length];
        field[0] = (byte) (number << 3 | 2);
        field[1] = (byte) bytes.length;
        System.arraycopy(bytes, 0, field, 2, bytes.length);
        return field;
    }

    /** Just enough of HTTP/2 to make one unary call after another. */
    private static final class GrpcWire implements AutoCloseable {
        private static final int DATA = 0;
        private static final int HEADERS = 1;
        private static final int SETTINGS = 4;
        private static final int ACK_OR_END_STREAM = 1;
        private static final int END_HEADERS = 4;

        private final Socket socket;
        private final DataInputStream in;
        private final OutputStream out;
        private int nextStream = 1;

        GrpcWire(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(30_000);
            in = new DataInputStream(socket.getInputStream());
            out = socket.getOutputStream();
            ByteArrayOutputStream hello = new ByteArrayOutputStream();
            hello.writeBytes(
                    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            frame(hello, SETTINGS, 0, 0, new byte[0]);
            out.write(hello.toByteArray());
        }

        void call(String method, byte[] message) throws IOException {
            int stream = nextStream;
            nextStream += 2;
            byte[] framed = new byte[5 + message.length];
            framed[4] = (byte) message.length;
            System.arraycopy(message, 0, framed, 5, message.length);
            ByteArrayOutputStream request = new ByteArrayOutputStream();
            frame(request, HEADERS, END_HEADERS, stream, headers(method));
            frame(request, DATA, ACK_OR_END_STREAM, stream, framed);
            out.write(request.toByteArray());
            boolean ended = false;
            while (!ended) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                int id = in.readInt();
                in.skipNBytes(length);
                if (type == SETTINGS && flags == 0) acknowledgeSettings();
                ended =
                        id == stream
                                && (type == HEADERS || type == DATA)
                                && (flags & ACK_OR_END_STREAM) != 0;
            }
        }

        private void acknowledgeSettings() throws IOException {
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            frame(frame, SETTINGS, ACK_OR_END_STREAM, 0, new byte[0]);
            out.write(frame.toByteArray());
        }

        private static byte[] headers(String method) {
            ByteArrayOutputStream block = new ByteArrayOutputStream();
            block.write(0x83); // :method POST
            block.write(0x86); // :scheme http
            literal(block, ":path", method);
            literal(block, ":authority", "localhost");
            literal(block, "content-type", "application/grpc");
            literal(block, "te", "trailers");
            return block.toByteArray();
        }

        private static void literal(ByteArrayOutputStream block, String name, String value) {
            block.write(0);
            block.write(name.length());
            block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
            block.write(value.length());
            block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
        }

        private static void frame(
                ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
            out.write(payload.length >> 16);
            out.write(payload.length >> 8);
            out.write(payload.length);
            out.write(type);
            out.write(flags);
            out.write(stream >> 24);
            out.write(stream >> 16);
            out.write(stream >> 8);
            out.write(stream);
            out.writeBytes(payload);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
