package io.quorate.benchmarks;

import com.google.protobuf.ByteString;

import io.grpc.MethodDescriptor;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DefragmentRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;

/**
 * A whole member with many keys: puts, gets, ranges, deletion of nine keys of ten, compaction while
 * clients go on, defragmentation, and how long it takes to serve again on that data.
 */
final class MemberRun {
    private static final int CONNECTIONS = 8;
    private static final int RANGE_KEYS = 1_000;
    private static final int DELETED_AT_ONCE = 90; // of a hundred neighbours
    private static final int READS = 200_000;

    private final StorageOptions options;
    private final Measured measured = new Measured();
    private final ServerProcess.Member member = ServerProcess.Member.some(1).getFirst();

    private MemberRun(StorageOptions options) {
        this.options = options;
    }

    static Measured run(StorageOptions options) throws IOException {
        Path folder = Files.createTempDirectory(options.directory(), "member-");
        try {
            return new MemberRun(options).measure(folder);
        } finally {
            ServerProcess.delete(folder);
        }
    }

    private Measured measure(Path folder) throws IOException {
        try (ServerProcess server = start(folder);
                Connections connections = new Connections(server.clientPort(), CONNECTIONS)) {
            drive(connections, "put", options.keys(), options.clients(), this::put);
            memoryAndDisk(server, folder, "after put");
            drive(
                    connections,
                    "get",
                    Math.min(READS, options.keys()),
                    options.clients(),
                    this::get);
            ranges(connections);
            deletes(connections);
            compaction(connections);
            memoryAndDisk(server, folder, "after compaction");
            long begin = System.nanoTime();
            Calls.send(
                            connections.of(0),
                            Calls.DEFRAGMENT,
                            DefragmentRequest.getDefaultInstance().toByteArray())
                    .join();
            measured.addMillis("defragment ms", begin);
            memoryAndDisk(server, folder, "after defragment");
        }
        long begin = System.nanoTime();
        try (ServerProcess server = start(folder);
                Connections connections = new Connections(server.clientPort(), 1)) {
            Calls.call(connections.of(0), Calls.RANGE, get(0));
            measured.addMillis("restart to first answer ms", begin);
        }
        return measured;
    }

    private ServerProcess start(Path folder) throws IOException {
        ServerProcess server =
                new ServerProcess(
                        options.server()
                                .orElseThrow(() ->
                                        new IllegalArgumentException(
                                                "member needs --server NAME=FILE")),
                        List.of("--quota-backend-bytes=34359738368"),
                        member,
                        folder);
        server.awaitReady();
        return server;
    }

    private void memoryAndDisk(ServerProcess server, Path folder, String when) throws IOException {
        measured.addMebibytes("RSS " + when + " MiB", server.residentBytes());
        Path member = folder.resolve("data/member");
        Path bbolt = member.resolve("snap");
        Path state = Files.exists(bbolt) ? bbolt : member.resolve("state");
        measured.addMebibytes("state on disk " + when + " MiB", BenchedStorage.bytes(state));
    }

    private void ranges(Connections connections) {
        int count = 500;
        long begin = System.nanoTime();
        Loop loop =
                new Loop(
                        connections,
                        Calls.RANGE,
                        count,
                        16,
                        i -> range(new SplittableRandom(i).nextInt(options.keys() - RANGE_KEYS)));
        Histogram latencies = loop.run();
        measured.addRate("range keys/s", (long) count * RANGE_KEYS, begin);
        measured.addMicros("range of " + RANGE_KEYS, latencies);
    }

    private void deletes(Connections connections) {
        long begin = System.nanoTime();
        long calls = options.keys() / 100;
        Histogram latencies =
                new Loop(
                                connections,
                                Calls.DELETE,
                                calls,
                                16,
                                i ->
                                        DeleteRangeRequest.newBuilder()
                                                .setKey(key(i * 100))
                                                .setRangeEnd(key(i * 100 + DELETED_AT_ONCE))
                                                .build()
                                                .toByteArray())
                        .run();
        measured.addRate("delete keys/s", calls * DELETED_AT_ONCE, begin);
        measured.addMicros("delete of " + DELETED_AT_ONCE, latencies);
    }

    /** Puts of a few clients before and during a physical compaction to the current revision. */
    private void compaction(Connections connections) {
        int clients = Math.min(16, options.clients());
        long few = 20_000;
        Histogram calm = new Loop(connections, Calls.PUT, few, clients, this::put).run();
        measured.addMicros("put before compaction", calm);
        long revision = Calls.revision(connections.of(0), false);
        long begin = System.nanoTime();
        CompletableFuture<byte[]> compacted =
                Calls.send(
                        connections.of(0),
                        Calls.COMPACT,
                        CompactionRequest.newBuilder()
                                .setRevision(revision)
                                .setPhysical(true)
                                .build()
                                .toByteArray());
        Histogram during = new Histogram();
        while (!compacted.isDone()) {
            during.add(new Loop(connections, Calls.PUT, 500, clients, this::put).run());
        }
        compacted.join();
        measured.addMillis("compaction ms", begin);
        measured.addMicros("put in compaction", during);
    }

    private void drive(
            Connections connections,
            String name,
            long count,
            int clients,
            LongFunction<byte[]> request) {
        long begin = System.nanoTime();
        MethodDescriptor<byte[], byte[]> method = name.equals("put") ? Calls.PUT : Calls.RANGE;
        Histogram latencies = new Loop(connections, method, count, clients, request).run();
        measured.addRate(name + "/s", count, begin);
        measured.addMicros(name, latencies);
    }

    private byte[] put(long i) {
        byte[] value = new byte[options.valueBytes()];
        SplittableRandom random = new SplittableRandom(i);
        random.nextBytes(value);
        return PutRequest.newBuilder()
                .setKey(key(i))
                .setValue(ByteString.copyFrom(value))
                .build()
                .toByteArray();
    }

    private byte[] get(long i) {
        return get(new SplittableRandom(i).nextInt(options.keys()));
    }

    private static byte[] get(int key) {
        return RangeRequest.newBuilder().setKey(key(key)).build().toByteArray();
    }

    private static byte[] range(int from) {
        return RangeRequest.newBuilder()
                .setKey(key(from))
                .setRangeEnd(key(from + RANGE_KEYS))
                .build()
                .toByteArray();
    }

    private static ByteString key(long i) {
        String key = String.format(Locale.ROOT, "key-%012d", i);
        return ByteString.copyFrom(key, StandardCharsets.US_ASCII);
    }
}
