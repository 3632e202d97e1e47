package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.protobuf.ByteString;

import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.mvcc.KeyValue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Overwrites the same keys for ever, with a compaction now and then as a client should: the data
 * directory must stop growing, whatever is written in total.
 *
 * <p>{@code -Dputs=N} makes the run longer; the bound stays the same.
 */
final class DiskBoundTest {
    private static final int PUTS = Integer.getInteger("puts", 72_000);
    private static final int ROUNDS = 12;
    private static final int KEYS = 64;
    private static final int CLIENTS = 3;
    private static final int VALUE_BYTES = 4096;
    private static final int SNAPSHOT_COUNT = 2000;

    /**
     * Four log segments of 64 MiB (two in use at a change of segments, one made ahead, one or two
     * released and kept for reuse) and as much again as one for the state. All that 72 000 puts
     * write, once in the log and once in the state, is nearly twice as much.
     */
    private static final long BYTES_MAX = Long.getLong("bytes.max", 336L << 20);

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("FL-04")
    @Tag("KV-40")
    void overwritingForEverKeepsTheDataDirectoryBounded() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("disk bound test: -Dputs=" + PUTS + " -Dseed=" + seed);
        Member member =
                members.start(
                        "bounded",
                        Binaries.ours(),
                        "--snapshot-count=" + SNAPSHOT_COUNT,
                        "--snapshot-catchup-entries=" + SNAPSHOT_COUNT);
        List<Long> sizes = new ArrayList<>();
        long[] written = new long[KEYS];
        List<EtcdClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) clients.add(new EtcdClient(member));
            for (int round = 0; round < ROUNDS; round++) {
                overwrite(clients, PUTS / ROUNDS, seed, written);
                compact(clients.getFirst());
                sizes.add(bytes(member.dataDir()) >> 20);
                bounded(member, () -> "MiB after each round: " + sizes);
            }
        } finally {
            clients.forEach(EtcdClient::close);
        }
        System.out.println("disk bound test: MiB after each round: " + sizes);
        member.kill();
        member.start();
        try (EtcdClient client = new EtcdClient(member)) {
            verify(client, seed, written);
        }
        long bytes = bytes(member.dataDir());
        System.out.println("disk bound test: MiB after the restart: " + (bytes >> 20));
        bounded(member, () -> bytes + " bytes after the restart");
    }

    /** What is left behind is removed beside the writes, and on a slow machine after them. */
    private static void bounded(Member member, Supplier<String> sizes) {
        Cluster.until(
                () -> bytes(member.dataDir()) <= BYTES_MAX, () -> sizes.get() + member.report());
    }

    /** One writer owns a key, so the last value acknowledged is the value of the key. */
    private static void overwrite(List<EtcdClient> clients, int puts, long seed, long[] written)
            throws Exception {
        AtomicInteger left = new AtomicInteger(puts);
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (int key = 0; key < KEYS; key++) {
            CompletableFuture<Void> end = new CompletableFuture<>();
            ends.add(end);
            next(clients.get(key % clients.size()), key, seed, written, left, end);
        }
        CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
                .get(120, TimeUnit.SECONDS);
    }

    private static void next(
            EtcdClient client,
            int key,
            long seed,
            long[] written,
            AtomicInteger left,
            CompletableFuture<Void> end) {
        if (left.getAndDecrement() <= 0) {
            end.complete(null);
            return;
        }
        PutRequest put =
                PutRequest.newBuilder()
                        .setKey(key(key))
                        .setValue(value(seed, key, written[key] + 1))
                        .build();
        Futures.addCallback(
                client.kv.withWaitForReady().put(put),
                new FutureCallback<PutResponse>() {
                    @Override
                    public void onSuccess(PutResponse answer) {
                        written[key]++;
                        next(client, key, seed, written, left, end);
                    }

                    @Override
                    public void onFailure(Throwable cause) {
                        end.completeExceptionally(cause);
                    }
                },
                Runnable::run);
    }

    private static void compact(EtcdClient client) {
        RangeResponse now = client.kvNow.range(RangeRequest.newBuilder().setKey(key(0)).build());
        client.kvNow
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .compact(
                        CompactionRequest.newBuilder()
                                .setRevision(now.getHeader().getRevision())
                                .setPhysical(true)
                                .build());
    }

    private static void verify(EtcdClient client, long seed, long[] written) {
        RangeResponse all =
                client.kvNow
                        .withDeadlineAfter(60, TimeUnit.SECONDS)
                        .withWaitForReady()
                        .range(
                                RangeRequest.newBuilder()
                                        .setKey(ByteString.copyFromUtf8("key-"))
                                        .setRangeEnd(ByteString.copyFromUtf8("key-~"))
                                        .build());
        assertEquals(KEYS, all.getCount());
        long total = 0;
        for (int key = 0; key < KEYS; key++) {
            KeyValue pair = all.getKvs(key);
            assertEquals(key(key), pair.getKey());
            assertEquals(written[key], pair.getVersion(), "version of key " + key);
            assertEquals(value(seed, key, written[key]), pair.getValue(), "value of key " + key);
            total += written[key];
        }
        assertEquals(1 + total, all.getHeader().getRevision());
    }

    private static ByteString key(int number) {
        return ByteString.copyFromUtf8("key-%02d".formatted(number));
    }

    /** Bytes that no compression makes smaller. */
    private static ByteString value(long seed, int key, long version) {
        byte[] bytes = new byte[VALUE_BYTES];
        new Random(seed * 31 + key * 1_000_003L + version).nextBytes(bytes);
        return ByteString.copyFrom(bytes);
    }

    /** What the files hold; the server may remove some meanwhile. */
    private static long bytes(Path folder) {
        try (Stream<Path> paths = Files.list(folder)) {
            long bytes = 0;
            for (Path path : paths.toList()) {
                bytes += Files.isDirectory(path) ? bytes(path) : size(path);
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException removed) {
            return 0;
        }
    }
}
