package io.quorate.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * How often a server has forced its data to disk, by its own count.
 *
 * @param logSyncs of the write-ahead log
 * @param commits of the state store; each is one sync or two
 */
record DiskCounters(double logSyncs, double commits) {
    static final DiskCounters ZERO = new DiskCounters(0, 0);

    private static final String LOG_SYNCS = "etcd_disk_wal_fsync_duration_seconds_count ";
    private static final String COMMITS = "etcd_disk_backend_commit_duration_seconds_count ";

    static DiskCounters read(int port) throws IOException {
        URI page = URI.create("http://127.0.0.1:" + port + "/metrics");
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(page.toURL().openStream(), StandardCharsets.UTF_8))) {
            return parse(lines.lines().toList());
        }
    }

    /** Reads the text format of Prometheus. */
    static DiskCounters parse(List<String> lines) {
        return new DiskCounters(value(lines, LOG_SYNCS), value(lines, COMMITS));
    }

    private static double value(List<String> lines, String metric) {
        return lines.stream()
                .filter(line -> line.startsWith(metric))
                .mapToDouble(line -> Double.parseDouble(line.substring(metric.length()).trim()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no metric " + metric));
    }

    DiskCounters plus(DiskCounters other) {
        return new DiskCounters(logSyncs + other.logSyncs, commits + other.commits);
    }

    DiskCounters since(DiskCounters earlier) {
        return new DiskCounters(logSyncs - earlier.logSyncs, commits - earlier.commits);
    }
}
