package io.quorate.benchmarks;

import io.quorate.api.proto.CompactionRequest;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Puts without and under the compaction of a large history: throughput, latencies, and the longest
 * time in which no client had an answer. The history has ten revisions of each key.
 */
final class CompactionRun {
    private static final int VERSIONS = 10;
    private static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int MINUTES_MAX = 10;

    private CompactionRun() {}

    static void measure(Options options, Options.Server server, Report report) throws IOException {
        Setup setup = options.setup().withKeys(Math.max(1, options.setup().keys() / VERSIONS));
        String title = Setup.count(options.setup().keys(), "revision") + ", " + setup.title();
        try (Cluster cluster = new Cluster(options, server);
                Connections connections = cluster.connect(options, setup.connections())) {
            Calls.fill(connections, setup, options.setup().keys());
            Load calm = puts(setup, connections);
            Measurement without =
                    Measurement.of(calm, options.warmUp(), options.duration(), cluster);
            report.addLatencies(
                    server.name(), "put before the compaction", title, without.latencies());
            gap(report, server.name(), "put before the compaction", title, calm.longestGapNanos());

            Load under = puts(setup, connections);
            Measurement.pass(under, options.warmUp());
            long begin = System.nanoTime();
            under.measure();
            double millis = compact(connections);
            Pause.until(begin + LEAST_NANOS);
            Histogram latencies = under.end();
            long gap = under.longestGapNanos();
            double perSecond = latencies.count() * 1e9 / (System.nanoTime() - begin);
            under.drain();
            report.addLatencies(server.name(), "put in the compaction", title, latencies);
            gap(report, server.name(), "put in the compaction", title, gap);
            report.add(
                    server.name(),
                    "put in the compaction",
                    title,
                    Report.Metric.SHARE,
                    perSecond / without.perSecond());
            report.add(server.name(), "compaction", title, Report.Metric.MILLIS, millis);
        }
    }

    private static Load puts(Setup setup, Connections connections) {
        return new Load(Workload.Kind.PUT.create(setup), "put", setup, connections, 0);
    }

    private static double compact(Connections connections) {
        byte[] request =
                CompactionRequest.newBuilder()
                        .setRevision(Calls.revision(connections.of(0), false))
                        .setPhysical(true)
                        .build()
                        .toByteArray();
        long begin = System.nanoTime();
        CompletableFuture<byte[]> done = Calls.send(connections.of(0), Calls.COMPACT, request);
        done.orTimeout(MINUTES_MAX, TimeUnit.MINUTES).join();
        return (System.nanoTime() - begin) / 1e6;
    }

    private static void gap(Report report, String server, String work, String title, long nanos) {
        report.add(server, work, title, Report.Metric.GAP, nanos / 1e6);
    }
}
