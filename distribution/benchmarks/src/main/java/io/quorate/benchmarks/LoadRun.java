package io.quorate.benchmarks;

import java.io.IOException;
import java.time.Duration;

/** Starts a server on a fresh data directory, and drives it. */
final class LoadRun {
    /** A run that goes by the number of calls has no other end. */
    private static final Duration NO_END = Duration.ofDays(1);

    private LoadRun() {}

    /** Every workload in every setup, one after the other against the same processes. */
    static void measure(Options options, Options.Server server, Report report) throws IOException {
        try (Cluster cluster = new Cluster(options, server)) {
            for (Setup setup : options.setups()) {
                try (Connections connections = cluster.connect(options, setup.connections())) {
                    // So that reads find something, whatever is measured before.
                    Calls.fill(connections, setup, setup.keys());
                    for (Workload.Kind kind : options.workloads()) {
                        measure(options, kind, setup, cluster, connections)
                                .addTo(report, server.name(), kind.title(), setup.title());
                    }
                }
            }
            double peak = cluster.peakBytes() / 1048576.0;
            report.add(server.name(), "all", "", Report.Metric.PEAK_RSS, peak);
        }
    }

    private static Measurement measure(
            Options options,
            Workload.Kind kind,
            Setup setup,
            Cluster cluster,
            Connections connections)
            throws IOException {
        Load load = new Load(kind.create(setup), kind.title(), setup, connections, options.total());
        Duration duration = options.total() > 0 ? NO_END : options.duration();
        return Measurement.of(load, options.warmUp(), duration, cluster);
    }

    /** Puts, of which only what is forced to disk is told. */
    static void fsyncs(Options options, Options.Server server, Report report) throws IOException {
        try (Cluster cluster = new Cluster(options, server)) {
            for (Setup setup : options.setups()) {
                try (Connections connections = cluster.connect(options, setup.connections())) {
                    Measurement measured =
                            measure(options, Workload.Kind.PUT, setup, cluster, connections);
                    measured.addForced(report, server.name(), "put", setup.title());
                }
            }
        }
    }

    /** Fan-out to each number of watchers, with connections of their own. */
    static void watch(Options options, Options.Server server, Report report) throws IOException {
        try (Cluster cluster = new Cluster(options, server)) {
            for (int watchers : options.watchers()) {
                Setup setup = options.setup();
                int wanted = Math.min(watchers, setup.connections());
                try (Connections connections = cluster.connect(options, wanted)) {
                    WatchLoad load = new WatchLoad(watchers, setup.valueBytes(), connections);
                    Measurement.of(load, options.warmUp(), options.duration(), cluster)
                            .addTo(
                                    report,
                                    server.name(),
                                    "watch",
                                    Setup.count(watchers, "watcher"));
                }
            }
        }
    }

    static void keepAlive(Options options, Options.Server server, Report report)
            throws IOException {
        Setup setup = options.setup();
        try (Cluster cluster = new Cluster(options, server);
                Connections connections = cluster.connect(options, setup.connections())) {
            KeepAliveLoad load = new KeepAliveLoad(options.leases(), setup.clients(), connections);
            Measurement.of(load, options.warmUp(), options.duration(), cluster)
                    .addTo(report, server.name(), "keepalive", setup.title());
        }
    }
}
