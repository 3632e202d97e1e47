package io.quorate.launcher;

import io.quorate.engine.server.EtcdServer;
import io.quorate.engine.server.MemberUrl;
import io.quorate.engine.server.ServerConfig;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The run that the start-up cache of the JVM (JEP 483, JEP 514) is recorded from: a member in a
 * throw-away directory is started as {@code bin/etcd} would, serves a few requests of each kind, and
 * stops.
 */
public final class Warmup {
    private static final int ROUNDS = 50;
    private static final int TIMEOUT_MILLIS = 30_000;
    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int ACK = 1;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    /** {@code key: "a", value: "b"}, which is also a range over the keys from a to b. */
    private static final byte[] KEY_A_AND_B = {0x0a, 1, 'a', 0x12, 1, 'b'};

    private Warmup() {}

    /** Exit code 0 when every request was answered. */
    public static void main(String[] arguments) throws Exception {
        JulConfig.install();
        Path directory = java.nio.file.Files.createTempDirectory("quorate-warmup");
        try {
            run(directory);
        } finally {
            delete(directory);
        }
        System.exit(0);
    }

    private static void run(Path directory) throws Exception {
        Log log = Log.process();
        List<String> arguments =
                List.of(
                        "--name=warmup",
                        "--data-dir=" + directory.resolve("data"),
                        "--listen-client-urls=http://127.0.0.1:0",
                        "--advertise-client-urls=http://127.0.0.1:0",
                        "--listen-peer-urls=http://127.0.0.1:0");
        ServerConfig config =
                Configuration.build(
                        CommandLine.parse(arguments).values(), false, Optional.empty(), log);
        try (EtcdServer server = EtcdServer.start(config)) {
            server.ready().get();
            MemberUrl url = server.clientUrls().getFirst();
            for (String path : List.of("/version", "/health", "/metrics")) get(url, path);
            call(url);
        }
    }

    private static void get(MemberUrl url, String path) throws IOException {
        try (Socket socket = new Socket(url.host(), url.port())) {
            String request = "GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            socket.setSoTimeout(TIMEOUT_MILLIS);
            String status = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            if (!status.equals("HTTP/1.1 200")) throw new IOException(path + ": " + status);
        }
    }

    private static void call(MemberUrl url) throws IOException {
        try (Socket socket = new Socket(url.host(), url.port())) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            out.write(PREFACE);
            frame(out, SETTINGS, 0, 0, new byte[0]);
            int stream = 1;
            for (int i = 0; i < ROUNDS; i++) {
                request(out, stream, "/etcdserverpb.KV/Put");
                awaitEnd(in, out, stream);
                request(out, stream + 2, "/etcdserverpb.KV/Range");
                awaitEnd(in, out, stream + 2);
                stream += 4;
            }
        }
    }

    private static void request(OutputStream out, int stream, String path) throws IOException {
        ByteArrayOutputStream headers = new ByteArrayOutputStream();
        headers.write(0x83); // :method POST
        headers.write(0x86); // :scheme http
        literal(headers, new byte[] {0x04}, path); // :path
        literal(headers, new byte[] {0x01}, "a"); // :authority
        literal(headers, new byte[] {0x0f, 0x10}, "application/grpc"); // content-type
        literal(headers, new byte[] {0x00, 2, 't', 'e'}, "trailers");
        frame(out, HEADERS, END_HEADERS, stream, headers.toByteArray());
        byte[] message = new byte[5 + KEY_A_AND_B.length];
        message[4] = (byte) KEY_A_AND_B.length;
        System.arraycopy(KEY_A_AND_B, 0, message, 5, KEY_A_AND_B.length);
        frame(out, DATA, END_STREAM, stream, message);
    }

    private static void literal(ByteArrayOutputStream headers, byte[] name, String value) {
        headers.writeBytes(name);
        headers.write(value.length());
        headers.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    }

    private static void frame(OutputStream out, int type, int flags, int stream, byte[] payload)
            throws IOException {
        byte[] frame = new byte[9 + payload.length];
        frame[1] = (byte) (payload.length >> 8);
        frame[2] = (byte) payload.length;
        frame[3] = (byte) type;
        frame[4] = (byte) flags;
        frame[7] = (byte) (stream >> 8);
        frame[8] = (byte) stream;
        System.arraycopy(payload, 0, frame, 9, payload.length);
        out.write(frame);
    }

    private static void awaitEnd(DataInputStream in, OutputStream out, int stream)
            throws IOException {
        while (true) {
            int lengthAndType = in.readInt();
            int flags = in.readUnsignedByte();
            int id = in.readInt();
            in.skipNBytes(lengthAndType >>> 8);
            int type = lengthAndType & 0xff;
            if (type == SETTINGS && (flags & ACK) == 0) frame(out, SETTINGS, ACK, 0, new byte[0]);
            if (type == HEADERS && id == stream && (flags & END_STREAM) != 0) return;
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> tree = java.nio.file.Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                java.nio.file.Files.delete(path);
            }
        }
    }
}
