package io.quorate.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Results of several rounds by server, title and metric; with two servers, the ratios of the first
 * to the second, round by round, with their spread.
 */
final class Report {
    enum Metric {
        PER_SECOND("calls/s"),
        P50("p50 us"),
        P99("p99 us"),
        P999("p99.9 us"),
        MAX("max us"),
        CPU("server CPU us/call"),
        RSS("RSS MiB"),
        PEAK_RSS("peak RSS MiB"),
        MILLIS("ms to first answer"),
        CPU_MILLIS("CPU ms to first answer");

        private final String label;

        Metric(String label) {
            this.label = label;
        }
    }

    private record Row(String title, Metric metric) {}

    private final List<String> servers;
    private final Map<Row, Map<String, List<Double>>> rows = new LinkedHashMap<>();

    Report(List<String> servers) {
        this.servers = servers;
    }

    void add(String server, String title, Metric metric, double value) {
        rows.computeIfAbsent(new Row(title, metric), row -> new LinkedHashMap<>())
                .computeIfAbsent(server, name -> new ArrayList<>())
                .add(value);
    }

    /** Medians with the smallest and the largest value, one row per metric. */
    String table() {
        StringBuilder out = new StringBuilder();
        out.append(String.format(Locale.ROOT, "%-14s %-24s", "", ""));
        for (String server : servers) out.append(String.format(Locale.ROOT, "%-36s", server));
        if (servers.size() == 2) {
            out.append(servers.get(0)).append(" / ").append(servers.get(1));
        }
        out.append('\n');
        rows.forEach((row, values) -> {
            out.append(String.format(Locale.ROOT, "%-14s %-24s", row.title, row.metric.label));
            for (String server : servers) {
                out.append(String.format(Locale.ROOT, "%-36s", spread(values.get(server), 1)));
            }
            if (servers.size() == 2) out.append(spread(ratios(values), 2));
            out.append('\n');
        });
        return out.toString();
    }

    String json() {
        StringBuilder out = new StringBuilder("[");
        rows.forEach((row, values) -> {
            out.append(out.length() == 1 ? "\n" : ",\n");
            out.append("  {\"title\": \"").append(row.title);
            out.append("\", \"metric\": \"").append(row.metric.label).append('"');
            for (String server : servers) {
                out.append(", \"").append(server).append("\": ");
                out.append(values.get(server));
            }
            if (servers.size() == 2) out.append(", \"ratio\": ").append(ratios(values));
            out.append('}');
        });
        return out.append("\n]\n").toString();
    }

    private List<Double> ratios(Map<String, List<Double>> values) {
        List<Double> first = values.get(servers.get(0));
        List<Double> second = values.get(servers.get(1));
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) ratios.add(first.get(i) / second.get(i));
        return ratios;
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        if (sorted.size() % 2 == 1) return sorted.get(middle);
        return (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static String spread(List<Double> values, int decimals) {
        String number = "%." + decimals + "f";
        return String.format(
                Locale.ROOT,
                number + " (" + number + " .. " + number + ")",
                median(values),
                Collections.min(values),
                Collections.max(values));
    }
}
