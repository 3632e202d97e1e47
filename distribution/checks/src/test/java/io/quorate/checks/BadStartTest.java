package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Starts that must fail, and ends: exit codes and messages are those of the real server. */
final class BadStartTest {
    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("EX-01")
    void unknownFlagIsAMistakeOfTheCommandLine() {
        bothRefuse(2, "flag provided but not defined: -nonsense", "--nonsense");
    }

    @Test
    @Tag("EX-01")
    void flagWithoutValueIsAMistakeOfTheCommandLine() {
        bothRefuse(2, "flag needs an argument: -data-dir", "--data-dir");
    }

    @Test
    @Tag("EX-01")
    void wrongValueIsAMistakeOfTheCommandLine() {
        bothRefuse(2, "for flag -heartbeat-interval", "--heartbeat-interval=soon");
        bothRefuse(2, "for flag -listen-client-urls", "--listen-client-urls=nonsense");
    }

    @Test
    @Tag("EX-02")
    void positionalArgumentIsRefusedByName() {
        bothRefuse(1, "\\\"foo\\\" is not a valid flag", "foo");
    }

    @Test
    @Tag("EX-04")
    void nameThatIsNotInTheInitialClusterIsRefused() {
        bothRefuse(
                1,
                "couldn't find local name \\\"x\\\" in the initial cluster configuration",
                "--name=x",
                "--initial-cluster=y=http://127.0.0.1:2380");
    }

    @Test
    @Tag("EX-05")
    void peerUrlsThatTheInitialClusterDoesNotNameAreRefused() {
        bothRefuse(
                1,
                "missing from --initial-advertise-peer-urls",
                "--name=x",
                "--initial-cluster=x=http://127.0.0.1:1",
                "--initial-advertise-peer-urls=http://127.0.0.1:2");
    }

    @Test
    @Tag("EX-10")
    void clientPortInUseIsFatal() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String url = "http://127.0.0.1:" + taken.getLocalPort();
            bothRefuse(
                    1,
                    "address already in use",
                    "--listen-client-urls=" + url,
                    "--advertise-client-urls=" + url);
        }
    }

    @Test
    @Tag("EX-10")
    void peerPortInUseIsFatal() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String url = "http://127.0.0.1:" + taken.getLocalPort();
            bothRefuse(
                    1,
                    "address already in use",
                    "--listen-peer-urls=" + url,
                    "--initial-advertise-peer-urls=" + url,
                    "--initial-cluster=default=" + url);
        }
    }

    /** Two processes on one data directory would destroy it: the second waits for the first. */
    @Test
    @Tag("DD-08")
    void secondProcessOnTheSameDataWaitsUntilTheFirstIsGone() throws Exception {
        Path folder = members.folder("shared");
        Member first = members.createIn(folder, "first", Binaries.ours());
        first.start();
        Member second = members.createIn(folder, "second", Binaries.ours());
        var waits = second.line("db file is flocked by another process, or taking too long");
        var serves = second.serves();
        second.launch();
        second.await(waits);
        assertFalse(serves.isDone());
        ByteString key = ByteString.copyFromUtf8("key");
        try (EtcdClient client = new EtcdClient(first)) {
            client.kv.put(PutRequest.newBuilder().setKey(key).build()).get();
        }
        first.stop();
        second.await(serves);
        try (EtcdClient client = new EtcdClient(second)) {
            RangeRequest range = RangeRequest.newBuilder().setKey(key).build();
            assertEquals(1, client.kv.range(range).get().getCount());
        }
    }

    @Test
    @Tag("T32")
    void dataOfAForeignServerIsRefusedAndLeftAlone() throws IOException {
        Member real = members.start("real", Binaries.etcd37());
        real.stop();
        Map<String, String> before = digest(real.dataDir());
        Exec.Outcome outcome =
                run(Binaries.ours(), members.folder("ours"), "--data-dir=" + real.dataDir());
        String said = outcome.err() + outcome.out();
        assertEquals(1, outcome.exit(), said);
        assertTrue(said.contains("was written by etcd"), said);
        assertEquals(before, digest(real.dataDir()));
    }

    @Test
    @Tag("EX-14")
    void askedToStopItEndsByTheSignal() {
        Member ours = members.start("ours", Binaries.ours());
        Member real = members.start("real", Binaries.etcd37());
        assertEquals(real.stop(), ours.stop(), ours::report);
        assertTrue(ours.log().contains("closed etcd server"), ours::report);
    }

    private void bothRefuse(int exit, String message, String... flags) {
        for (Path server : List.of(Binaries.etcd37(), Binaries.ours())) {
            Exec.Outcome outcome = run(server, members.folder("refused"), flags);
            String said = outcome.err() + outcome.out();
            assertEquals(exit, outcome.exit(), server + ": " + said);
            assertTrue(
                    said.contains(message) || said.contains(message.replace("\\\"", "\"")),
                    () -> server + " does not say " + message + " but " + said);
        }
    }

    /** Runs a server on free ports, but for the flags given, until it ends by itself. */
    private static Exec.Outcome run(Path server, Path folder, String... flags) {
        String client = "http://127.0.0.1:" + Member.freePort();
        String peer = "http://127.0.0.1:" + Member.freePort();
        List<String> command = new ArrayList<>();
        command.add(server.toString());
        List<String> usual =
                List.of(
                        "--data-dir=" + folder.resolve("data"),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer,
                        "--initial-advertise-peer-urls=" + peer,
                        "--initial-cluster=default=" + peer);
        for (String flag : usual) {
            String name = flag.substring(0, flag.indexOf('=') + 1);
            if (Stream.of(flags).noneMatch(other -> other.startsWith(name))) command.add(flag);
        }
        command.addAll(List.of(flags));
        return Exec.run(command, Map.of("JAVA_HOME", System.getProperty("java.home")), "");
    }

    private static Map<String, String> digest(Path folder) throws IOException {
        Map<String, String> digest = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                digest.put(
                        folder.relativize(file).toString(),
                        Integer.toHexString(java.util.Arrays.hashCode(Files.readAllBytes(file))));
            }
        }
        return digest;
    }
}
