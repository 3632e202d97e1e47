package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.quorate.api.client.ResponseStream;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.SnapshotRequest;
import io.quorate.api.proto.SnapshotResponse;
import io.quorate.cli.Bytes;
import io.quorate.cli.Command;
import io.quorate.cli.Exit;
import io.quorate.cli.GoText;
import io.quorate.cli.Invocation;
import io.quorate.cli.LogLine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * {@code snapshot save}: a member's store as one file (CT-44). It is written beside its place under
 * the name {@code FILE.part}, checked against its SHA-256, forced to disk and only then renamed.
 */
final class SnapshotCommand {
    private static final String EXAMPLE =
            """
            # Save snapshot to a given file
            etcdctl snapshot save /backup/etcd-snapshot.db

            # Get snapshot from given address and save it to file
            etcdctl snapshot save --endpoints=127.0.0.1:3000 /backup/etcd-snapshot.db

            # Get snapshot from given address with certificates
            etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/ca.crt --cert=/etc/etcd/etcd.crt --key=/etc/etcd/etcd.key snapshot save /backup/etcd-snapshot.db

            # Get snapshot with certain user and password
            etcdctl --user=root --password=password123 snapshot save /backup/etcd-snapshot.db

            # Get snapshot from given address with timeout
            etcdctl --endpoints=https://127.0.0.1:2379 --dial-timeout=20s snapshot save /backup/etcd-snapshot.db

            # Save snapshot with desirable time format
            etcdctl snapshot save /mnt/backup/etcd/backup_$(date +%Y%m%d_%H%M%S).db
            """
                    .indent(2)
                    .stripTrailing();

    private static final int HASH_BYTES = 32;

    /** A store is a whole number of these; what is more must be the hash. */
    private static final int BLOCK_BYTES = 512;

    private final Session session;
    private final Path file;
    private final Path part;
    private final MessageDigest digest;
    private ByteString tail = ByteString.EMPTY;
    private long size;
    private String version = "";

    private SnapshotCommand(Session session, String name) {
        this.session = session;
        this.file = Path.of(Bytes.toText(name));
        this.part = Path.of(Bytes.toText(name) + ".part");
        try {
            this.digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    static Command command() {
        return Command.parent(
                        "snapshot <subcommand>",
                        "Manages etcd node snapshots",
                        "",
                        Command.leaf(
                                        "save <filename>",
                                        "Stores an etcd node backend snapshot to a given file",
                                        SnapshotCommand::run)
                                .withExample(EXAMPLE))
                .withExample(EXAMPLE);
    }

    private static void run(Invocation call) {
        if (call.arguments().size() != 1) {
            throw Exit.badArguments("snapshot save expects one argument <filename>");
        }
        String name = call.arguments().getFirst();
        Session session = Session.open(call);
        if (session.endpoints().size() != 1) {
            throw failed(
                    "snapshot must be requested to one selected node, not multiple ["
                            + String.join(" ", session.endpoints())
                            + "]");
        }
        SnapshotCommand save = new SnapshotCommand(session, name);
        try (Cluster cluster = session.patientCluster()) {
            save.save(cluster);
        } catch (CallFailure e) {
            throw failed(e.getMessage());
        }
        call.terminal().line("Snapshot saved at " + name);
        if (!save.version.isEmpty()) {
            call.terminal().line("Server version " + Bytes.ofText(save.version));
        }
    }

    private static Exit failed(String reason) {
        return new Exit(Exit.INTERRUPTED, reason);
    }

    private LogLine log(String message) {
        return new LogLine("info", Instant.now(), "", "snapshot/SnapshotCommand.java", message);
    }

    private static LogLine client(String message) {
        return new LogLine(
                "info", Instant.now(), "client", "snapshot/SnapshotCommand.java", message);
    }

    private void print(LogLine line) {
        session.terminal().error(line.toString());
    }

    private void save(Cluster cluster) {
        try {
            download(cluster);
            Files.move(
                    part,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw failed("could not write snapshot: " + Bytes.ofText(String.valueOf(e)));
        } finally {
            removePart();
        }
        print(log("saved").with("path", Bytes.ofText(file.toString())));
    }

    private void removePart() {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            print(
                    new LogLine(
                                    "error",
                                    Instant.now(),
                                    "",
                                    "snapshot/SnapshotCommand.java",
                                    "Failed to cleanup .part file")
                            .with("error", Bytes.ofText(String.valueOf(e))));
        }
    }

    private void download(Cluster cluster) throws IOException {
        // Without a timeout of its own a snapshot takes the time it takes.
        Duration timeout =
                session.flags().given("command-timeout") ? session.timeout() : Duration.ZERO;
        try (FileChannel channel = open()) {
            print(log("created temporary db file").with("path", Bytes.ofText(part.toString())));
            long start = System.nanoTime();
            try (ResponseStream<SnapshotResponse> pieces =
                    cluster.stream(
                            MaintenanceGrpc.getSnapshotMethod(),
                            SnapshotRequest.getDefaultInstance(),
                            timeout)) {
                print(client("opened snapshot stream; downloading"));
                copy(cluster, pieces, channel);
            }
            check();
            channel.force(true);
            print(
                    log("fetched snapshot")
                            .with("endpoint", session.endpoints().getFirst())
                            .with("size", GoText.size(size))
                            .with(
                                    "took",
                                    GoText.duration(Duration.ofNanos(System.nanoTime() - start)))
                            .with("etcd-version", Bytes.ofText(version)));
        }
    }

    private FileChannel open() {
        var ownerOnly =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try {
            return FileChannel.open(
                    part,
                    Set.of(
                            StandardOpenOption.WRITE,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING),
                    ownerOnly);
        } catch (IOException e) {
            String name = Bytes.ofText(part.toString());
            String reason =
                    e instanceof NoSuchFileException
                            ? "no such file or directory"
                            : Bytes.ofText(String.valueOf(e.getMessage()));
            throw failed("could not open " + name + " (open " + name + ": " + reason + ")");
        }
    }

    private void copy(Cluster cluster, ResponseStream<SnapshotResponse> pieces, FileChannel channel)
            throws IOException {
        Optional<SnapshotResponse> piece = cluster.next(pieces);
        piece.ifPresent(first -> version = first.getVersion());
        print(log("fetching snapshot").with("endpoint", session.endpoints().getFirst()));
        for (; piece.isPresent(); piece = cluster.next(pieces)) {
            ByteString blob = piece.get().getBlob();
            for (ByteBuffer buffer : blob.asReadOnlyByteBufferList()) {
                while (buffer.hasRemaining()) channel.write(buffer);
            }
            size += blob.size();
            digest(blob);
        }
        print(client("completed snapshot read; closing"));
    }

    /** The last bytes so far may be the hash: they stay out of the digest. */
    private void digest(ByteString blob) {
        ByteString seen = tail.concat(blob);
        int known = Math.max(0, seen.size() - HASH_BYTES);
        for (ByteBuffer buffer : seen.substring(0, known).asReadOnlyByteBufferList()) {
            digest.update(buffer);
        }
        tail = ByteString.copyFrom(seen.substring(known).toByteArray());
    }

    private void check() {
        if (size % BLOCK_BYTES != HASH_BYTES) {
            throw failed("sha256 checksum not found [bytes: " + size + "]");
        }
        if (!MessageDigest.isEqual(digest.digest(), tail.toByteArray())) {
            throw failed(
                    "the snapshot of "
                            + size
                            + " bytes does not match its sha256 checksum; save it again");
        }
    }
}
