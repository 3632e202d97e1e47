package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.PutRequest;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code etcdctl watch} of both versions and of ours, from history and then live, against our
 * server and a real etcd: the same output but for the raft term.
 */
final class EtcdctlWatchTest {
    private static final String PEER_URL = "http://127.0.0.1:2380";
    private static final long SECONDS_MAX = 60;

    @RegisterExtension static final Members MEMBERS = Members.perClass();

    private static Member ours;
    private static Member real;
    private static EtcdClient oursClient;
    private static EtcdClient realClient;

    @BeforeAll
    static void start() {
        String[] flags = {
            "--initial-advertise-peer-urls=" + PEER_URL, "--initial-cluster=m1=" + PEER_URL
        };
        ours = MEMBERS.start("ours", Binaries.ours(), flags);
        real = MEMBERS.start("real", Binaries.etcd37(), flags);
        oursClient = new EtcdClient(ours);
        realClient = new EtcdClient(real);
    }

    @AfterAll
    static void close() {
        if (oursClient != null) oursClient.close();
        if (realClient != null) realClient.close();
    }

    @ParameterizedTest(name = "etcdctl {0}, -w {1}")
    @CsvSource({
        "3.4, simple",
        "3.4, json",
        "3.7, simple",
        "3.7, json",
        "3.7, fields",
        "own, simple",
        "own, json",
        "own, fields"
    })
    @Tag("CT-27")
    @Tag("WA-01")
    @Tag("WA-15")
    @Tag("SD-27")
    void watchPrintsTheSame(String version, String format) throws Exception {
        same(version, format, List.of("watch", "--prefix", "w/", "--prev-kv", "--rev=1"));
    }

    @ParameterizedTest(name = "etcdctl {0}")
    @CsvSource({"3.7", "own"})
    @Tag("CT-29")
    void watchRunsACommandForEachEvent(String version) throws Exception {
        String script =
                "echo $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY $ETCD_WATCH_VALUE"
                        + " $ETCD_WATCH_REVISION";
        same(
                version,
                "simple",
                List.of("watch", "--prefix", "w/", "--rev=1", "--", "sh", "-c", script));
    }

    private static void same(String version, String format, List<String> command) throws Exception {
        Path tool = version.equals("3.4") ? Binaries.etcdctl34() : Binaries.etcdctl37();
        Path other = version.equals("own") ? Binaries.ownEtcdctl() : tool;
        assertEquals(
                watch(tool, version, format, command, real, realClient),
                watch(other, version, format, command, ours, oursClient));
    }

    private static String watch(
            Path etcdctl,
            String version,
            String format,
            List<String> words,
            Member member,
            EtcdClient client)
            throws Exception {
        String round = version + format + words.size();
        String first = "first-" + round;
        String second = "second-" + round;
        write(client, first);
        List<String> command = new ArrayList<>();
        command.addAll(List.of(etcdctl.toString(), "--endpoints=" + member.endpoint()));
        if (!format.equals("simple")) command.add("--write-out=" + format);
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(key -> key.startsWith("ETCD"));
        builder.environment().put("ETCDCTL_API", "3");
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = builder.start();
        try {
            Output output = new Output(process.getInputStream());
            output.await(mark(first, format));
            write(client, second);
            return output.await(mark(second, format))
                    .replaceAll("\"raft_term\":\\d+", "\"raft_term\":0")
                    .replaceAll("\"RaftTerm\" : \\d+", "\"RaftTerm\" : 0");
        } finally {
            process.destroyForcibly();
            process.onExit().join();
        }
    }

    /** The last key of a round, as the format prints it. */
    private static String mark(String round, String format) {
        String key = "w/z-" + round;
        if (!format.equals("json")) return key;
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static void write(EtcdClient client, String round) {
        put(client, "w/a", round);
        put(client, "other", round);
        put(client, "w/b", "");
        client.kvNow.deleteRange(
                DeleteRangeRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8("w/"))
                        .setRangeEnd(ByteString.copyFromUtf8("w/c"))
                        .build());
        put(client, "w/a", "again");
        put(client, "w/z-" + round, "\1\377");
    }

    private static void put(EtcdClient client, String key, String value) {
        client.kvNow.put(
                PutRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setValue(ByteString.copyFromUtf8(value))
                        .build());
    }

    /** What a process has printed so far. */
    private static final class Output {
        private final StringBuilder text = new StringBuilder();
        private boolean over;

        Output(InputStream stream) {
            Thread.ofVirtual().start(() -> follow(stream));
        }

        private void follow(InputStream stream) {
            byte[] buffer = new byte[8192];
            try (stream) {
                for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
                    add(new String(buffer, 0, n, StandardCharsets.ISO_8859_1), false);
                }
            } catch (IOException e) {
                add("\n" + e, true);
            }
            add("", true);
        }

        private synchronized void add(String more, boolean end) {
            text.append(more);
            over |= end;
            notifyAll();
        }

        /** All output once the line after the mark is complete. */
        synchronized String await(String mark) throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
            while (!complete(mark)) {
                long left = deadline - System.nanoTime();
                if (over || left <= 0) throw new AssertionError("no " + mark + " in\n" + text);
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return text.substring(0, text.indexOf(mark) + mark.length());
        }

        private boolean complete(String mark) {
            int at = text.indexOf(mark);
            return at >= 0 && text.indexOf("\n", at) >= 0;
        }
    }
}
