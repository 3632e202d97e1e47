package io.quorate.benchmarks;

import io.grpc.CallOptions;
import io.grpc.stub.ClientCalls;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures the time from exec to the first answered linearizable Range, on an empty folder and
 * again on the data left there, and the memory of a server that nobody asks anything.
 */
final class StartRun {
    private static final long POLL_NANOS = 500_000;

    private StartRun() {}

    static Report run(Options options) throws IOException {
        Report report = new Report(options.servers().stream().map(Options.Server::name).toList());
        // A first pass over all servers warms up this tool and the file cache; it is not kept.
        Report unused = new Report(options.servers().stream().map(Options.Server::name).toList());
        for (Options.Server server : options.servers()) measure(options, server, unused, 0);
        for (int round = 0; round < options.rounds(); round++) {
            for (Options.Server server : options.inRound(round)) {
                System.err.println("round " + (round + 1) + ": " + server.name());
                measure(options, server, report, options.idle().toNanos());
            }
        }
        return report;
    }

    private static void measure(
            Options options, Options.Server server, Report report, long idleNanos)
            throws IOException {
        Path folder = Files.createTempDirectory(options.directory(), "start-");
        start(options, server, report, "first start", folder, idleNanos);
        start(options, server, report, "restart", folder, 0);
        ServerProcess.delete(folder);
    }

    private static void start(
            Options options,
            Options.Server server,
            Report report,
            String title,
            Path folder,
            long idleNanos)
            throws IOException {
        try (ServerProcess process = new ServerProcess(server, options.serverFlags(), folder)) {
            awaitListener(process);
            process.awaitReady();
            try (Connections connections = new Connections(process.clientPort(), 1)) {
                range(options, connections);
            }
            long nanos = System.nanoTime() - process.startedNanos();
            report.add(server.name(), title, Report.Metric.MILLIS, nanos / 1e6);
            report.add(server.name(), title, Report.Metric.CPU_MILLIS, process.cpuNanos() / 1e6);
            if (idleNanos == 0) return;
            long until = System.nanoTime() + idleNanos;
            while (System.nanoTime() - until < 0) LockSupport.parkNanos(until - System.nanoTime());
            report.add(
                    server.name(), "idle", Report.Metric.RSS, process.residentBytes() / 1048576.0);
        }
    }

    private static void awaitListener(ServerProcess process) throws IOException {
        while (process.isAlive()) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), process.clientPort()).close();
                return;
            } catch (ConnectException notYet) {
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
    }

    private static void range(Options options, Connections connections) {
        byte[] answer =
                ClientCalls.blockingUnaryCall(
                        connections.of(0),
                        Connections.unary(Workload.RANGE.method()),
                        CallOptions.DEFAULT,
                        Workload.RANGE.request(options, 0));
        if (answer.length == 0) throw new IllegalStateException("an answer without a header");
    }
}
