package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.all;
import static io.quorate.engine.grpc.Texts.bytes;
import static io.quorate.engine.grpc.Texts.put;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.SnapshotRequest;
import io.quorate.api.proto.SnapshotResponse;
import io.quorate.api.proto.TxnRequest;
import io.quorate.engine.bolt.BoltCursor;
import io.quorate.engine.bolt.BoltFile;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Snapshots as a client meets them. */
class SnapshotStreamingTest {
    private static final int BLOB_BYTES = 32 << 10;

    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);

    @TempDir Path folder;

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("MA-14")
    @Tag("MA-15")
    @Tag("MA-16")
    void theFileComesInBlobsAndItsDigestLast() throws IOException {
        fill(1000);
        List<SnapshotResponse> messages = new ArrayList<>();
        snapshot().forEachRemaining(messages::add);

        SnapshotResponse last = messages.removeLast();
        long total = 0;
        for (SnapshotResponse message : messages) total += message.getBlob().size();
        assertTrue(total > 1000 * 1024, total + " bytes");
        long remaining = total;
        for (SnapshotResponse message : messages) {
            remaining -= message.getBlob().size();
            assertEquals(remaining, message.getRemainingBytes());
            assertEquals(
                    Math.min(BLOB_BYTES, remaining + message.getBlob().size()),
                    message.getBlob().size());
            assertEquals("3.7.0", message.getVersion());
            assertFalse(message.hasHeader());
        }
        assertEquals(0, last.getRemainingBytes());
        assertEquals("3.7.0", last.getVersion());
        messages.add(last);
        try (BoltFile file = open(messages)) {
            assertEquals(total, file.bytes());
            assertArrayEquals(last.getBlob().toByteArray(), file.computeDigest());
        }
    }

    @Test
    @Tag("MA-17")
    @Tag("DD-05")
    @Tag("DD-07")
    void theFileHasTheBucketsOfEtcd() throws IOException {
        server.kv.put(put("k", "v"));
        List<SnapshotResponse> messages = new ArrayList<>();
        snapshot().forEachRemaining(messages::add);
        try (BoltFile file = open(messages)) {
            file.check();
            List<String> names = file.buckets().stream().map(SnapshotStreamingTest::text).toList();
            assertEquals(
                    List.of(
                            "alarm",
                            "auth",
                            "authRoles",
                            "authUsers",
                            "cluster",
                            "key",
                            "lease",
                            "members",
                            "members_removed",
                            "meta"),
                    names);
            assertEquals("3.7.0", text(value(file, "meta", "storageVersion")));
            assertEquals("3.7.0", text(value(file, "cluster", "clusterVersion")));
            assertEquals(
                    "{\"voters\":["
                            + Long.toUnsignedString(server.node.memberId())
                            + "],\"auto_leave\":false}",
                    text(value(file, "meta", "confState")));
            assertArrayEquals(
                    number(server.node.appliedIndex()), value(file, "meta", "consistent_index"));
            assertArrayEquals(number(server.node.term()), value(file, "meta", "term"));
        }
    }

    /** The view is taken when the first message is asked for; nothing later is in it. */
    @Test
    @Tag("MA-14")
    void writesGoOnAndAreNotInIt() throws IOException {
        fill(3000);
        Iterator<SnapshotResponse> stream = snapshot();
        List<SnapshotResponse> messages = new ArrayList<>();
        messages.add(stream.next());
        long before = server.kv.range(all()).getHeader().getRevision();
        server.kv.put(put("zz", "written after the first blob"));
        stream.forEachRemaining(messages::add);

        long newest = 0;
        try (BoltFile file = open(messages);
                BoltCursor rows = file.cursor(utf8("key"), null, null)) {
            file.check();
            assertArrayEquals(file.digest().orElseThrow(), file.computeDigest());
            while (rows.next()) newest = ByteBuffer.wrap(rows.key()).getLong();
        }
        assertEquals(before, newest);
    }

    @Test
    @Tag("MA-14")
    void aClientThatGoesAwayEndsTheCall() {
        fill(3000);
        AtomicReference<Iterator<SnapshotResponse>> stream = new AtomicReference<>();
        Context.CancellableContext call = Context.current().withCancellation();
        call.run(() -> stream.set(snapshot()));
        stream.get().next();

        call.cancel(null);

        assertThrows(
                StatusRuntimeException.class, () -> stream.get().forEachRemaining(piece -> {}));
        String cancelled =
                "grpc_server_handled_total{grpc_code=\"Canceled\",grpc_method=\"Snapshot\","
                        + "grpc_service=\"etcdserverpb.Maintenance\",grpc_type=\"server_stream\"} 1\n";
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!server.metricsText().contains(cancelled)) {
            assertTrue(System.nanoTime() < deadline, "the call was not ended");
            Thread.onSpinWait();
        }
    }

    private Iterator<SnapshotResponse> snapshot() {
        return server.maintenance.snapshot(SnapshotRequest.getDefaultInstance());
    }

    private BoltFile open(List<SnapshotResponse> messages) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (SnapshotResponse message : messages) message.getBlob().writeTo(bytes);
        return BoltFile.open(Files.write(folder.resolve("snapshot.db"), bytes.toByteArray()));
    }

    private static byte[] value(BoltFile file, String bucket, String key) {
        try (BoltCursor cursor = file.cursor(utf8(bucket), utf8(key), null)) {
            assertTrue(cursor.next());
            assertEquals(key, text(cursor.key()));
            return cursor.value();
        }
    }

    private void fill(int keys) {
        ByteString value = ByteString.copyFrom(new byte[1 << 10]);
        for (int first = 0; first < keys; first += 100) {
            TxnRequest.Builder some = TxnRequest.newBuilder();
            for (int i = first; i < first + 100; i++) {
                some.addSuccessBuilder()
                        .getRequestPutBuilder()
                        .setKey(bytes("key%05d".formatted(i)))
                        .setValue(value);
            }
            server.kv.txn(some.build());
        }
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
