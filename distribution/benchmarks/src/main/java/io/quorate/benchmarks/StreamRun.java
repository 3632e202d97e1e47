package io.quorate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Starts the servers in turn and drives them through streams that stay open. */
final class StreamRun {
    /** What is driven; one object for each run. */
    interface StreamLoad {
        /** As the report names it. */
        String title();

        /** Opens the streams, and begins a closed loop that goes on until the connections close. */
        Running begin(Connections connections) throws IOException;
    }

    /** A load under way. */
    interface Running {
        /** From now on what comes is counted. */
        void measure();

        /** What was counted; nothing more is. */
        Histogram end();

        /** Completes exceptionally when a call fails. */
        CompletableFuture<Void> failed();
    }

    private StreamRun() {}

    static Report run(Options options, StreamLoad load) throws IOException {
        Report report = new Report(options.servers().stream().map(Options.Server::name).toList());
        for (int round = 0; round < options.rounds(); round++) {
            for (Options.Server server : options.inRound(round)) {
                System.err.println("round " + (round + 1) + ": " + server.name());
                measure(options, server, load, report);
            }
        }
        return report;
    }

    private static void measure(
            Options options, Options.Server server, StreamLoad load, Report report)
            throws IOException {
        Path folder = Files.createTempDirectory(options.directory(), "load-");
        try (ServerProcess process = new ServerProcess(server, options.serverFlags(), folder)) {
            process.awaitReady();
            try (Connections connections =
                    new Connections(process.clientPort(), options.connections())) {
                Running running = load.begin(connections);
                pass(running, options.warmUp().toNanos());
                long cpu = process.cpuNanos();
                long begin = System.nanoTime();
                running.measure();
                pass(running, options.duration().toNanos());
                Histogram latencies = running.end();
                long nanos = System.nanoTime() - begin;
                cpu = process.cpuNanos() - cpu;
                LoadRun.add(
                        report,
                        server.name(),
                        load.title(),
                        new Load.Measurement(latencies, nanos, cpu, process.residentBytes()));
            }
        }
        ServerProcess.delete(folder);
    }

    private static void pass(Running running, long nanos) throws IOException {
        try {
            running.failed().get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException expected) {
            // Nothing has failed.
        } catch (ExecutionException e) {
            throw new IOException("a stream failed", e.getCause());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
