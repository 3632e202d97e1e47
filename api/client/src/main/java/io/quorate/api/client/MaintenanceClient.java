package io.quorate.api.client;

import io.quorate.api.proto.AlarmRequest;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.DefragmentRequest;
import io.quorate.api.proto.DefragmentResponse;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.MoveLeaderRequest;
import io.quorate.api.proto.MoveLeaderResponse;
import io.quorate.api.proto.SnapshotRequest;
import io.quorate.api.proto.SnapshotResponse;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * Care of single members (MA-*): most of it concerns the member that answers, so use a client with
 * one endpoint. Thread-safe. See {@link Client} for blocking and failures.
 */
public final class MaintenanceClient {
    private final Client client;

    MaintenanceClient(Client client) {
        this.client = client;
    }

    public StatusResponse status() {
        return client.call(
                MaintenanceGrpc.getStatusMethod(),
                StatusRequest.getDefaultInstance(),
                Retry.REPEATABLE);
    }

    /** Lists, raises or clears alarms. */
    public AlarmResponse alarm(AlarmRequest request) {
        return client.call(MaintenanceGrpc.getAlarmMethod(), request, Retry.REPEATABLE);
    }

    /** Gives free space of the member's store back to the disk; it serves nothing meanwhile. */
    public DefragmentResponse defragment() {
        return client.call(
                MaintenanceGrpc.getDefragmentMethod(),
                DefragmentRequest.getDefaultInstance(),
                Retry.UNSENT_ONLY);
    }

    /**
     * A hash over keys and history that members agree on.
     *
     * @param revision up to which; 0 for all
     */
    public HashKVResponse hashKv(long revision) {
        return client.call(
                MaintenanceGrpc.getHashKVMethod(),
                HashKVRequest.newBuilder().setRevision(revision).build(),
                Retry.REPEATABLE);
    }

    /** Asks the leader, which must be the endpoint, to hand over to this member. */
    public MoveLeaderResponse moveLeader(long targetId) {
        return client.call(
                MaintenanceGrpc.getMoveLeaderMethod(),
                MoveLeaderRequest.newBuilder().setTargetID(targetId).build(),
                Retry.REPEATABLE);
    }

    /**
     * The member's store as a file in pieces, the last 32 bytes of which are the SHA-256 of the
     * others (MA-14). Not begun again when it fails.
     */
    public ResponseStream<SnapshotResponse> snapshot() {
        return client.stream(
                MaintenanceGrpc.getSnapshotMethod(),
                SnapshotRequest.getDefaultInstance(),
                Duration.ZERO);
    }

    /**
     * Saves a snapshot. The file appears whole, checked and synced to disk, or not at all.
     *
     * @return its size in bytes
     * @throws IOException when it cannot be written, or the hash does not fit
     */
    public long saveSnapshot(Path file) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            long size;
            try (FileChannel out =
                            FileChannel.open(
                                    part,
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.TRUNCATE_EXISTING,
                                    StandardOpenOption.WRITE);
                    ResponseStream<SnapshotResponse> pieces = snapshot()) {
                size = SnapshotCopy.copy(pieces, out);
                out.force(true);
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            return size;
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
