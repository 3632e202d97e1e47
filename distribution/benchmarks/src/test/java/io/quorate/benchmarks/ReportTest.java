package io.quorate.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

final class ReportTest {
    @Test
    void ratiosAreTakenRoundByRound() {
        Report report = new Report(List.of("ours", "etcd"));
        for (double[] round : new double[][] {{10, 5}, {30, 10}, {4, 4}}) {
            report.add("ours", "put", "1 client", Report.Metric.PER_SECOND, round[0]);
            report.add("etcd", "put", "1 client", Report.Metric.PER_SECOND, round[1]);
        }
        String row = report.table().lines().skip(1).findFirst().orElseThrow();
        assertTrue(row.startsWith("put, 1 client"), row);
        assertTrue(row.contains("10.0 (4.0 .. 30.0)"), row);
        assertTrue(row.endsWith("2.00 (1.00 .. 3.00)"), row);
    }

    @Test
    void aServerThatDoesNothingHasNoRatio() {
        Report report = new Report(List.of("ours", "etcd"));
        report.add("ours", "range", "", Report.Metric.LOG_SYNCS, 1);
        report.add("etcd", "range", "", Report.Metric.LOG_SYNCS, 0);
        assertTrue(report.table().contains("log fsyncs/call"));
        assertTrue(!report.json(Map.of()).contains("ratio"), report.json(Map.of()));
    }

    @Test
    void fsyncsAreReadFromThePageOfMetrics() {
        DiskCounters counters =
                DiskCounters.parse(
                        List.of(
                                "# TYPE etcd_disk_wal_fsync_duration_seconds histogram",
                                "etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.001\"} 3",
                                "etcd_disk_wal_fsync_duration_seconds_sum 0.25",
                                "etcd_disk_wal_fsync_duration_seconds_count 1.2e+06",
                                "etcd_disk_backend_commit_duration_seconds_count 7"));
        assertEquals(new DiskCounters(1_200_000, 7), counters);
        assertEquals(new DiskCounters(0, 0), counters.since(counters));
    }

    @Test
    void callsOfAnOpenLoopAreDueWithoutDrift() {
        Pace pace = new Pace(3, 1_000);
        assertEquals(1_000, pace.dueNanos(0));
        assertEquals(1_000 + 333_333_333, pace.dueNanos(1));
        assertEquals(1_000 + 1_000_000_000_000L, pace.dueNanos(3_000));
    }

    @Test
    void progressOfALogIsALineForEachPart() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
        try (Progress progress = new Progress(printed, false, 40, 3_600)) {
            progress.begin(10, "first");
            progress.begin(10, "second");
            progress.skip(10);
            progress.begin(10, "last");
        }
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(3, lines.size());
        assertTrue(lines.get(0).contains("   0 % ") && lines.get(0).endsWith("first"));
        assertTrue(lines.get(1).startsWith("[#######---"), lines.get(1));
        assertTrue(lines.get(2).contains(" 75 % "), lines.get(2));
    }
}
