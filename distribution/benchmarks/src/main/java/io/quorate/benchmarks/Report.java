package io.quorate.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Results of several rounds by server, work, setup and metric; with two servers, the ratios of the
 * first to the second, round by round, with their spread.
 */
final class Report {
    enum Metric {
        PER_SECOND("calls/s", true),
        MEBIBYTES_PER_SECOND("MiB/s", true),
        P50("p50 us", false),
        P99("p99 us", false),
        P99_CORRECTED("p99 us corrected", false),
        P999("p99.9 us", false),
        MAX("max us", false),
        CPU("server CPU us/call", false),
        REFUSED("refused calls/s", false),
        RSS("RSS MiB", false),
        PEAK_RSS("peak RSS MiB", false),
        LOG_SYNCS("log fsyncs/call", false),
        COMMITS("state commits/s", false),
        MILLIS("ms", false),
        FIRST_ANSWER("ms to first answer", false),
        CPU_MILLIS("CPU ms to first answer", false),
        GAP("longest gap ms", false),
        SHARE("throughput to without", true);

        private final String label;
        private final boolean moreIsBetter;

        Metric(String label, boolean moreIsBetter) {
            this.label = label;
            this.moreIsBetter = moreIsBetter;
        }

        /** With its unit, as tables and files have it. */
        String label() {
            return label;
        }

        boolean moreIsBetter() {
            return moreIsBetter;
        }

        static Optional<Metric> of(String label) {
            return Arrays.stream(values()).filter(metric -> metric.label.equals(label)).findAny();
        }
    }

    /** What a row is about: the work, how it was done, and what was measured of it. */
    record Row(String title, String setup, Metric metric) {
        String name() {
            return setup.isEmpty() ? title : title + ", " + setup;
        }
    }

    /** Durations of all rounds of one server. */
    record Curve(String title, String setup, String server) {}

    /** The points of a curve: shares, up to all. */
    private static final double[] SHARES = {
        0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 1
    };

    private final List<String> servers;
    private final Map<Row, Map<String, List<Double>>> rows = new LinkedHashMap<>();
    private final Map<Curve, Histogram> curves = new LinkedHashMap<>();

    Report(List<String> servers) {
        this.servers = servers;
    }

    void add(String server, String title, String setup, Metric metric, double value) {
        rows.computeIfAbsent(new Row(title, setup, metric), row -> new LinkedHashMap<>())
                .computeIfAbsent(server, name -> new ArrayList<>())
                .add(value);
    }

    /** Whether anything of that server was measured. */
    boolean knows(String server) {
        return rows.values().stream().anyMatch(values -> values.containsKey(server));
    }

    /** Adds the quantiles of one round, and all of it to the curve of all rounds. */
    void addLatencies(String server, String title, String setup, Histogram latencies) {
        add(server, title, setup, Metric.P50, latencies.quantile(0.5) / 1e3);
        add(server, title, setup, Metric.P99, latencies.quantile(0.99) / 1e3);
        add(server, title, setup, Metric.P999, latencies.quantile(0.999) / 1e3);
        add(server, title, setup, Metric.MAX, latencies.max() / 1e3);
        curves.computeIfAbsent(new Curve(title, setup, server), curve -> new Histogram())
                .add(latencies);
    }

    /** Medians with the smallest and the largest value, one row per metric. */
    String table() {
        int width = rows.keySet().stream().mapToInt(row -> row.name().length()).max().orElse(1);
        String head = "%-" + (width + 2) + "s %-24s";
        StringBuilder out = new StringBuilder();
        out.append(String.format(Locale.ROOT, head, "", ""));
        for (String server : servers) out.append(String.format(Locale.ROOT, "%-36s", server));
        if (servers.size() == 2) {
            out.append(servers.get(0)).append(" / ").append(servers.get(1));
        }
        out.append('\n');
        rows.forEach((row, values) -> {
            out.append(String.format(Locale.ROOT, head, row.name(), row.metric.label));
            for (String server : servers) {
                List<Double> some = values.getOrDefault(server, List.of());
                out.append(String.format(Locale.ROOT, "%-36s", spread(some, 1)));
            }
            if (servers.size() == 2) out.append(spread(ratios(values), 2));
            out.append('\n');
        });
        return out.toString();
    }

    /**
     * The same for programs, with the latency curves; {@link Results} reads it.
     *
     * @param about what the numbers depend on, by name
     */
    String json(Map<String, String> about) {
        StringBuilder out = new StringBuilder("{\n");
        about.forEach((name, value) ->
                out.append("  ")
                        .append(Json.quote(name))
                        .append(": ")
                        .append(Json.quote(value))
                        .append(",\n"));
        List<String> lines = new ArrayList<>();
        rows.forEach((row, values) -> lines.add(json(row, values)));
        out.append("  \"rows\": [\n").append(String.join(",\n", lines)).append("\n  ],\n");
        lines.clear();
        curves.forEach((curve, latencies) -> lines.add(json(curve, latencies)));
        out.append("  \"curves\": [");
        if (!lines.isEmpty()) out.append('\n').append(String.join(",\n", lines)).append("\n  ");
        return out.append("]\n}\n").toString();
    }

    private String json(Row row, Map<String, List<Double>> values) {
        StringBuilder out = new StringBuilder("    {\"title\": ").append(Json.quote(row.title));
        out.append(", \"setup\": ").append(Json.quote(row.setup));
        out.append(", \"metric\": ").append(Json.quote(row.metric.label));
        out.append(", \"values\": {");
        List<String> parts = new ArrayList<>();
        values.forEach((server, some) -> parts.add(Json.quote(server) + ": " + numbers(some)));
        out.append(String.join(", ", parts)).append('}');
        List<Double> ratios = ratios(values);
        if (!ratios.isEmpty()) out.append(", \"ratio\": ").append(numbers(ratios));
        return out.append('}').toString();
    }

    private static String numbers(List<Double> values) {
        List<String> texts = new ArrayList<>();
        for (double value : values) texts.add(Json.number(value));
        return "[" + String.join(", ", texts) + "]";
    }

    private static String json(Curve curve, Histogram latencies) {
        List<String> points = new ArrayList<>();
        for (double share : SHARES) {
            double micros = latencies.quantile(share) / 1e3;
            points.add("[" + Json.number(share) + ", " + Json.number(micros) + "]");
        }
        return String.format(
                Locale.ROOT,
                "    {\"title\": %s, \"setup\": %s, \"server\": %s, \"share_us\": [%s]}",
                Json.quote(curve.title),
                Json.quote(curve.setup),
                Json.quote(curve.server),
                String.join(", ", points));
    }

    /** Round by round; empty with one server, or when one of them divides by nothing. */
    private List<Double> ratios(Map<String, List<Double>> values) {
        if (servers.size() < 2) return List.of();
        List<Double> first = values.getOrDefault(servers.get(0), List.of());
        List<Double> second = values.getOrDefault(servers.get(1), List.of());
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
            if (second.get(i) != 0) ratios.add(first.get(i) / second.get(i));
        }
        return ratios;
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        if (sorted.size() % 2 == 1) return sorted.get(middle);
        return (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static String spread(List<Double> values, int decimals) {
        if (values.isEmpty()) return "-";
        String number = "%." + decimals + "f";
        return String.format(
                Locale.ROOT,
                number + " (" + number + " .. " + number + ")",
                median(values),
                Collections.min(values),
                Collections.max(values));
    }
}
