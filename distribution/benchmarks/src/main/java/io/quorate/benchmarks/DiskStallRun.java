package io.quorate.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Linearizable reads, and puts beside them, while the disk stalls: a tracer holds every so many-th
 * fsync and fdatasync of each of the server's threads for a second. That the puts were stalled
 * shows that there were such seconds.
 */
final class DiskStallRun {
    private static final int PUTTERS = 4;
    private static final int EVERY = 100;
    private static final int STALL_MICROS = 1_000_000;

    private DiskStallRun() {}

    static void measure(Options options, Options.Server server, Report report) throws IOException {
        Setup setup = options.setup();
        try (Cluster cluster = new Cluster(options, server, tracer(), 1, 1);
                Connections readers = cluster.connect(options, setup.connections());
                Connections writers = cluster.connect(options, 1)) {
            Calls.fill(readers, setup, setup.keys());
            Setup few = setup.withClients(PUTTERS);
            Load puts = new Load(Workload.Kind.PUT.create(few), "put", few, writers, 0);
            Load reads = new Load(Workload.Kind.RANGE.create(setup), "range", setup, readers, 0);
            Measurement.pass(reads, options.warmUp());
            puts.measure();
            Measurement measured =
                    Measurement.of(reads, Duration.ZERO, options.duration(), cluster);
            Histogram stalled = puts.end();
            long gap = reads.longestGapNanos();
            puts.drain();
            String name = server.name();
            report.add(
                    name,
                    "range, the disk stalls",
                    setup.title(),
                    Report.Metric.PER_SECOND,
                    measured.perSecond());
            report.addLatencies(
                    name, "range, the disk stalls", setup.title(), measured.latencies());
            report.add(name, "range, the disk stalls", setup.title(), Report.Metric.GAP, gap / 1e6);
            report.addLatencies(name, "put, the disk stalls", few.title(), stalled);
            if (stalled.max() < STALL_MICROS * 1_000L) {
                throw new IOException("no put of " + name + " was stalled; try --duration 30");
            }
        }
    }

    /** Runs the server so that only the two calls are trapped; all others cost what they do. */
    private static List<String> tracer() throws IOException {
        requireStrace();
        String syncs = "fsync,fdatasync";
        String inject = "inject=" + syncs + ":delay_enter=" + STALL_MICROS;
        return List.of(
                "strace",
                "-D", // The server stays the child of this process, the tracer is a grandchild.
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=" + syncs,
                "-e",
                inject + ":when=" + EVERY + "+" + EVERY);
    }

    private static void requireStrace() throws IOException {
        try {
            if (new ProcessBuilder("strace", "-V").start().waitFor() == 0) return;
        } catch (InterruptedException e) {
            throw new IOException(e);
        } catch (IOException e) {
            throw new IOException("disk-stall needs strace 5.3 or newer on the PATH", e);
        }
        throw new IOException("disk-stall needs strace 5.3 or newer: strace -V failed");
    }
}
