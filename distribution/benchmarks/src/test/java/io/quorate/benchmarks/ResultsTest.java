package io.quorate.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class ResultsTest {
    /** Two rounds in which ours is twice as fast, and one metric in which it is worse. */
    private static Results some(String name) {
        Report report = new Report(List.of("ours", "etcd"));
        for (int round = 1; round <= 2; round++) {
            report.add("ours", "put", "1 client", Report.Metric.PER_SECOND, 2_000 * round);
            report.add("etcd", "put", "1 client", Report.Metric.PER_SECOND, 1_000);
            report.add("ours", "a < b & c", "", Report.Metric.RSS, 30);
            report.add("etcd", "a < b & c", "", Report.Metric.RSS, 10);
            for (String server : List.of("ours", "etcd")) {
                Histogram latencies = new Histogram();
                for (int i = 1; i <= 1_000; i++) latencies.record(i * 1_000L * round);
                report.addLatencies(server, "put", "1 client", latencies);
            }
        }
        return Results.parse(name, report.json(Map.of("command", "load --clients 1")));
    }

    @Test
    void whatAReportWritesIsReadBack() {
        Results results = some("load");
        assertEquals("load --clients 1", results.about().get("command"));
        Results.Row row = results.rows().getFirst();
        assertEquals("put, 1 client", row.work());
        assertEquals(List.of(2_000.0, 4_000.0), row.values().get("ours"));
        assertEquals(List.of(2.0, 4.0), row.ratios());
        Results.Curve curve = results.curves().getFirst();
        assertEquals("ours", curve.server());
        assertEquals(new Results.Point(1, 2_000), curve.points().getLast());
        for (int i = 1; i < curve.points().size(); i++) {
            assertTrue(curve.points().get(i - 1).micros() <= curve.points().get(i).micros());
        }
    }

    @Test
    void aFileOfSomethingElseIsNamed(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("state.json"), "{\"open ms\": 1.5}");
        assertEquals(Map.of("open ms", 1.5), Results.in(folder).getFirst().figures());
        Files.writeString(folder.resolve("other.json"), "[1, 2]");
        Exception thrown = assertThrows(IOException.class, () -> Results.in(folder));
        assertTrue(thrown.getMessage().contains("other.json holds no results"));
    }

    @Test
    void chartsAreWellFormedAndKnowBothColourSchemes() {
        Map<String, String> charts = Charts.draw(List.of(some("load-1"), some("load-2")));
        assertEquals(
                List.of(
                        "throughput.svg",
                        "latency-p50.svg",
                        "latency-p99.svg",
                        "memory.svg",
                        "curve-load-put.svg"),
                List.copyOf(charts.keySet()));
        charts.forEach((file, svg) -> {
            wellFormed(svg);
            assertTrue(svg.contains("prefers-color-scheme: dark"), file);
            assertFalse(svg.contains("NaN") || svg.contains("Infinity"), file);
        });
        assertEquals(2, count(charts.get("throughput.svg"), "rect class=\"better\""));
        assertEquals(2, count(charts.get("memory.svg"), "rect class=\"worse\""));
        assertEquals(4 * 2, count(charts.get("curve-load-put.svg"), "<polyline"));
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    /** Elements are closed in order, attributes are quoted, text has no bare special characters. */
    private static void wellFormed(String svg) {
        Matcher tag =
                Pattern.compile("<(/?)([a-z]+)((?: [\\w:-]+=\"[^\"<&]*\")*)(/?)>").matcher(svg);
        Deque<String> open = new ArrayDeque<>();
        int end = 0;
        while (tag.find()) {
            String text = svg.substring(end, tag.start());
            assertFalse(text.contains("<") || text.contains(">"), text);
            assertFalse(text.replaceAll("&(amp|lt|gt);", "").contains("&"), text);
            if (!tag.group(1).isEmpty()) assertEquals(open.pop(), tag.group(2));
            else if (tag.group(4).isEmpty()) open.push(tag.group(2));
            end = tag.end();
        }
        assertTrue(open.isEmpty() && end > 0 && svg.substring(end).isBlank(), open.toString());
    }

    @Test
    void tablesOfAPageAreMadeAnewAndItsTextStays() {
        String page =
                """
                before
                <!-- results: load-* -->
                old
                <!-- end of results -->
                between
                <!-- charts: curve-* -->
                <!-- end of charts -->
                <!-- results: later -->
                none yet
                <!-- end of results -->
                """;
        List<String> missing = new ArrayList<>();
        List<String> charts = List.of("performance/cpu.svg", "performance/curve-load-put.svg");
        List<Results> all = List.of(some("load-1"), some("start"));
        String made = Tables.into(page, all, charts, missing::add);
        assertTrue(
                made.startsWith("before\n<!-- results: load-* -->\n\n    run load --clients 1\n"));
        assertTrue(made.contains("\n<!-- end of results -->\nbetween\n"));
        assertTrue(made.contains("| put | 1 client | 3,000 | 1,000 | 3.00 (2.00 .. 4.00) |"), made);
        assertTrue(made.contains("\n![curve load put](performance/curve-load-put.svg)\n"), made);
        assertFalse(made.contains("old") || made.contains("cpu.svg"), made);
        assertTrue(made.contains("none yet"));
        assertEquals(List.of("later"), missing);
        assertEquals(made, Tables.into(made, all, charts, missing::add));
    }
}
