package io.quorate.checks;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * One server process, ours or a real etcd, on ports and in a folder of its own, which can be
 * stopped, killed and started again on the same data. It is a cluster of one unless it is said to
 * be {@linkplain #inCluster in one} with others.
 *
 * <p>Used by one thread, but for {@link #kill()}, which any thread may call.
 */
final class Member {
    /** What every server writes on its standard error once clients are served. */
    private static final String READY = "ready to serve client requests";

    private static final Set<Integer> PORTS = ConcurrentHashMap.newKeySet();
    private static final int START_SECONDS = 120;
    private static final int STOP_SECONDS = 60;
    private static final int REPORT_CHARS = 6000;

    private final String name;
    private final Path executable;
    private final Path folder;
    private final List<String> flags;
    private boolean founderAlone = true;
    private String scheme = "http";
    private final Map<String, String> environment = new HashMap<>();
    private final int clientPort = freePort();
    private final int peerPort = freePort();
    private volatile Process process;
    private Thread reader;
    private final Map<CompletableFuture<String>, String> awaited = new ConcurrentHashMap<>();

    Member(String name, Path executable, Path folder, List<String> flags) {
        this.name = name;
        this.executable = executable;
        this.folder = folder;
        this.flags = new ArrayList<>(flags);
    }

    /** Leaves the name and the initial cluster to {@link #also} and {@link #with}. */
    Member inCluster() {
        founderAlone = false;
        return this;
    }

    /** Asks for TLS at both of its addresses; the keys come by {@link #also}. */
    Member secure() {
        scheme = "https";
        return this;
    }

    /** Gives more flags to later starts. */
    Member also(String... more) {
        flags.addAll(List.of(more));
        return this;
    }

    /** Sets a variable of the process's environment, for later starts. */
    Member with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /** Starts the process and waits until it serves; fails with its log when it does not. */
    void start() {
        CompletableFuture<String> ready = serves();
        launch();
        await(ready);
    }

    /** Completes when the process, perhaps one yet to be started, has written that it serves. */
    CompletableFuture<String> serves() {
        return line(READY);
    }

    /**
     * Completes with the next line that holds {@code text}; exceptionally when the process ends
     * before.
     */
    CompletableFuture<String> line(String text) {
        CompletableFuture<String> line = new CompletableFuture<>();
        awaited.put(line, text);
        return line;
    }

    /** Waits for what {@link #line} returned; fails with the log when it does not come. */
    void await(CompletableFuture<String> line) {
        try {
            line.orTimeout(START_SECONDS, TimeUnit.SECONDS).join();
        } catch (CompletionException e) {
            throw new AssertionError(name + " did not start: " + e.getCause() + report(), e);
        }
    }

    /** Starts the process without waiting for it to serve. */
    void launch() {
        if (isAlive()) throw new IllegalStateException(name + " runs already");
        ProcessBuilder builder = new ProcessBuilder(command());
        builder.environment().keySet().removeIf(key -> key.startsWith("ETCD"));
        // A start script must take the JDK that the tests run on, not the machine's usual one.
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        try {
            Files.createDirectories(folder);
            process = builder.redirectErrorStream(true).directory(folder.toFile()).start();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + executable, e);
        }
        Process started = process;
        reader = Thread.ofVirtual().start(() -> follow(started));
    }

    private List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(executable.toString());
        command.addAll(List.of("--data-dir", dataDir().toString()));
        command.addAll(List.of("--listen-client-urls", url(clientPort)));
        command.addAll(List.of("--advertise-client-urls", url(clientPort)));
        command.addAll(List.of("--listen-peer-urls", url(peerPort)));
        command.addAll(List.of("--initial-advertise-peer-urls", url(peerPort)));
        if (founderAlone) {
            command.addAll(List.of("--name", "m1", "--initial-cluster", "m1=" + peerUrl()));
        }
        command.addAll(flags);
        return command;
    }

    /** Copies what the process prints to the log file and tells who waits for a line. */
    private void follow(Process followed) {
        IOException ended = new IOException("the process ended");
        try (BufferedReader lines = followed.inputReader(StandardCharsets.UTF_8);
                BufferedWriter log =
                        Files.newBufferedWriter(
                                logFile(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.write(line);
                log.newLine();
                log.flush();
                String written = line;
                awaited.forEach((waiting, text) -> {
                    if (!written.contains(text)) return;
                    awaited.remove(waiting);
                    waiting.complete(written);
                });
            }
        } catch (IOException e) {
            ended = e;
        }
        for (CompletableFuture<String> waiting : awaited.keySet()) {
            awaited.remove(waiting);
            waiting.completeExceptionally(ended);
        }
    }

    /** Asks the process to stop (SIGTERM) and returns its exit code. */
    int stop() {
        // Process.destroy() would close our end of its output, and SIGPIPE would end it first.
        process.toHandle().destroy();
        return awaitExit();
    }

    /** Waits for the process to end by itself and returns its exit code. */
    int awaitExit() {
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError(name + " did not stop in time" + report());
            }
            reader.join();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether the process ends by itself within that time. */
    boolean exitsWithin(long time, TimeUnit unit) {
        try {
            return process.waitFor(time, unit);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Kills the process at once (SIGKILL) and waits until it is gone. */
    void kill() {
        Process victim = process;
        Thread follower = reader;
        if (victim == null) return;
        List<ProcessHandle> children = victim.descendants().toList();
        victim.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        victim.onExit().join();
        children.forEach(child -> child.onExit().join());
        // Or the end of its output would be taken for the end of the next start.
        try {
            follower.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Stops the process where it is (SIGSTOP); the kernel goes on to accept connections for it. */
    void pause() {
        signal("STOP");
    }

    /** Lets a paused process go on (SIGCONT). */
    void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        Exec.Outcome sent =
                Exec.run(List.of("kill", "-" + name, Long.toString(pid())), Map.of(), "");
        if (sent.exit() != 0) throw new AssertionError("kill -" + name + ": " + sent.err());
    }

    boolean isAlive() {
        return process != null && process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /** {@code 127.0.0.1:PORT} of the client listener, with its scheme where that is https. */
    String endpoint() {
        return (scheme.equals("https") ? "https://" : "") + "127.0.0.1:" + clientPort;
    }

    int clientPort() {
        return clientPort;
    }

    int peerPort() {
        return peerPort;
    }

    String name() {
        return name;
    }

    /** Holds the data and the log. */
    Path folder() {
        return folder;
    }

    Path dataDir() {
        return folder.resolve("data");
    }

    String peerUrl() {
        return url(peerPort);
    }

    private Path logFile() {
        return folder.resolve("log");
    }

    /**
     * Waits until the process has printed this; fails with the log when it does not. For what it
     * says of a call that was answered: the answer may be here before the line.
     */
    void awaitLog(String text) {
        Cluster.until(() -> log().contains(text), () -> ": " + text + report());
    }

    /** All that the process has printed, over all its starts. */
    String log() {
        try {
            return Files.exists(logFile()) ? Files.readString(logFile()) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The end of the log, for the message of a failed test. */
    String report() {
        String log = log();
        String end = log.substring(Math.max(0, log.length() - REPORT_CHARS));
        return "\n--- " + name + ": " + String.join(" ", command()) + "\n" + end + "\n---\n";
    }

    /** The sum of a metric over those of its labels whose line holds {@code label}. */
    double metric(String name, String label) {
        URI page = URI.create("http://" + endpoint() + "/metrics");
        try (InputStream in = page.toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith(name + "{") && line.contains(label))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Resident memory of the process in bytes. */
    long residentBytes() {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid()), "status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .map(line -> line.replaceAll("[^0-9]", ""))
                    .mapToLong(kib -> Long.parseLong(kib) * 1024)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String url(int port) {
        return scheme + "://127.0.0.1:" + port;
    }

    /**
     * A port that is free now and that nobody got before: one whose server is yet to be started is
     * free, too. Below those that Linux gives to connections which go out, for one of these could
     * take it while its server is away. A server that finds it taken fails its start by name.
     */
    static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(15_000, 32_000);
            if (PORTS.add(port) && isFree(port)) return port;
        }
    }

    private static boolean isFree(int port) {
        try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (BindException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
