package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.PutRequest;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Snapshots between our server and a real etcd, with either's tools. */
@Timeout(900)
class SnapshotTest {
    private static final Map<String, String> ENVIRONMENT =
            Map.of("JAVA_HOME", System.getProperty("java.home"), "QUORATE_JAVA_OPTS", "-Xmx256m");
    private static final Pattern HASH = Pattern.compile("\"hash\":(\\d+)");

    @RegisterExtension final Members members = Members.perTest();

    /** Ours saves; both tools tell the same of the file; theirs restores, the real etcd serves. */
    @Test
    @Tag("MA-14")
    @Tag("MA-17")
    @Tag("UT-02")
    @Tag("UT-07")
    void aRealEtcdServesWhatOursSaved() throws IOException {
        Member ours = members.start("ours", Binaries.ours());
        fill(ours);
        Path file = members.folder("files").resolve("ours.db");
        save(ours, file);
        String hash = hash(ours);
        String keys = ctl(ours, "get", "", "--prefix");
        ours.stop();

        for (String format : List.of("simple", "table", "json", "fields"))
            assertEquals(
                    utl(Binaries.etcdutl37(), "snapshot", "status", file.toString(), "-w", format),
                    utl(
                            Binaries.ourEtcdutl(),
                            "snapshot",
                            "status",
                            file.toString(),
                            "-w",
                            format));
        Member real = members.create("real", Binaries.etcd37());
        restore(Binaries.etcdutl37(), file, real);
        real.start();
        assertEquals(hash, hash(real));
        assertEquals(keys, ctl(real, "get", "", "--prefix"));
        ctl(real, "put", "after", "restore");
        real.stop();

        // The real hashkv opens the file for writing, so it comes last.
        assertEquals(
                utl(Binaries.ourEtcdutl(), "hashkv", file.toString(), "-w", "json"),
                utl(Binaries.etcdutl37(), "hashkv", file.toString(), "-w", "json"));
    }

    /** The real etcd saves; ours restores and serves, and again after it was killed. */
    @Test
    @Tag("UT-03")
    @Tag("UT-04")
    void oursServesWhatARealEtcdSaved() throws IOException {
        Member real = members.start("real", Binaries.etcd37());
        fill(real);
        Path file = members.folder("files").resolve("real.db");
        save(real, file);
        String hash = hash(real);
        String keys = ctl(real, "get", "", "--prefix");
        real.stop();

        Member ours = members.create("ours", Binaries.ours());
        restore(Binaries.ourEtcdutl(), file, ours);
        assertTrue(
                utl(Binaries.ourEtcdutl(), "hashkv", ours.dataDir().toString(), "-w", "json")
                        .contains(hash));
        ours.start();
        assertEquals(hash, hash(ours));
        assertEquals(keys, ctl(ours, "get", "", "--prefix"));
        ctl(ours, "put", "after", "restore");
        ours.kill();
        ours.start();
        assertEquals("after\nrestore\n", ctl(ours, "get", "after"));
        ours.stop();
        utl(Binaries.ourEtcdutl(), "defrag", "--data-dir", ours.dataDir().toString());
        ours.start();
        assertEquals("after\nrestore\n", ctl(ours, "get", "after"));
    }

    /** The file of a stopped etcd, which has no digest. */
    @Test
    @Tag("UT-13")
    @Tag("SD-40")
    void theDataFileOfAStoppedEtcdIsRestored() {
        Member real = members.start("real", Binaries.etcd37());
        fill(real);
        String hash = hash(real);
        real.stop();
        Path file = real.dataDir().resolve("member/snap/db");
        Member ours = members.create("ours", Binaries.ours());

        Exec.Outcome refused = restoring(Binaries.ourEtcdutl(), file, ours);
        assertEquals(1, refused.exit());
        assertTrue(
                refused.err().contains("Error: snapshot missing hash but --skip-hash-check=false"),
                refused.err());
        assertFalse(Files.exists(ours.dataDir()));

        restore(Binaries.ourEtcdutl(), file, ours, "--skip-hash-check");
        ours.start();
        assertEquals(hash, hash(ours));
    }

    @Test
    @Tag("UT-05")
    void aBumpedRevisionIsTheSameOnBoth() {
        Member source = members.start("source", Binaries.ours());
        fill(source);
        Path file = source.dataDir().resolveSibling("bump.db");
        save(source, file);
        source.stop();
        List<String> hashes = new ArrayList<>();
        List<String> tails = new ArrayList<>();
        Member ours = members.create("ours", Binaries.ours());
        restore(Binaries.ourEtcdutl(), file, ours, "--bump-revision", "1000", "--mark-compacted");
        Member real = members.create("real", Binaries.etcd37());
        restore(Binaries.etcdutl37(), file, real, "--bump-revision", "1000", "--mark-compacted");
        for (Member member : List.of(ours, real)) {
            member.start();
            hashes.add(hash(member));
            ctl(member, "put", "after", "bump");
            tails.add(ctl(member, "get", "after", "-w", "fields").replaceAll(".*ID.*\n", ""));
            member.stop();
        }
        assertEquals(hashes.get(1), hashes.get(0));
        assertEquals(tails.get(1), tails.get(0));
    }

    @Test
    @Tag("UT-04")
    void aDamagedFileIsRefusedAndTheDirectoryNotTouched() throws IOException {
        Member source = members.start("source", Binaries.ours());
        fill(source);
        Path file = source.dataDir().resolveSibling("damaged.db");
        save(source, file);
        source.stop();
        byte[] whole = Files.readAllBytes(file);
        Member ours = members.create("ours", Binaries.ours());

        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 1;
        refused(ours, Files.write(file, flipped), "Error: expected sha256 [");
        refused(ours, Files.write(file, Arrays.copyOf(whole, whole.length / 2)), "is truncated");
        refused(ours, Files.write(file, new byte[100_000]), "is not a bbolt file");
    }

    private void refused(Member member, Path file, String why) {
        Exec.Outcome outcome = restoring(Binaries.ourEtcdutl(), file, member);
        assertEquals(1, outcome.exit());
        assertTrue(outcome.err().contains(why), outcome.err());
        assertTrue(outcome.err().contains(file.toString()), outcome.err());
        assertFalse(Files.exists(member.dataDir()));
    }

    /** Command lines that need no data: exit codes and output as of the real tool. */
    @Test
    @Tag("UT-01")
    @Tag("UT-06")
    @Tag("UT-08")
    @Tag("UT-09")
    void mistakesAreAnsweredAsByTheRealTool() {
        for (String line :
                List.of(
                        "",
                        "help",
                        "--help",
                        "snapshot",
                        "help snapshot",
                        "snapshot status",
                        "snapshot status nofile",
                        "snapshot status --help",
                        "snapshot bogus",
                        "bogus",
                        "--bogus",
                        "defrag",
                        "defrag --help",
                        "hashkv",
                        "hashkv nofile",
                        "hashkv nofile -w bad",
                        "hashkv --help",
                        "migrate",
                        "migrate --help",
                        "migrate --data-dir x --target-version 3",
                        "migrate --data-dir x --target-version 3.4",
                        "completion",
                        "completion tcsh",
                        "completion --help",
                        "version --help",
                        "snapshot restore",
                        "snapshot restore a --bump-revision 5",
                        "snapshot restore a --mark-compacted")) {
            List<String> words = line.isEmpty() ? List.of() : List.of(line.split(" "));
            Exec.Outcome real = withoutOwnFlags(run(Binaries.etcdutl37(), words));
            Exec.Outcome ours = withoutOwnFlags(run(Binaries.ourEtcdutl(), words));
            assertEquals(real, ours, "etcdutl " + line);
        }
    }

    /** Our migrate can do more; the other flags stand in columns as wide as the longest needs. */
    private static Exec.Outcome withoutOwnFlags(Exec.Outcome outcome) {
        return new Exec.Outcome(
                outcome.exit(), withoutOwnFlags(outcome.out()), withoutOwnFlags(outcome.err()));
    }

    private static String withoutOwnFlags(String help) {
        return help.replaceAll("(?m)^ +--(into|plugins-dir|storage-\\w+|wal-dir) .*\n", "")
                .replaceAll("(?m)^( +(-\\w, )?--\\S+( \\S+)?) {2,}", "$1   ");
    }

    /** As large as {@code -Dsnapshot.megabytes} says, through 256 MiB of heap; prints MB/s. */
    @Test
    @Timeout(7200)
    @Tag("MA-14")
    void aLargeOneGoesThroughASmallHeap() throws IOException {
        int megabytes = Integer.getInteger("snapshot.megabytes", 24);
        Member ours =
                members.create("ours", Binaries.ours(), "--quota-backend-bytes", "8589934592")
                        .with("QUORATE_JAVA_OPTS", "-Xmx256m");
        ours.start();
        try (EtcdClient client = new EtcdClient(ours)) {
            fill(client, megabytes);
        }
        Path folder = members.folder("files");
        Path file = folder.resolve("large.db");
        timed("ours: save", file, () -> save(ours, file));
        String hash = hash(ours);
        String keys = keys(ours);
        assertEquals(megabytes * 16, Integer.parseInt(keys));
        timed(
                "ours: status",
                file,
                () ->
                        assertEquals(
                                utl(Binaries.etcdutl37(), "snapshot", "status", file.toString()),
                                utl(Binaries.ourEtcdutl(), "snapshot", "status", file.toString())));
        ours.stop();

        Member real =
                members.create("real", Binaries.etcd37(), "--quota-backend-bytes", "8589934592");
        timed("real: restore", file, () -> restore(Binaries.etcdutl37(), file, real));
        real.start();
        assertEquals(hash, hash(real));
        assertEquals(keys, keys(real));
        Path back = folder.resolve("back.db");
        timed("real: save", file, () -> save(real, back));
        real.stop();

        Member again =
                members.create("again", Binaries.ours(), "--quota-backend-bytes", "8589934592")
                        .with("QUORATE_JAVA_OPTS", "-Xmx256m");
        timed("ours: restore", back, () -> restore(Binaries.ourEtcdutl(), back, again));
        again.start();
        assertEquals(hash, hash(again));
        assertEquals(keys, keys(again));
    }

    /** How many keys there are. */
    private static String keys(Member member) {
        String count = ctl(member, "get", "", "--prefix", "--count-only", "-w", "fields");
        return count.lines()
                .filter(line -> line.startsWith("\"Count\" : "))
                .map(line -> line.substring("\"Count\" : ".length()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(count));
    }

    /** By several writers at once; one whose request times out on a slow machine tries again. */
    private static void fill(EtcdClient client, int megabytes) {
        int writers = 8;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < writers; i++) {
            int writer = i;
            threads.add(Thread.ofVirtual().start(() -> fill(client, megabytes, writer, writers)));
        }
        try {
            for (Thread thread : threads) thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void fill(EtcdClient client, int megabytes, int writer, int writers) {
        Random random = new Random(writer);
        byte[] value = new byte[64 << 10];
        for (int i = writer; i < megabytes * 16; i += writers) {
            random.nextBytes(value);
            PutRequest put =
                    PutRequest.newBuilder()
                            .setKey(ByteString.copyFromUtf8("large/%08d".formatted(i)))
                            .setValue(ByteString.copyFrom(value))
                            .build();
            boolean done = false;
            while (!done) done = put(client, put);
        }
    }

    private static boolean put(EtcdClient client, PutRequest put) {
        try {
            return client.kvNow.put(put).hasHeader();
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) throw e;
            return false;
        }
    }

    private static void timed(String what, Path file, Runnable work) {
        long start = System.nanoTime();
        work.run();
        double seconds = (System.nanoTime() - start) / 1e9;
        double megabytes = file.toFile().length() / 1e6;
        System.out.printf(
                "%s: %.1f MB in %.1f s, %.0f MB/s%n",
                what, megabytes, seconds, megabytes / seconds);
    }

    /** Keys, versions, deletions, a transaction, a compaction. */
    private static void fill(Member member) {
        for (int i = 0; i < 60; i++) ctl(member, "put", "key" + i % 40, "value" + i);
        ctl(member, "del", "key7");
        ctl(member, "put", "empty", "");
        ctl(member, "compaction", "30", "--physical");
        ctl(member, "del", "key8");
    }

    private static void save(Member member, Path file) {
        ctl(member, "snapshot", "save", file.toString());
    }

    private static String hash(Member member) {
        Matcher hash = HASH.matcher(ctl(member, "endpoint", "hashkv", "-w", "json"));
        assertTrue(hash.find());
        return hash.group(1);
    }

    private static String ctl(Member member, String... words) {
        List<String> line = new ArrayList<>(List.of("--endpoints", member.endpoint()));
        line.add("--command-timeout=600s");
        line.addAll(List.of(words));
        Exec.Outcome outcome = run(Binaries.etcdctl37(), line);
        assertEquals(0, outcome.exit(), () -> line + ": " + outcome.err() + member.report());
        return outcome.out();
    }

    private static String utl(Path tool, String... words) {
        Exec.Outcome outcome = run(tool, List.of(words));
        assertEquals(0, outcome.exit(), () -> List.of(words) + ": " + outcome.err());
        return outcome.out();
    }

    private static void restore(Path tool, Path file, Member member, String... more) {
        Exec.Outcome outcome = restoring(tool, file, member, more);
        assertEquals(0, outcome.exit(), outcome::err);
    }

    private static Exec.Outcome restoring(Path tool, Path file, Member member, String... more) {
        String peer = "http://127.0.0.1:" + member.peerPort();
        List<String> line = new ArrayList<>();
        line.addAll(List.of("snapshot", "restore", file.toString()));
        line.addAll(List.of("--data-dir", member.dataDir().toString(), "--name", "m1"));
        line.addAll(List.of("--initial-cluster", "m1=" + peer));
        line.addAll(List.of("--initial-advertise-peer-urls", peer));
        line.addAll(List.of(more));
        return run(tool, line);
    }

    private static Exec.Outcome run(Path tool, List<String> words) {
        List<String> command = new ArrayList<>(List.of(tool.toString()));
        command.addAll(words);
        return Exec.run(command, ENVIRONMENT, "");
    }
}
