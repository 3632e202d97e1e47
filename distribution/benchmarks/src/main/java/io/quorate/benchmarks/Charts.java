package io.quorate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Draws results: bars of ratios, and curves of latencies over the share of calls. */
final class Charts {
    private static final int WIDTH = 900; // of curves
    private static final int BARS_WIDTH = 360;
    private static final int FIGURES = 190;
    private static final double LETTER = 7;
    private static final int BAR = 18;
    private static final int STEP = 26;
    private static final int HEAD = 80;
    private static final double[] RATIOS = {0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20};
    private static final List<String> DASHES = List.of("", "7 4", "2 3", "9 3 2 3", "12 5", "1 5");

    /** A chart of bars. */
    private record Bars(String file, String title, Set<Report.Metric> metrics) {}

    private static final List<Bars> BARS =
            List.of(
                    new Bars(
                            "throughput",
                            "Throughput",
                            Set.of(
                                    Report.Metric.PER_SECOND,
                                    Report.Metric.MEBIBYTES_PER_SECOND,
                                    Report.Metric.SHARE)),
                    new Bars("latency-p50", "Median latency", Set.of(Report.Metric.P50)),
                    new Bars("latency-p99", "99th percentile", Set.of(Report.Metric.P99)),
                    new Bars("cpu", "CPU of the server", Set.of(Report.Metric.CPU)),
                    new Bars(
                            "memory",
                            "Memory of the server",
                            Set.of(Report.Metric.RSS, Report.Metric.PEAK_RSS)),
                    new Bars(
                            "times",
                            "Start, failover, catch-up, stalls",
                            Set.of(
                                    Report.Metric.MILLIS,
                                    Report.Metric.FIRST_ANSWER,
                                    Report.Metric.GAP)));

    private Charts() {}

    /** Writes all charts for which there are results; returns their files. */
    static List<Path> write(List<Results> all, Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Map.Entry<String, String> chart : draw(all).entrySet()) {
            files.add(Files.writeString(folder.resolve(chart.getKey()), chart.getValue()));
        }
        return files;
    }

    /** The charts by the names of their files. */
    static Map<String, String> draw(List<Results> all) {
        Map<String, String> charts = new LinkedHashMap<>();
        for (Bars bars : BARS) {
            List<Results.Row> rows = rows(all, bars.metrics);
            if (!rows.isEmpty()) charts.put(bars.file + ".svg", bars(bars.title, rows));
        }
        Map<String, List<Results.Curve>> curves = new TreeMap<>();
        for (Results results : all) {
            for (Results.Curve curve : results.curves()) {
                // Files that differ from the first digit on are of one kind: load-1, load-100.
                String kind = results.name().replaceAll("-?\\d.*", "");
                curves.computeIfAbsent(kind + ", " + curve.title(), title -> new ArrayList<>())
                        .add(curve);
            }
        }
        curves.forEach((title, some) ->
                charts.put("curve-" + title.replaceAll("\\W+", "-") + ".svg", curves(title, some)));
        return charts;
    }

    private static List<Results.Row> rows(List<Results> all, Set<Report.Metric> metrics) {
        return all.stream()
                .flatMap(results -> results.rows().stream())
                .filter(row -> Report.Metric.of(row.metric()).filter(metrics::contains).isPresent())
                .filter(row -> !row.ratios().isEmpty())
                .toList();
    }

    private static String bars(String title, List<Results.Row> rows) {
        boolean more = Report.Metric.of(rows.getFirst().metric()).orElseThrow().moreIsBetter();
        List<String> servers = List.copyOf(rows.getFirst().values().keySet());
        String ratio = String.join(" / ", servers);
        int letters = rows.stream().mapToInt(row -> label(row).length()).max().orElseThrow();
        int labels = (int) (letters * LETTER) + 30;
        int height = HEAD + rows.size() * STEP + 40;
        Svg svg = new Svg(labels + BARS_WIDTH + FIGURES, height, title + ": " + ratio);
        String better = more ? "longer to the right is better" : "longer to the left is better";
        svg.text("small", 20, 50, "start", better + "; thin lines from lowest to highest round");
        Axis axis = new Axis(labels, labels + BARS_WIDTH, 0.04, 25);
        for (double tick : RATIOS) {
            double x = axis.at(tick);
            svg.line(tick == 1 ? "axis" : "grid", x, HEAD - 10, x, height - 30);
            svg.text("small", x, height - 14, "middle", Json.number(tick));
        }
        for (int i = 0; i < rows.size(); i++) {
            bar(svg, axis, rows.get(i), servers, HEAD + i * STEP, more);
        }
        return svg.toString();
    }

    private static void bar(
            Svg svg, Axis axis, Results.Row row, List<String> servers, double y, boolean more) {
        double ratio = Report.median(row.ratios());
        double one = axis.at(1);
        double end = axis.at(ratio);
        String style = ratio >= 1 == more ? "better" : "worse";
        double middle = y + BAR / 2.0;
        svg.text("", axis.begin() - 10, middle + 5, "end", label(row));
        svg.rect(style, Math.min(one, end), y, Math.max(1, Math.abs(end - one)), BAR);
        double low = axis.at(Collections.min(row.ratios()));
        double high = axis.at(Collections.max(row.ratios()));
        if (high > low) svg.line("spread", low, middle, high, middle);
        StringBuilder text = new StringBuilder(Tables.number(ratio)).append("  (");
        for (int i = 0; i < servers.size(); i++) {
            if (i > 0) text.append(" / ");
            text.append(Tables.number(Report.median(row.values().get(servers.get(i)))));
        }
        svg.text("small", axis.end() + 10, middle + 4, "start", text.append(')').toString());
    }

    /** The unit is told only where it is not clear from the chart. */
    private static String label(Results.Row row) {
        boolean clear = row.metric().matches("p[0-9.]+ us|calls/s|server CPU us/call");
        return clear ? row.work() : row.work() + ": " + row.metric();
    }

    private static String curves(String title, List<Results.Curve> curves) {
        double low = Double.MAX_VALUE;
        double high = 0;
        for (Results.Curve curve : curves) {
            for (Results.Point point : curve.points()) {
                low = Math.min(low, Math.max(1, point.micros()));
                high = Math.max(high, point.micros());
            }
        }
        low = Math.pow(10, Math.floor(Math.log10(low)));
        high = Math.pow(10, Math.ceil(Math.log10(Math.max(high, low * 10))));
        List<String> setups = curves.stream().map(Results.Curve::setup).distinct().toList();
        List<String> servers = curves.stream().map(Results.Curve::server).distinct().toList();
        int bottom = 440;
        Svg svg = new Svg(WIDTH, bottom + 60, "Latency of " + title);
        svg.text("small", 20, 50, "start", "share of calls that took no longer; lower is better");
        Axis up = new Axis(bottom, HEAD, low, high);
        for (double tick = low; tick <= high * 1.01; tick *= 10) {
            svg.line("grid", 80, up.at(tick), 640, up.at(tick));
            svg.text("small", 72, up.at(tick) + 4, "end", time(tick));
        }
        double[] shares = {0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
        String[] names = {"0", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "all"};
        for (int i = 0; i < shares.length; i++) {
            svg.line("grid", across(shares[i]), HEAD, across(shares[i]), bottom);
            svg.text("small", across(shares[i]), bottom + 20, "middle", names[i]);
        }
        int legend = HEAD + 10;
        for (Results.Curve curve : curves) {
            String style = servers.indexOf(curve.server()) == 0 ? "first" : "second";
            String dashes = DASHES.get(setups.indexOf(curve.setup()) % DASHES.size());
            double[] xs =
                    curve.points().stream().mapToDouble(point -> across(point.share())).toArray();
            double[] ys =
                    curve.points().stream()
                            .mapToDouble(point -> up.at(Math.max(1, point.micros())))
                            .toArray();
            svg.path(style, dashes, xs, ys);
            svg.path(style, dashes, new double[] {655, 690}, new double[] {legend, legend});
            svg.text("small", 698, legend + 4, "start", curve.server() + ", " + curve.setup());
            legend += 20;
        }
        return svg.toString();
    }

    /** Each nine of the share has the same room; all comes last. */
    private static double across(double share) {
        double nines = share >= 1 ? 4.5 : -Math.log10(1 - share);
        return 80 + nines / 4.5 * 560;
    }

    private static String time(double micros) {
        if (micros >= 1e6) return String.format(Locale.ROOT, "%,.0f s", micros / 1e6);
        if (micros >= 1e3) return String.format(Locale.ROOT, "%.0f ms", micros / 1e3);
        return String.format(Locale.ROOT, "%.0f µs", micros);
    }

    /** Logarithmic, between two pixels; what lies outside is drawn at the end. */
    private record Axis(double begin, double end, double low, double high) {
        double at(double value) {
            double clamped = Math.clamp(value, low, high);
            return begin + (end - begin) * Math.log(clamped / low) / Math.log(high / low);
        }
    }
}
