package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * What a process does that is started wrongly: its exit code and words, which are etcd's wherever
 * etcd has the same case, and that no data is touched.
 */
final class BadInputTest {
    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("EX-01")
    @Tag("FL-03")
    void unreadableCommandLinesEndWithTwoAndGosWords() throws IOException {
        sameWords(2, "flag provided but not defined: -no-such-flag", "--no-such-flag");
        sameWords(
                2,
                "invalid value \"abc\" for flag -heartbeat-interval: parse error",
                "--heartbeat-interval=abc");
        sameWords(2, "flag needs an argument: -snapshot-count", "--snapshot-count");
        sameWords(
                2,
                "invalid boolean value \"maybe\" for -pre-vote: parse error",
                "--pre-vote=maybe");
        sameWords(
                2,
                "parse \"127.0.0.1:2379\": first path segment in URL cannot contain colon",
                "--listen-client-urls=127.0.0.1:2379");
    }

    @Test
    @Tag("EX-01")
    @Tag("EX-02")
    @Tag("CF-08")
    @Tag("CF-10")
    void refusedValuesEndWithOneAndEtcdsWords() throws IOException {
        sameWords(1, "\\\"foo\\\" is not a valid flag", "foo");
        sameWords(
                1,
                "expected IP in URL for binding (http://nohost.example:2379)",
                "--listen-client-urls=http://nohost.example:2379");
        sameWords(
                1,
                "--election-timeout[1000ms] should be at least as 5 times as"
                        + " --heartbeat-interval[500ms]",
                "--heartbeat-interval=500");
    }

    @Test
    @Tag("EX-04")
    @Tag("EX-05")
    void clusterThatDoesNotNameThisMemberIsRefused() throws IOException {
        sameWords(
                1,
                "couldn't find local name \\\"other\\\" in the initial cluster configuration",
                "--name=other");
        sameWords(
                1,
                " but missing from --initial-advertise-peer-urls=http://127.0.0.1:1"
                        + " (resolved urls: ",
                "--initial-advertise-peer-urls=http://127.0.0.1:1");
    }

    @Test
    @Tag("CF-01")
    @Tag("CF-07")
    void unreadableConfigurationFilesAreRefused() throws IOException {
        Path folder = members.folder("config");
        Path missing = folder.resolve("missing.yml");
        sameWords(1, "open " + missing + ": no such file or directory", "--config-file=" + missing);
        // The rest of these texts names Go's types; ours names the file and the line.
        Path wrongType = Files.writeString(folder.resolve("type.yml"), "heartbeat-interval: no\n");
        sameWords(1, "error unmarshaling JSON: ", "--config-file=" + wrongType);
        Path variables = Files.writeString(folder.resolve("env"), "ETCD_NAME=\"x\"\n");
        sameWords(1, "error unmarshaling JSON: ", "--config-file=" + variables);
        Path broken = Files.writeString(folder.resolve("broken.yml"), "name: [\n");
        sameWords(1, "error converting YAML to JSON: yaml: ", "--config-file=" + broken);
    }

    @Test
    @Tag("EN-02")
    void variableBesideItsFlagIsRefused() throws IOException {
        String words =
                "conflicting environment variable is shadowed by corresponding command-line flag"
                        + " (either unset environment variable or disable flag)";
        for (Path program : List.of(Binaries.ours(), Binaries.etcd37())) {
            refuses(program, 1, words, Map.of("ETCD_NAME", "x"), List.of("--name=m1"));
        }
    }

    @Test
    void flagsOfLaterReleasesAreRefusedByName() throws IOException {
        refuses(
                Binaries.ours(),
                1,
                "flag --enable-distributed-tracing is not supported by this release yet;",
                Map.of(),
                List.of("--enable-distributed-tracing=true"));
    }

    @Test
    @Tag("EX-01")
    @Tag("EX-10")
    void addressInUseEndsTheStart() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            String words = "listen tcp " + address + ": bind: address already in use";
            sameWords(
                    1,
                    words,
                    "--listen-client-urls=http://" + address,
                    "--advertise-client-urls=http://" + address);
            sameWords(1, words, "--listen-peer-urls=http://" + address);
        }
    }

    @Test
    @Tag("SE-53")
    void tooFewFilesEndTheStart() throws IOException {
        String words = "file descriptor limit of etcd process is too low; please set higher";
        for (Path program : List.of(Binaries.etcd37(), Binaries.ours())) {
            List<String> command = new ArrayList<>();
            command.addAll(List.of("sh", "-c", "ulimit -n 150; exec \"$0\" \"$@\""));
            command.add(program.toString());
            command.addAll(rightFlags(members.folder("refused")));
            Exec.Outcome outcome = Exec.run(command, Map.of(), "");
            assertEquals(1, outcome.exit(), outcome::err);
            assertTrue(outcome.err().contains(words), outcome::err);
        }
    }

    @Test
    @Tag("SE-41")
    void hugeRequestsAreAllowedWithAWarning() {
        String flag = "--max-request-bytes=" + ((10 << 20) + 1);
        for (Path program : List.of(Binaries.etcd37(), Binaries.ours())) {
            Member member = members.start("large", program, flag);
            String words = "\"msg\":\"exceeded recommended request limit\",";
            assertTrue(member.log().contains(words), member::report);
        }
    }

    /** As etcd does, the second waits and says so, and serves when the first is gone. */
    @Test
    void lockedDataDirectoryIsLeftToItsOwner() {
        Member owner = members.start("owner", Binaries.ours());
        put(owner, "kept");
        Member second = members.create("second", Binaries.ours(), "--data-dir=" + owner.dataDir());
        second.launch();
        awaitLog(second, "is in use by another process, which holds the lock on LOCK");
        put(owner, "kept on");
        assertFalse(second.log().contains("ready to serve client requests"), second::report);
        owner.kill();
        assertEquals(List.of("kept", "kept on"), keys(second));
        assertEquals(128 + 15, second.stop(), second::report);
        owner.start();
        assertEquals(List.of("kept", "kept on"), keys(owner));
    }

    private static void awaitLog(Member member, String words) {
        for (int looks = 0; !member.log().contains(words); looks++) {
            assertFalse(member.exitsWithin(200, TimeUnit.MILLISECONDS), member::report);
            assertTrue(looks < 300, () -> "does not say: " + words + member.report());
        }
    }

    @Test
    void dataOfAnotherPluginIsLeftAlone() throws IOException {
        Member member = members.start("file", Binaries.ours());
        put(member, "kept");
        member.stop();
        Map<String, Long> before = files(member.dataDir());
        assertFalse(before.isEmpty());
        refuses(
                Binaries.ours(),
                1,
                "memory",
                Map.of(),
                List.of(
                        "--data-dir=" + member.dataDir(),
                        "--storage-log=memory",
                        "--storage-state=memory"));
        assertEquals(before, files(member.dataDir()));
        member.start();
        assertEquals(List.of("kept"), keys(member));
    }

    @Test
    void dataOfEtcdIsLeftAlone() throws IOException {
        Member etcd = members.start("etcd", Binaries.etcd37());
        put(etcd, "kept");
        etcd.stop();
        Map<String, Long> before = files(etcd.dataDir());
        refuses(
                Binaries.ours(),
                1,
                "was written by etcd; this server has a format of its own",
                Map.of(),
                List.of("--data-dir=" + etcd.dataDir()));
        assertEquals(before, files(etcd.dataDir()));
        etcd.start();
        assertEquals(List.of("kept"), keys(etcd));
    }

    @Test
    void wrongStartBetweenTwoRightOnesLosesNothing() throws IOException {
        Member member = members.start("member", Binaries.ours());
        put(member, "a");
        put(member, "b");
        member.kill();
        Map<String, Long> before = files(member.dataDir());
        String data = "--data-dir=" + member.dataDir();
        refuses(
                Binaries.ours(),
                2,
                "not defined: -nonsense",
                Map.of(),
                List.of(data, "--nonsense"));
        refuses(
                Binaries.ours(),
                1,
                "is not supported by this release yet",
                Map.of(),
                List.of(data, "--enable-distributed-tracing=true"));
        assertEquals(before, files(member.dataDir()));
        member.start();
        assertEquals(List.of("a", "b"), keys(member));
    }

    /** Both servers must end with that code and say those words. */
    private void sameWords(int exit, String words, String... flags) throws IOException {
        refuses(Binaries.etcd37(), exit, words, Map.of(), List.of(flags));
        refuses(Binaries.ours(), exit, words, Map.of(), List.of(flags));
    }

    /** Later flags win over the right ones before them; a good start would run into the limit. */
    private void refuses(
            Path program,
            int exit,
            String words,
            Map<String, String> environment,
            List<String> flags)
            throws IOException {
        Path folder = members.folder("refused");
        List<String> command = new ArrayList<>(List.of(program.toString()));
        boolean file = flags.stream().anyMatch(flag -> flag.startsWith("--config-file"));
        if (!file) command.addAll(rightFlags(folder));
        command.addAll(flags);
        Exec.Outcome outcome = Exec.run(command, environment, "");
        String said = outcome.out() + outcome.err();
        assertEquals(exit, outcome.exit(), () -> command + "\n" + said);
        assertTrue(
                outcome.err().contains(words),
                () -> command + " does not say\n" + words + "\nbut\n" + said);
        if (program.equals(Binaries.ours())) {
            assertEquals(Map.of(), files(folder), "a refused start leaves nothing behind");
        }
    }

    private static List<String> rightFlags(Path folder) {
        String client = "http://127.0.0.1:" + Member.freePort();
        String peer = "http://127.0.0.1:" + Member.freePort();
        return List.of(
                "--name=m1",
                "--data-dir=" + folder.resolve("data"),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=m1=" + peer);
    }

    private static void put(Member member, String key) {
        try (EtcdClient client = new EtcdClient(member)) {
            client.kvNow
                    .withDeadlineAfter(60, TimeUnit.SECONDS)
                    .withWaitForReady()
                    .put(PutRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build());
        }
    }

    private static List<String> keys(Member member) {
        ByteString nul = ByteString.copyFrom(new byte[] {0});
        try (EtcdClient client = new EtcdClient(member)) {
            return client
                    .kvNow
                    .withDeadlineAfter(60, TimeUnit.SECONDS)
                    .withWaitForReady()
                    .range(RangeRequest.newBuilder().setKey(nul).setRangeEnd(nul).build())
                    .getKvsList()
                    .stream()
                    .map(pair -> pair.getKey().toStringUtf8())
                    .toList();
        }
    }

    /** The files below a folder, each with a checksum of its bytes. */
    private static Map<String, Long> files(Path folder) throws IOException {
        Map<String, Long> files = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                CRC32C sum = new CRC32C();
                sum.update(Files.readAllBytes(path));
                files.put(folder.relativize(path).toString(), sum.getValue());
            }
        }
        return files;
    }
}
