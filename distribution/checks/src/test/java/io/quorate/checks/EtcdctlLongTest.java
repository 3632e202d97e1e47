package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What sessions cannot play: commands of etcdctl that go on until they are stopped, that need
 * several members, much data or a minute. The real etcdctl 3.7 and ours do the same, each at a
 * server of ours of its own, and print the same.
 */
@Timeout(600)
final class EtcdctlLongTest {
    private static final long SECONDS_MAX = 60;

    @RegisterExtension final Members members = Members.perTest();

    private static List<Path> tools() {
        return List.of(Binaries.etcdctl37(), Binaries.ownEtcdctl());
    }

    private static Exec.Outcome ctl(Path tool, Member at, String... words) {
        return Exec.run(command(tool, at, words), Map.of(), "");
    }

    private static List<String> command(Path tool, Member at, String... words) {
        List<String> command = new ArrayList<>();
        command.addAll(List.of(tool.toString(), "--endpoints=" + at.endpoint()));
        command.addAll(List.of(words));
        return command;
    }

    private static String print(Exec.Outcome outcome) {
        return "exit %d%n%s--- stderr%n%s".formatted(outcome.exit(), outcome.out(), outcome.err());
    }

    /** What a tool does is the same for both. */
    private static void same(List<String> outputs) {
        assertEquals(outputs.getFirst(), outputs.getLast());
    }

    @Test
    @Tag("SE-42")
    void requestsAboveTheLimitOfTheClientDoNotLeaveIt() {
        Member member = members.start("ours", Binaries.ours(), "--max-request-bytes=4194304");
        String value = "x".repeat(3 << 20);
        List<String> outputs = new ArrayList<>();
        for (Path tool : tools()) {
            Exec.Outcome refused = Exec.run(command(tool, member, "put", "k"), Map.of(), value);
            assertTrue(refused.err().contains("larger than max"), refused::err);
            String[] more = {"--max-request-bytes=4194304", "put", "k"};
            Exec.Outcome taken = Exec.run(command(tool, member, more), Map.of(), value);
            assertEquals(0, taken.exit(), taken::err);
            outputs.add(sizeless(print(refused)) + print(taken));
        }
        same(outputs);
    }

    /** The size of a frame is not that of its message in all clients. */
    private static String sizeless(String text) {
        return text.replaceAll("\\(\\d+ vs", "(N vs").replaceAll("(?m)^\\{\"level\".*\\R", "");
    }

    @Test
    @Tag("CT-51")
    void electionsAreWonObservedAndLostWhenTheToolIsStopped() throws Exception {
        List<String> outputs = new ArrayList<>();
        for (Path tool : tools()) {
            Member member = members.start("ours", Binaries.ours());
            try (Running first = run(tool, member, "elect", "race", "one")) {
                String won = first.lines(2);
                try (Running observer = run(tool, member, "elect", "-l", "race");
                        Running second = run(tool, member, "elect", "race", "two")) {
                    String seen = observer.lines(2);
                    // The second stands in the queue before the first goes.
                    Cluster.until(
                            () ->
                                    ctl(tool, member, "get", "--prefix", "race/", "--keys-only")
                                                    .out()
                                                    .lines()
                                                    .filter(line -> !line.isBlank())
                                                    .count()
                                            == 2,
                            member::report);
                    first.interrupt();
                    String next = second.lines(2);
                    outputs.add(idless(won + seen + next + observer.lines(2)));
                }
            }
            outputs.add(outputs.removeLast() + print(ctl(tool, member, "elect")));
        }
        same(outputs);
    }

    private static String idless(String text) {
        return text.replaceAll("race/[0-9a-f]+", "race/ID");
    }

    @Test
    @Tag("CT-49")
    void mirrorFollowsItsSource() {
        List<String> outputs = new ArrayList<>();
        for (Path tool : tools()) {
            Member source = members.start("source", Binaries.ours());
            Member target = members.start("target", Binaries.ours());
            for (String key : List.of("a/1", "a/2", "b/1")) ctl(tool, source, "put", key, "old");
            String[] words = {
                "make-mirror",
                "--prefix=a/",
                "--dest-prefix=m/",
                "--max-txn-ops=2",
                target.endpoint()
            };
            try (Running mirror = run(tool, source, words)) {
                until(tool, target, "m/1\nold\nm/2\nold\n");
                ctl(tool, source, "put", "a/3", "new");
                ctl(tool, source, "del", "a/1");
                ctl(tool, source, "put", "b/2", "not mirrored");
                Exec.run(
                        command(tool, source, "txn"),
                        Map.of(),
                        "\nput a/4 together\nput a/5 together\n\n\n");
                until(tool, target, "m/2\nold\nm/3\nnew\nm/4\ntogether\nm/5\ntogether\n");
                mirror.interrupt();
            }
            String[] root = {"make-mirror", "--prefix=a/", "--no-dest-prefix", target.endpoint()};
            try (Running mirror = run(tool, source, root)) {
                until(
                        tool,
                        target,
                        "2\nold\n3\nnew\n4\ntogether\n5\ntogether\n"
                                + "m/2\nold\nm/3\nnew\nm/4\ntogether\nm/5\ntogether\n");
                mirror.interrupt();
            }
            outputs.add(
                    print(ctl(tool, source, "make-mirror"))
                            + print(
                                    ctl(
                                            tool,
                                            source,
                                            "make-mirror",
                                            "--dest-prefix=x",
                                            "--no-dest-prefix",
                                            target.endpoint())));
        }
        same(outputs);
    }

    private static void until(Path tool, Member at, String pairs) {
        Cluster.until(
                () -> ctl(tool, at, "get", "", "--prefix").out().equals(pairs),
                () -> ctl(tool, at, "get", "", "--prefix").out() + at.report());
    }

    @Test
    @Tag("CT-57")
    void memoryOfALoadIsTold() {
        for (Path tool : tools()) {
            Member member = members.start("ours", Binaries.ours());
            Exec.Outcome told = ctl(tool, member, "check", "datascale", "--load=s");
            assertEquals(0, told.exit(), told::err);
            String words =
                    "(?s)Start data scale check for work load \\[10000 key-value pairs, 1024 bytes"
                            + " per key-value, 50 concurrent clients\\]\\.\n.*PASS: Approximate"
                            + " system memory used : -?[\\d.]+ MB\\.\n";
            assertTrue(told.out().matches(words), told::out);
            assertEquals("", ctl(tool, member, "get", "", "--prefix").out(), "it tidies up");
            String used = "check datascale --prefix=p/";
            ctl(tool, member, "put", "p/1", "in use");
            Exec.Outcome refused = ctl(tool, member, used.split(" "));
            assertEquals(3, refused.exit(), refused::out);
        }
    }

    /** The minute of {@code check perf} is spent with {@code -Dcheck.perf=true} only. */
    @Test
    @Tag("CT-56")
    void performanceCheckRefusesKeysOfOthersAndTellsWhatItFound() {
        List<String> outputs = new ArrayList<>();
        for (Path tool : tools()) {
            Member member = members.start("ours", Binaries.ours());
            ctl(tool, member, "put", "/etcdctl-check-perf/1", "in use");
            String refused = print(ctl(tool, member, "check", "perf"));
            refused += print(ctl(tool, member, "check", "perf", "--load=zz"));
            outputs.add(refused.replaceAll("(?m)^\\{\"level\".*\\R", ""));
            if (!Boolean.getBoolean("check.perf")) continue;
            String[] words = {"check", "perf", "--prefix=/p/", "--auto-compact", "--auto-defrag"};
            Exec.Outcome told = Exec.run(command(tool, member, words), Map.of(), "");
            for (String line :
                    List.of(
                            "(PASS|FAIL): Throughput",
                            "(PASS|FAIL): Slowest request",
                            "(PASS|FAIL): Stddev",
                            "Compacting with revision \\d+",
                            "Defragmenting \"")) {
                assertTrue(Pattern.compile(line).matcher(told.out()).find(), told::out);
            }
        }
        same(outputs);
    }

    @Test
    @Tag("CT-39")
    @Tag("CT-48")
    @Tag("SE-80")
    void clustersAreChangedByIdsInHex() {
        List<String> outputs = new ArrayList<>();
        for (Path tool : tools()) {
            // Nobody is to lead but who is told to, on a slow machine too.
            String patient = "--election-timeout=3000";
            Cluster cluster =
                    new Cluster(members, Binaries.ours())
                            .with("a", patient)
                            .with("b", patient)
                            .with("c", patient)
                            .start();
            Member leader = cluster.leader();
            Member follower = cluster.other(leader);
            List<String> printed = new ArrayList<>();
            String id = cluster.id(follower);
            printed.add(print(ctl(tool, follower, "move-leader", id)));
            printed.add(print(ctl(tool, leader, "move-leader", "zz")));
            printed.add(print(ctl(tool, leader, "move-leader", id)));
            assertEquals(follower, cluster.leader());
            printed.add(print(ctl(tool, leader, "member", "promote", id)));
            String url = "--peer-urls=" + follower.peerUrl();
            printed.add(print(ctl(tool, leader, "member", "update", id, url)));
            Exec.Outcome added =
                    ctl(
                            tool,
                            leader,
                            "member",
                            "add",
                            "d",
                            "--learner",
                            "--peer-urls=http://127.0.0.1:1");
            // RC-03: for five seconds after a start a member does not count as healthy.
            while (added.err().contains("unhealthy cluster")) {
                added =
                        ctl(
                                tool,
                                leader,
                                "member",
                                "add",
                                "d",
                                "--learner",
                                "--peer-urls=http://127.0.0.1:1");
            }
            printed.add(print(added));
            Matcher learner = Pattern.compile("Member +([0-9a-f]+) added").matcher(added.out());
            assertTrue(learner.find(), added::out);
            printed.add(print(ctl(tool, leader, "member", "promote", learner.group(1))));
            printed.add(print(ctl(tool, leader, "member", "remove", learner.group(1))));
            outputs.add(comparable(String.join("", printed)));
        }
        same(outputs);
    }

    private static String comparable(String text) {
        return Etcdctl.withoutInternals(text)
                .replaceAll("127\\.0\\.0\\.1:\\d+", "ADDRESS")
                .replaceAll(" *\\b[0-9a-f]{13,16}\\b", " ID")
                .replaceAll("\"(ts|target|caller)\":\"[^\"]*\"", "\"$1\":\"…\"")
                .replaceAll("ETCD_INITIAL_CLUSTER=\"[^\"]*\"", "ETCD_INITIAL_CLUSTER=…");
    }

    private static Running run(Path tool, Member at, String... words) {
        // Where this runs in the background of a script, SIGINT is ignored, and a JVM keeps that.
        List<String> line = new ArrayList<>(List.of("env", "--default-signal=INT"));
        line.addAll(command(tool, at, words));
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.environment().keySet().removeIf(key -> key.startsWith("ETCD"));
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        try {
            return new Running(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A tool that goes on. */
    private static final class Running implements AutoCloseable {
        private final Process process;
        private final BufferedReader out;

        Running(Process process) {
            this.process = process;
            this.out = process.inputReader(StandardCharsets.ISO_8859_1);
        }

        /** Its next lines. */
        String lines(int count) throws IOException {
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < count; i++) lines.append(out.readLine()).append('\n');
            return lines.toString();
        }

        /** Ctrl-C; the lease of an election is revoked then. */
        void interrupt() {
            Exec.run(List.of("kill", "-INT", Long.toString(process.pid())), Map.of(), "");
            try {
                assertTrue(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS), "it goes on");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
            process.onExit().join();
        }
    }
}
