package io.quorate.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Tables in Markdown from results: medians of all rounds, ratios with their spread. */
final class Tables {
    /**
     * What a page has around what is made: {@code <!-- results: start -->} around a table, {@code
     * load-*} of many files, {@code <!-- charts: curve-* -->} around pictures.
     */
    private static final Pattern PLACE =
            Pattern.compile(
                    "(<!-- (results|charts): (\\S+) -->\n).*?(<!-- end of \\2 -->)",
                    Pattern.DOTALL);

    /** Columns of the commands that drive a server with calls. */
    private static final List<Report.Metric> COLUMNS =
            List.of(
                    Report.Metric.PER_SECOND,
                    Report.Metric.P50,
                    Report.Metric.P99,
                    Report.Metric.CPU,
                    Report.Metric.LOG_SYNCS);

    /** Where a ratio stands beside, so that lines stay short. */
    private static final Set<Report.Metric> WITH_RATIO =
            Set.of(Report.Metric.PER_SECOND, Report.Metric.P50, Report.Metric.P99);

    private static final Set<String> WIDE = Set.of("load", "watch", "keepalive", "fsyncs");

    private Tables() {}

    /**
     * The page with all its tables and pictures made anew; a place without results stays as it is.
     *
     * @param charts files of pictures, as the page has to name them
     * @param missing told of each place without results
     */
    static String into(
            String page, List<Results> all, List<String> charts, Consumer<String> missing) {
        return PLACE.matcher(page)
                .replaceAll(place -> {
                    String pattern = place.group(3);
                    Pattern names =
                            Pattern.compile(Pattern.quote(pattern).replace("*", "\\E.*\\Q"));
                    String made =
                            place.group(2).equals("charts")
                                    ? pictures(names, charts)
                                    : tables(names, all);
                    if (made.isEmpty()) missing.accept(pattern);
                    String whole = place.group(1) + "\n" + made + "\n" + place.group(4);
                    return Matcher.quoteReplacement(made.isEmpty() ? place.group() : whole);
                });
    }

    private static String tables(Pattern names, List<Results> all) {
        List<Results> some =
                all.stream().filter(results -> names.matcher(results.name()).matches()).toList();
        return some.isEmpty() ? "" : table(some);
    }

    private static String pictures(Pattern names, List<String> charts) {
        StringBuilder out = new StringBuilder();
        for (String chart : charts) {
            String name = chart.replaceAll(".*/|\\.svg$", "");
            if (!names.matcher(name).matches()) continue;
            out.append(out.isEmpty() ? "" : "\n").append("![").append(name.replace('-', ' '));
            out.append("](").append(chart).append(")\n");
        }
        return out.toString();
    }

    /** One table of several files of the same kind. */
    static String table(List<Results> files) {
        if (!files.getFirst().figures().isEmpty()) return figures(files);
        List<Results.Row> rows =
                files.stream().flatMap(results -> results.rows().stream()).toList();
        List<String> servers =
                List.copyOf(
                        rows.stream()
                                .flatMap(row -> row.values().keySet().stream())
                                .collect(Collectors.toCollection(LinkedHashSet::new)));
        String command = files.getFirst().about().getOrDefault("command", "load").split(" ")[0];
        String table = WIDE.contains(command) ? wide(rows, servers) : narrow(rows, servers);
        return about(files) + table;
    }

    private static String about(List<Results> files) {
        StringBuilder out = new StringBuilder();
        for (Results results : files) {
            out.append("    run ").append(results.about().get("command")).append('\n');
        }
        return out.append('\n').toString();
    }

    /** A line for each work, grouped by its title, with the usual metrics beside each other. */
    private static String wide(List<Results.Row> rows, List<String> servers) {
        Map<String, Map<String, List<Results.Row>>> works = new LinkedHashMap<>();
        for (Results.Row row : rows) {
            if (Report.Metric.of(row.metric()).filter(COLUMNS::contains).isEmpty()) continue;
            works.computeIfAbsent(row.title(), title -> new LinkedHashMap<>())
                    .computeIfAbsent(row.setup(), setup -> new ArrayList<>())
                    .add(row);
        }
        List<Report.Metric> columns =
                COLUMNS.stream()
                        .filter(metric -> rows.stream().anyMatch(row -> row.is(metric)))
                        .toList();
        List<String> head = new ArrayList<>(List.of("work", ""));
        for (Report.Metric metric : columns) {
            head.add(metric.label() + " " + servers.getFirst());
            head.addAll(servers.subList(1, servers.size()));
            if (hasRatio(metric, servers)) head.add("ratio");
        }
        List<List<String>> lines = new ArrayList<>();
        works.forEach((title, setups) ->
                setups.forEach((setup, some) -> {
                    List<String> cells = new ArrayList<>(List.of(title, setup));
                    for (Report.Metric metric : columns) cells.addAll(cells(metric, some, servers));
                    lines.add(cells);
                }));
        return markdown(head, lines);
    }

    private static boolean hasRatio(Report.Metric metric, List<String> servers) {
        return servers.size() == 2 && WITH_RATIO.contains(metric);
    }

    private static List<String> cells(
            Report.Metric metric, List<Results.Row> rows, List<String> servers) {
        Optional<Results.Row> row = rows.stream().filter(one -> one.is(metric)).findAny();
        List<String> cells = new ArrayList<>();
        for (String server : servers) cells.add(row.map(one -> median(one, server)).orElse(""));
        if (hasRatio(metric, servers)) cells.add(row.map(Tables::ratio).orElse(""));
        return cells;
    }

    /** A line for each metric. */
    private static String narrow(List<Results.Row> rows, List<String> servers) {
        List<String> head = new ArrayList<>(List.of("work", "metric"));
        head.addAll(servers);
        if (servers.size() == 2) head.add("ratio");
        List<List<String>> lines = new ArrayList<>();
        for (Results.Row row : rows) {
            List<String> cells = new ArrayList<>(List.of(row.work(), row.metric()));
            for (String server : servers) cells.add(median(row, server));
            if (servers.size() == 2) cells.add(ratio(row));
            lines.add(cells);
        }
        return markdown(head, lines);
    }

    /** A column for each file. */
    private static String figures(List<Results> files) {
        List<String> head = new ArrayList<>(List.of(""));
        Set<String> names = new LinkedHashSet<>();
        for (Results results : files) {
            head.add(results.name());
            names.addAll(results.figures().keySet());
        }
        List<List<String>> lines = new ArrayList<>();
        for (String name : names) {
            List<String> cells = new ArrayList<>(List.of(name));
            for (Results results : files) {
                Double value = results.figures().get(name);
                cells.add(value == null ? "" : number(value));
            }
            lines.add(cells);
        }
        return markdown(head, lines);
    }

    private static String median(Results.Row row, String server) {
        List<Double> values = row.values().getOrDefault(server, List.of());
        return values.isEmpty() ? "" : number(Report.median(values));
    }

    private static String ratio(Results.Row row) {
        if (row.ratios().isEmpty()) return "";
        String median = number(Report.median(row.ratios()));
        if (row.ratios().size() == 1) return median;
        return String.format(
                "%s (%s .. %s)",
                median,
                number(Collections.min(row.ratios())),
                number(Collections.max(row.ratios())));
    }

    /** With three digits that count, or all before the point. */
    static String number(double value) {
        double size = Math.abs(value);
        String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, value);
    }

    private static String markdown(List<String> head, List<List<String>> lines) {
        StringBuilder out = new StringBuilder();
        append(out, head);
        append(out, Collections.nCopies(head.size(), "---"));
        for (List<String> line : lines) append(out, line);
        return out.toString();
    }

    private static void append(StringBuilder out, List<String> cells) {
        out.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}
