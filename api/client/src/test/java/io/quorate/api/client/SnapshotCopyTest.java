package io.quorate.api.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.SnapshotRequest;
import io.quorate.api.proto.SnapshotResponse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Random;
import java.util.stream.Stream;

/** Snapshots saved from a server that cuts them anywhere. Replay with -Dseed=N. */
@Timeout(60)
final class SnapshotCopyTest {
    private final long seed = Long.getLong("seed", System.nanoTime());
    private final Random random = new Random(seed);

    @TempDir Path dir;

    private static byte[] withHash(byte[] content) throws Exception {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.writeBytes(content);
        whole.writeBytes(MessageDigest.getInstance("SHA-256").digest(content));
        return whole.toByteArray();
    }

    private void save(byte[] sent, int pieceMax, Path file) throws IOException {
        Server server =
                FakeCluster.anyPort()
                        .addService(
                                new MaintenanceGrpc.MaintenanceImplBase() {
                                    @Override
                                    public void snapshot(
                                            SnapshotRequest request,
                                            StreamObserver<SnapshotResponse> out) {
                                        for (int at = 0; at < sent.length; ) {
                                            int n =
                                                    Math.min(
                                                            sent.length - at,
                                                            1 + random.nextInt(pieceMax));
                                            out.onNext(
                                                    SnapshotResponse.newBuilder()
                                                            .setBlob(
                                                                    ByteString.copyFrom(
                                                                            sent, at, n))
                                                            .build());
                                            at += n;
                                        }
                                        out.onCompleted();
                                    }
                                })
                        .build()
                        .start();
        try (Client client =
                Client.connect(ClientConfig.of("http://127.0.0.1:" + server.getPort()))) {
            assertEquals(sent.length, client.maintenance().saveSnapshot(file));
        } finally {
            server.shutdownNow();
        }
    }

    @Test
    void savedFileIsWhatWasSentHoweverItWasCut() throws Exception {
        System.out.println("seed " + seed);
        for (int pieceMax : new int[] {7, 40, 100_000}) {
            byte[] content = new byte[random.nextInt(pieceMax * 30)];
            random.nextBytes(content);
            byte[] whole = withHash(content);
            Path file = dir.resolve("snapshot-" + pieceMax);
            save(whole, pieceMax, file);
            assertArrayEquals(whole, Files.readAllBytes(file));
        }
    }

    @Test
    void damagedOrShortSnapshotLeavesNoFile() throws Exception {
        byte[] damaged = withHash(new byte[10_000]);
        damaged[random.nextInt(damaged.length)] ^= 1;
        Path file = dir.resolve("snapshot");
        var failure = assertThrows(IOException.class, () -> save(damaged, 1_000, file));
        assertTrue(failure.getMessage().contains("SHA-256"));
        assertThrows(IOException.class, () -> save(new byte[10], 4, file));
        assertFalse(Files.exists(file));
        try (Stream<Path> left = Files.list(dir)) {
            assertEquals(0, left.count());
        }
    }
}
