package io.quorate.benchmarks;

import io.grpc.CallOptions;
import io.grpc.stub.ClientCalls;
import io.quorate.api.proto.RangeRequest;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Measures the time from exec to the first answered linearizable Range, and the memory of a server
 * that nobody asks anything: on an empty folder, again on the data left there, and with keys.
 */
final class StartRun {
    private static final long POLL_MICROS = 500;
    private static final int FILL_CONNECTIONS = 4;

    private final Options options;
    private final Options.Server server;
    private final Report report;
    private final ServerProcess.Member member = ServerProcess.Member.some(1).getFirst();
    private final Path folder;

    private StartRun(Options options, Options.Server server, Report report, Path folder) {
        this.options = options;
        this.server = server;
        this.report = report;
        this.folder = folder;
    }

    static void measure(Options options, Options.Server server, Report report) throws IOException {
        if (!report.knows(server.name())) {
            // Warms up this tool and the file cache, and is not kept.
            Report unused = new Report(options.serverNames());
            in(options, folder -> new StartRun(options, server, unused, folder).starts(false));
        }
        in(options, folder -> new StartRun(options, server, report, folder).starts(true));
    }

    private interface Body {
        void in(Path folder) throws IOException;
    }

    private static void in(Options options, Body body) throws IOException {
        Path folder = Files.createTempDirectory(options.directory(), "benchmark-");
        try {
            body.in(folder);
        } finally {
            ServerProcess.delete(folder);
        }
    }

    private void starts(boolean all) throws IOException {
        int keys = options.setup().keys();
        start("start", "empty", all ? 1 : 0, 0);
        start("restart", "empty", 0, keys);
        if (keys > 0 && all) start("restart", Setup.count(keys, "key"), 1, 0);
    }

    /**
     * @param idles how often memory is read after a time without calls
     * @param keys put before the process ends
     */
    private void start(String title, String setup, int idles, int keys) throws IOException {
        try (ServerProcess process =
                new ServerProcess(server, options.serverFlags(), member, folder)) {
            awaitListener(process);
            process.awaitReady();
            try (Connections connections = new Connections(process.clientPort(), 1)) {
                range(connections);
            }
            double millis = (System.nanoTime() - process.startedNanos()) / 1e6;
            double cpuMillis = process.cpuNanos() / 1e6;
            report.add(server.name(), title, setup, Report.Metric.FIRST_ANSWER, millis);
            report.add(server.name(), title, setup, Report.Metric.CPU_MILLIS, cpuMillis);
            if (idles > 0) idle("idle after the " + title, setup, process);
            if (keys == 0) return;
            try (Connections connections =
                    new Connections(process.clientPort(), FILL_CONNECTIONS)) {
                Calls.fill(connections, options.setup(), keys);
            }
            idle("idle after the puts", Setup.count(keys, "key"), process);
        }
    }

    private void idle(String title, String setup, ServerProcess process) throws IOException {
        Pause.millis(options.idle().toMillis());
        double mebibytes = process.residentBytes() / 1048576.0;
        report.add(server.name(), title, setup, Report.Metric.RSS, mebibytes);
    }

    private static void awaitListener(ServerProcess process) throws IOException {
        while (process.isAlive()) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), process.clientPort()).close();
                return;
            } catch (ConnectException notYet) {
                Pause.until(System.nanoTime() + POLL_MICROS * 1_000);
            }
        }
    }

    private void range(Connections connections) {
        byte[] request =
                RangeRequest.newBuilder().setKey(options.setup().key(0)).build().toByteArray();
        byte[] answer =
                ClientCalls.blockingUnaryCall(
                        connections.of(0), Calls.RANGE, CallOptions.DEFAULT, request);
        if (answer.length == 0) throw new IllegalStateException("an answer without a header");
    }
}
