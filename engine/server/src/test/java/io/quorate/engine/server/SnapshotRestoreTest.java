package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.SnapshotRequest;
import io.quorate.api.proto.SnapshotResponse;
import io.quorate.engine.bolt.BoltFile;
import io.quorate.engine.bolt.BoltState;
import io.quorate.engine.server.ServerConfig.Storage;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Snapshots of a member in this process become new members. */
@Timeout(120)
class SnapshotRestoreTest {
    private static final String PEER = "http://127.0.0.1:2380";

    @TempDir Path folder;

    @Test
    @Tag("UT-03")
    @Tag("UT-04")
    void aNewMemberServesWhatTheOldOneHeld() throws Exception {
        Path snapshot = folder.resolve("snapshot.db");
        int hash;
        try (Live old = new Live(start("old", "file"))) {
            for (int i = 0; i < 300; i++) old.put("key" + i, "value" + i);
            old.kv.deleteRange(DeleteRangeRequest.newBuilder().setKey(utf8("key7")).build());
            hash = old.hash();
            old.save(snapshot);
        }
        restore(request(snapshot, "restored", 0));
        try (Live restored = new Live(start("restored", "file"))) {
            assertEquals(hash, restored.hash());
            assertEquals("value8", restored.get("key8"));
            assertEquals("", restored.get("key7"));
            Member self =
                    ClusterGrpc.newBlockingStub(restored.channel)
                            .memberList(MemberListRequest.getDefaultInstance())
                            .getMembers(0);
            assertEquals("a", self.getName());
            long revision = restored.put("after", "restore");
            assertEquals(303, revision);
        }
        try (Live again = new Live(start("restored", "file"))) {
            assertEquals("restore", again.get("after"));
        }
    }

    @Test
    @Tag("UT-05")
    void aBumpedRevisionIsCompactedSoThatWatchersListAgain() throws Exception {
        Path snapshot = folder.resolve("snapshot.db");
        try (Live old = new Live(start("old", "file"))) {
            for (int i = 0; i < 10; i++) old.put("k", "v" + i);
            old.save(snapshot);
        }
        restore(request(snapshot, "restored", 1000));
        try (Live restored = new Live(start("restored", "file"))) {
            assertEquals("v9", restored.get("k"));
            assertEquals(1012, restored.put("x", "y"));
            StatusRuntimeException refused =
                    assertThrows(
                            StatusRuntimeException.class,
                            () ->
                                    restored.kv.range(
                                            RangeRequest.newBuilder()
                                                    .setKey(utf8("k"))
                                                    .setRevision(11)
                                                    .build()));
            assertEquals(
                    "etcdserver: mvcc: required revision has been compacted",
                    refused.getStatus().getDescription());
            assertEquals(Status.Code.OUT_OF_RANGE, refused.getStatus().getCode());
        }
    }

    @Test
    @Tag("UT-07")
    void theHashOfAFileIsTheHashOfTheMember() throws Exception {
        Path snapshot = folder.resolve("snapshot.db");
        int hash;
        try (Live old = new Live(start("old", "memory"))) {
            for (int i = 0; i < 50; i++) old.put("k" + i % 5, "v" + i);
            old.kv.compact(
                    CompactionRequest.newBuilder().setRevision(30).setPhysical(true).build());
            hash = old.hash();
            old.save(snapshot);
        }
        try (BoltFile file = BoltFile.open(snapshot);
                StateMachine state = StateMachine.open(new BoltState(file))) {
            assertEquals(hash, state.hashKv(0).hash());
            assertEquals(30, state.hashKv(0).compactRevision());
        }
    }

    @Test
    @Tag("UT-04")
    void whatIsRefusedLeavesTheDirectoryAlone() throws Exception {
        Path snapshot = folder.resolve("snapshot.db");
        try (Live old = new Live(start("old", "memory"))) {
            for (int i = 0; i < 500; i++) old.put("key" + i, "value" + i);
            old.save(snapshot);
        }
        byte[] whole = Files.readAllBytes(snapshot);

        Files.write(snapshot, Arrays.copyOf(whole, whole.length - 32));
        refused(
                ConfigException.class,
                snapshot,
                "snapshot missing hash but --skip-hash-check=false");

        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 1;
        Files.write(snapshot, flipped);
        refused(StorageException.Corruption.class, snapshot, "expected sha256 [");

        Files.write(snapshot, Arrays.copyOf(whole, whole.length / 2));
        refused(StorageException.Corruption.class, snapshot, "is truncated");

        Files.write(snapshot, new byte[8192]);
        refused(StorageException.Foreign.class, snapshot, "is not a bbolt file");

        Files.write(snapshot, whole);
        Files.createDirectories(folder.resolve("target/something"));
        ConfigException taken =
                assertThrows(ConfigException.class, () -> restore(request(snapshot, "target", 0)));
        assertEquals(
                "data-dir \"" + folder.resolve("target") + "\" not empty or could not be read",
                taken.getMessage());
    }

    private static void restore(SnapshotRestore.Request request) throws IOException {
        SnapshotRestore.run(request, (message, fields) -> {});
    }

    private void refused(Class<? extends Exception> type, Path snapshot, String why) {
        Exception e = assertThrows(type, () -> restore(request(snapshot, "target", 0)));
        assertTrue(e.getMessage().contains(why), e.getMessage());
        assertFalse(Files.exists(folder.resolve("target")));
    }

    private SnapshotRestore.Request request(Path snapshot, String target, long bump) {
        return new SnapshotRestore.Request(
                snapshot,
                false,
                bump,
                "a",
                PEER,
                "a=" + PEER,
                "restored",
                folder.resolve(target),
                Optional.empty(),
                Storage.of("file"));
    }

    private EtcdServer start(String directory, String plugin) throws Exception {
        EtcdServer server =
                EtcdServer.start(EtcdServerTest.config(folder.resolve(directory), plugin));
        server.ready().get(60, TimeUnit.SECONDS);
        return server;
    }

    private static ByteString utf8(String text) {
        return ByteString.copyFromUtf8(text);
    }

    /** A member and a client of it. */
    private static final class Live implements AutoCloseable {
        final EtcdServer server;
        final ManagedChannel channel;
        final KVGrpc.KVBlockingStub kv;
        final MaintenanceGrpc.MaintenanceBlockingStub maintenance;

        Live(EtcdServer server) {
            this.server = server;
            this.channel =
                    NettyChannelBuilder.forTarget(server.clientUrls().getFirst().hostPort())
                            .usePlaintext()
                            .build();
            this.kv = KVGrpc.newBlockingStub(channel);
            this.maintenance = MaintenanceGrpc.newBlockingStub(channel);
        }

        long put(String key, String value) {
            return kv.put(PutRequest.newBuilder().setKey(utf8(key)).setValue(utf8(value)).build())
                    .getHeader()
                    .getRevision();
        }

        String get(String key) {
            var answer = kv.range(RangeRequest.newBuilder().setKey(utf8(key)).build());
            return answer.getKvsCount() == 0 ? "" : answer.getKvs(0).getValue().toStringUtf8();
        }

        int hash() {
            return maintenance.hashKV(HashKVRequest.getDefaultInstance()).getHash();
        }

        void save(Path file) throws IOException {
            Iterator<SnapshotResponse> stream =
                    maintenance.snapshot(SnapshotRequest.getDefaultInstance());
            try (OutputStream out = Files.newOutputStream(file)) {
                while (stream.hasNext()) stream.next().getBlob().writeTo(out);
            }
        }

        @Override
        public void close() {
            channel.shutdownNow();
            server.close();
        }
    }
}
