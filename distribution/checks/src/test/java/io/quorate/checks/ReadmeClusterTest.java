package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The section of the README on clusters, typed in as it stands there, but for the ports; {@code
 * etcdctl} is etcd's own.
 */
@Timeout(300)
final class ReadmeClusterTest {
    private static final Path README = Path.of("../../README.md");
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");
    private static final Pattern PORT = Pattern.compile("(127\\.0\\.0\\.1:)(\\d+)");

    /** A row of the table of states: an endpoint that leads and is no learner. */
    private static final String LEADER =
            "(?m)^.*http://127\\.0\\.0\\.1:(\\d+) .*\\btrue\\b.*\\bfalse\\b.*$";

    private static final String STATUS = "etcdctl endpoint status --cluster -w table";

    private static final long PATIENCE_SECONDS = 90;

    @RegisterExtension final Members members = Members.perTest();

    private final Map<String, Integer> ports = new HashMap<>();
    private final List<Process> processes = new ArrayList<>();
    private Path folder;

    @AfterEach
    void endAll() {
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        processes.forEach(process -> process.onExit().join());
    }

    @Test
    @Tag("CS-01")
    @Tag("CL-09")
    void commandsOfTheReadmeMakeAClusterThatOutlivesItsLeader() throws IOException {
        folder = members.folder("readme");
        List<String> blocks = blocks();
        String[] starts = blocks.get(0).split("(?m)^(?=bin/etcd )");
        assertEquals(4, starts.length, blocks.get(0));
        for (int i = 1; i < starts.length; i++) start(starts[0] + "exec " + starts[i]);

        String[] lines = blocks.get(1).strip().split("\n");
        String endpoints = lines[0];
        assertTrue(endpoints.startsWith("export ETCDCTL_ENDPOINTS="), endpoints);
        until(() -> sh(endpoints, "etcdctl endpoint health").exit() == 0);
        Map<String, String> said = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            String line = lines[i];
            // Again after an election, which any of them may meet on a slow machine.
            until(() -> {
                Exec.Outcome outcome = sh(endpoints, line);
                said.put(line, outcome.out());
                boolean led = !line.equals(STATUS) || count(LEADER, outcome.out()) == 1;
                return outcome.exit() == 0 && led;
            });
        }
        assertEquals(3, count("\\bstarted\\b", said.get("etcdctl member list -w table")));
        String status = said.get(STATUS);

        // "Kill one, even the leader: reads and writes go on."
        Matcher leader = Pattern.compile(LEADER).matcher(status);
        assertTrue(leader.find(), status);
        kill(Integer.parseInt(leader.group(1)));
        until(() -> sh(endpoints, "etcdctl put greeting again").exit() == 0);
        until(() ->
                sh(endpoints, "etcdctl get greeting --print-value-only")
                        .out()
                        .strip()
                        .equals("again"));
    }

    /** The commands of the section, with free ports and the programs' places. */
    private List<String> blocks() throws IOException {
        String text = Files.readString(README);
        int begin = text.indexOf("## A cluster of three");
        String section = text.substring(begin, text.indexOf("\n## ", begin));
        List<String> blocks = new ArrayList<>();
        Matcher block = BLOCK.matcher(section);
        while (block.find()) {
            blocks.add(
                    PORT.matcher(block.group(1))
                            .replaceAll(found -> found.group(1) + port(found.group(2))));
        }
        return blocks;
    }

    private int port(String written) {
        return ports.computeIfAbsent(written, w -> Member.freePort());
    }

    private void start(String script) throws IOException {
        String placed = script.replace("exec bin/etcd", "exec " + Binaries.ours());
        ProcessBuilder builder = new ProcessBuilder("sh", "-ec", placed);
        builder.environment().keySet().removeIf(key -> key.startsWith("ETCD"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.redirectErrorStream(true);
        builder.redirectOutput(folder.resolve("log" + processes.size()).toFile());
        processes.add(builder.directory(folder.toFile()).start());
    }

    /** The process that was told to listen for clients there. */
    private void kill(int port) {
        for (Process process : processes) {
            String command = process.info().commandLine().orElse("");
            if (command.contains("--listen-client-urls http://127.0.0.1:" + port)) {
                process.destroyForcibly();
                process.onExit().join();
                return;
            }
        }
        throw new AssertionError("nobody listens on " + port);
    }

    private Exec.Outcome sh(String first, String command) {
        Path etcdctl = Binaries.etcdctl37();
        String script = "etcdctl() { " + etcdctl + " \"$@\"; }\n" + first + "\n" + command + "\n";
        return Exec.run(List.of("sh", "-ec", script), Map.of(), "");
    }

    private void until(BooleanSupplier condition) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                StringBuilder logs = new StringBuilder();
                for (int i = 0; i < processes.size(); i++) {
                    logs.append(Files.readString(folder.resolve("log" + i)));
                }
                throw new AssertionError("it did not become so\n" + logs);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    private static int count(String pattern, String text) {
        return (int) Pattern.compile(pattern).matcher(text).results().count();
    }
}
