package io.quorate.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A member in a process and a data directory of its own. */
final class ServerProcess implements AutoCloseable {
    private static final String READY = "ready to serve client requests";
    private static final int SECONDS_MAX = 60;
    private static final int LINES_KEPT = 30;

    /** What Linux counts CPU time of processes in, on every machine of today: 1/100 s. */
    private static final long TICK_NANOS = 10_000_000;

    private final String name;
    private final Member member;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final Deque<String> lastLines = new ArrayDeque<>();
    private final Process process;
    private final long startedNanos;

    /** Who a member is: it keeps its ports when it is started again. */
    record Member(String name, int clientPort, int peerPort) {
        String peerUrl() {
            return url(peerPort);
        }

        private String clientUrl() {
            return url(clientPort);
        }

        private static String url(int port) {
            return "http://127.0.0.1:" + port;
        }

        /** Members on ports that are free now. */
        static List<Member> some(int count) {
            List<ServerSocket> sockets = new ArrayList<>();
            try {
                // All are held at once, so that no port is given out twice.
                for (int i = 0; i < 2 * count; i++) {
                    sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
                }
                List<Member> members = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    int client = sockets.get(2 * i).getLocalPort();
                    int peer = sockets.get(2 * i + 1).getLocalPort();
                    members.add(new Member("m" + (i + 1), client, peer));
                }
                for (ServerSocket socket : sockets) socket.close();
                return members;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Starts a member on an empty folder, or on the data which an earlier process has left there.
     *
     * @param wrapper words before the program's own, such as a tracer that runs it
     * @param cluster the members to bootstrap with, in the form of the flag
     * @param existing whether the cluster is there already and this member is new to it
     */
    ServerProcess(
            Options.Server server,
            List<String> wrapper,
            List<String> flags,
            Member member,
            String cluster,
            boolean existing,
            Path folder)
            throws IOException {
        this.name = server.name();
        this.member = member;
        List<String> command = new ArrayList<>(wrapper);
        command.add(server.executable().toString());
        command.addAll(List.of("--name", member.name()));
        command.addAll(List.of("--data-dir", folder.resolve("data").toString()));
        command.addAll(List.of("--listen-client-urls", member.clientUrl()));
        command.addAll(List.of("--advertise-client-urls", member.clientUrl()));
        command.addAll(List.of("--listen-peer-urls", member.peerUrl()));
        command.addAll(List.of("--initial-advertise-peer-urls", member.peerUrl()));
        command.addAll(List.of("--initial-cluster", cluster));
        command.addAll(List.of("--initial-cluster-state", existing ? "existing" : "new"));
        command.addAll(flags);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(key -> key.startsWith("ETCD"));
        startedNanos = System.nanoTime();
        process = builder.start();
        // When this tool is ended early, its servers are not left behind.
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().unstarted(process::destroyForcibly));
        Thread.ofVirtual().start(this::follow);
    }

    /** A cluster of one. */
    ServerProcess(Options.Server server, List<String> flags, Member member, Path folder)
            throws IOException {
        this(
                server,
                List.of(),
                flags,
                member,
                member.name() + "=" + member.peerUrl(),
                false,
                folder);
    }

    private void follow() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                keep(line);
                if (line.contains(READY)) ready.complete(null);
            }
            ready.completeExceptionally(new IOException("the process ended"));
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
    }

    private synchronized void keep(String line) {
        lastLines.addLast(line);
        if (lastLines.size() > LINES_KEPT) lastLines.removeFirst();
    }

    private synchronized String log() {
        return String.join(System.lineSeparator(), lastLines);
    }

    /** Waits until clients are served. */
    void awaitReady() throws IOException {
        try {
            ready.get(SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException(name + " does not serve:\n" + log(), e);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** {@link System#nanoTime()} when the process was started. */
    long startedNanos() {
        return startedNanos;
    }

    int clientPort() {
        return member.clientPort();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What the member has forced to disk so far, from the page of its metrics. */
    DiskCounters diskCounters() throws IOException {
        return DiskCounters.read(member.clientPort());
    }

    /** CPU time the process has used so far, user and system, in nanoseconds. */
    long cpuNanos() throws IOException {
        String stat = Files.readString(proc("stat"));
        // The second field is the program's name in brackets and may hold blanks.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
    }

    /** Resident memory in bytes. */
    long residentBytes() throws IOException {
        return statusBytes("VmRSS:");
    }

    /** The most resident memory that there was, in bytes. */
    long peakBytes() throws IOException {
        return statusBytes("VmHWM:");
    }

    private long statusBytes(String field) throws IOException {
        for (String line : Files.readAllLines(proc("status"))) {
            if (line.startsWith(field)) return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
        throw new IOException("no " + field + " in " + proc("status"));
    }

    private Path proc(String file) {
        return Path.of("/proc", Long.toString(process.pid()), file);
    }

    /** Ends the process as a crash of it would, with no chance to tell anybody. */
    void kill() throws IOException {
        process.toHandle().destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        // Process.destroy() would close our end of its output, and SIGPIPE would end it first.
        process.toHandle().destroy();
        try {
            if (!process.waitFor(SECONDS_MAX, TimeUnit.SECONDS))
                process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }
}
