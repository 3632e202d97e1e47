package io.quorate.utl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.cli.Terminal;
import io.quorate.engine.bolt.BoltFile;
import io.quorate.engine.bolt.BoltWriter;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The tool's commands in this process, on a small snapshot. */
class EtcdutlTest {
    private static final String PEERS = "http://127.0.0.1:2380";

    @TempDir Path folder;

    private Path snapshot;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** Two keys, one of them in two versions, and one that was deleted: revisions 2 to 6. */
    @BeforeEach
    void writeSnapshot() throws IOException {
        snapshot = folder.resolve("snapshot.db");
        BoltWriter writer =
                BoltWriter.plan(sink -> {
                    sink.bucket(utf8("cluster"));
                    sink.put(utf8("clusterVersion"), utf8("3.7.0"));
                    sink.bucket(utf8("key"));
                    sink.put(revision(2), row("a", 2, 2, 1));
                    sink.put(revision(3), row("b", 3, 3, 1));
                    sink.put(revision(4), row("c", 4, 4, 1));
                    sink.put(revision(5), row("a", 2, 5, 2));
                    byte[] tombstone =
                            ByteBuffer.allocate(18).put(revision(6)).put((byte) 't').array();
                    sink.put(tombstone, new byte[] {0x0a, 1, 'c'});
                    sink.bucket(utf8("meta"));
                    sink.put(utf8("consistent_index"), new byte[] {0, 0, 0, 0, 0, 0, 0, 9});
                    sink.put(utf8("storageVersion"), utf8("3.7.0"));
                });
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writer.writeTo(bytes);
        Files.write(snapshot, bytes.toByteArray());
        byte[] digest = BoltFile.sha256().digest(bytes.toByteArray());
        Files.write(snapshot, digest, StandardOpenOption.APPEND);
    }

    @Test
    @Tag("UT-01")
    @Tag("UT-02")
    void aStatusIsPrintedInEachFormat() {
        assertEquals(0, run("snapshot", "status", snapshot.toString()));
        String[] simple = out().strip().split(", ");
        assertEquals(List.of("6", "2", "16 kB", "3.7.0"), List.of(simple).subList(1, 5));
        String hash = Long.toString(Long.parseLong(simple[0], 16));
        assertEquals(0, run("snapshot", "status", snapshot.toString(), "-w", "json"));
        assertEquals(
                "{\"hash\":"
                        + hash
                        + ",\"revision\":6,\"totalKey\":2,\"totalSize\":16384,\"version\":\"3.7.0\"}\n",
                out());
        assertEquals(0, run("snapshot", "status", snapshot.toString(), "-w", "fields"));
        assertEquals(
                "\"Hash\" : "
                        + hash
                        + "\n\"Revision\" : 6\n\"Keys\" : 2\n\"Size\" : 16384\n\"Version\" : 3.7.0\n",
                out());
        assertEquals(0, run("snapshot", "status", snapshot.toString(), "-w", "table"));
        assertTrue(out().contains("│ TOTAL KEYS │"), out());
        assertEquals(4, run("snapshot", "status", snapshot.toString(), "-w", "protobuf"));
        assertEquals("Error: protobuf not supported as output format\n", err());
        assertEquals(4, run("snapshot", "status", snapshot.toString(), "-w", "hex"));
        assertEquals("Error: unsupported output format\n", err());
    }

    @Test
    @Tag("UT-03")
    @Tag("UT-06")
    @Tag("UT-07")
    @Tag("UT-08")
    void aRestoredDirectoryHasTheHashOfTheFile() {
        Path data = folder.resolve("data");
        assertEquals(0, run("hashkv", snapshot.toString()));
        String hash = out();
        assertEquals(0, restore(data));
        assertTrue(err().contains("\trestored snapshot\t{\"path\": \"" + snapshot), err());
        assertEquals(0, run("hashkv", data.toString()));
        assertEquals(hash, out());
        assertEquals(0, run("defrag", "--data-dir", data.toString()));
        assertEquals(0, run("hashkv", data.toString()));
        assertEquals(hash, out());
        assertEquals(0, run("migrate", "--data-dir", data.toString(), "--target-version", "3.7"));
        assertTrue(err().contains("\tstorage version up-to-date\t"), err());
        assertEquals(1, run("migrate", "--data-dir", data.toString(), "--target-version", "3.6"));
        assertTrue(err().contains("the data is of version \"3.7.0\""), err());
        assertEquals(1, run("hashkv", data.toString(), "--rev", "7"));
        assertEquals("Error: mvcc: required revision is a future revision\n", err());
    }

    @Test
    @Tag("UT-04")
    void aDirectoryThatIsNotEmptyIsRefused() {
        Path data = folder.resolve("data");
        assertEquals(0, restore(data));
        assertEquals(1, restore(data));
        assertTrue(
                err().contains("Error: data-dir \"" + data + "\" not empty or could not be read\n"),
                err());
    }

    @Test
    @Tag("UT-04")
    void anotherClusterIsRefusedBeforeTheFileIsLookedAt() {
        Path data = folder.resolve("data");
        assertEquals(
                1,
                run("snapshot", "restore", "nofile", "--data-dir", data.toString(), "--name", "x"));
        assertEquals(
                "Error: couldn't find local name \"x\" in the initial cluster configuration\n",
                err());
        assertEquals(1, run("snapshot", "restore", "nofile", "--data-dir", data.toString()));
        assertTrue(err().contains("Error: open nofile: no such file or directory\n"), err());
        assertFalse(Files.exists(data));
    }

    @Test
    @Tag("UT-05")
    void bumpAndMarkComeTogether() {
        String why = "Error: --mark-compacted required if --revision-bump > 0\n";
        assertEquals(128, run("snapshot", "restore", "f", "--bump-revision", "1"));
        assertEquals(why, err());
        assertEquals(128, run("snapshot", "restore", "f", "--mark-compacted"));
        assertEquals(why, err());
    }

    private int restore(Path data) {
        return run(
                "snapshot",
                "restore",
                snapshot.toString(),
                "--data-dir",
                data.toString(),
                "--initial-cluster",
                "default=" + PEERS,
                "--initial-advertise-peer-urls",
                PEERS);
    }

    private int run(String... words) {
        out.reset();
        err.reset();
        Terminal terminal = new Terminal(new ByteArrayInputStream(new byte[0]), out, err);
        return new Etcdutl(terminal, Map.of(), Optional.empty()).run(List.of(words));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static byte[] revision(long main) {
        return ByteBuffer.allocate(17).putLong(main).put((byte) '_').putLong(0).array();
    }

    /** An mvccpb.KeyValue with the value {@code v}. */
    private static byte[] row(String key, int created, int modified, int version) {
        return new byte[] {
            0x0a,
            1,
            (byte) key.charAt(0),
            0x10,
            (byte) created,
            0x18,
            (byte) modified,
            0x20,
            (byte) version,
            0x2a,
            1,
            'v'
        };
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
