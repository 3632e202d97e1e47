package io.quorate.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What one load gave.
 *
 * @param refused calls that the server refused for now
 * @param closedLoops callers that waited for their answer before they asked again
 * @param nanos length of the measured window
 * @param details other durations, by title
 * @param cpuNanos CPU time of the server in the window, all members together
 * @param rssBytes resident memory at its end
 * @param disk what was forced to disk in the window
 */
record Measurement(
        Histogram latencies,
        Map<String, Histogram> details,
        long refused,
        int closedLoops,
        long nanos,
        long cpuNanos,
        long rssBytes,
        DiskCounters disk) {
    /** Lets a load warm up, and measures it for a while. */
    static Measurement of(Running running, Duration warmUp, Duration duration, Cluster cluster)
            throws IOException {
        pass(running, warmUp);
        DiskCounters disk = cluster.diskCounters();
        long cpu = cluster.cpuNanos();
        long begin = System.nanoTime();
        running.measure();
        pass(running, duration);
        Histogram latencies = running.end();
        long nanos = System.nanoTime() - begin;
        cpu = cluster.cpuNanos() - cpu;
        disk = cluster.diskCounters().since(disk);
        running.drain();
        return new Measurement(
                latencies,
                running.details(),
                running.refused(),
                running.closedLoops(),
                nanos,
                cpu,
                cluster.residentBytes(),
                disk);
    }

    /** Lets a load go on; ends at once when a call fails. */
    static void pass(Running running, Duration time) throws IOException {
        try {
            CompletableFuture.anyOf(running.failed(), running.finished())
                    .get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException expected) {
            // Nothing has failed.
        } catch (ExecutionException e) {
            throw new IOException("a call failed: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    double perSecond() {
        return latencies.count() * 1e9 / nanos;
    }

    void addTo(Report report, String server, String title, String setup) {
        double calls = Math.max(1, latencies.count());
        report.add(server, title, setup, Report.Metric.PER_SECOND, perSecond());
        report.addLatencies(server, title, setup, latencies);
        if (closedLoops > 0 && latencies.count() > 0) {
            long interval = (long) (nanos * (double) closedLoops / latencies.count());
            double p99 = latencies.corrected(interval).quantile(0.99) / 1e3;
            report.add(server, title, setup, Report.Metric.P99_CORRECTED, p99);
        }
        report.add(server, title, setup, Report.Metric.CPU, cpuNanos / 1e3 / calls);
        if (refused > 0) {
            report.add(server, title, setup, Report.Metric.REFUSED, refused * 1e9 / nanos);
        }
        report.add(server, title, setup, Report.Metric.RSS, rssBytes / 1048576.0);
        addDisk(report, server, title, setup);
        details.forEach((name, more) -> report.addLatencies(server, name, setup, more));
    }

    /** Only the calls and what they forced to disk. */
    void addForced(Report report, String server, String title, String setup) {
        report.add(server, title, setup, Report.Metric.PER_SECOND, perSecond());
        addDisk(report, server, title, setup);
    }

    private void addDisk(Report report, String server, String title, String setup) {
        double perCall = disk.logSyncs() / Math.max(1, latencies.count());
        report.add(server, title, setup, Report.Metric.LOG_SYNCS, perCall);
        report.add(server, title, setup, Report.Metric.COMMITS, disk.commits() * 1e9 / nanos);
    }
}
