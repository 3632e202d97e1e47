package io.quorate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Starts the servers in turn, each on a fresh data directory, and drives them. */
final class LoadRun {
    private LoadRun() {}

    static Report run(Options options) throws IOException {
        Report report = new Report(options.servers().stream().map(Options.Server::name).toList());
        for (int round = 0; round < options.rounds(); round++) {
            for (Options.Server server : options.inRound(round)) {
                System.err.println("round " + (round + 1) + ": " + server.name());
                measure(options, server, report);
            }
        }
        return report;
    }

    private static void measure(Options options, Options.Server server, Report report)
            throws IOException {
        Path folder = Files.createTempDirectory(options.directory(), "load-");
        try (ServerProcess process = new ServerProcess(server, options.serverFlags(), folder)) {
            process.awaitReady();
            try (Connections connections =
                    new Connections(process.clientPort(), options.connections())) {
                for (Workload workload : options.workloads()) {
                    Load.Measurement measured = Load.run(options, workload, process, connections);
                    add(report, server.name(), workload.title(), measured);
                }
            }
            report.add(
                    server.name(), "all", Report.Metric.PEAK_RSS, process.peakBytes() / 1048576.0);
        }
        ServerProcess.delete(folder);
    }

    static void add(Report report, String server, String title, Load.Measurement measured) {
        Histogram latencies = measured.latencies();
        report.add(server, title, Report.Metric.PER_SECOND, measured.perSecond());
        report.add(server, title, Report.Metric.P50, latencies.quantile(0.5) / 1e3);
        report.add(server, title, Report.Metric.P99, latencies.quantile(0.99) / 1e3);
        report.add(server, title, Report.Metric.P999, latencies.quantile(0.999) / 1e3);
        report.add(server, title, Report.Metric.MAX, latencies.max() / 1e3);
        report.add(server, title, Report.Metric.CPU, measured.cpuMicrosPerCall());
        report.add(server, title, Report.Metric.RSS, measured.rssBytes() / 1048576.0);
    }
}
