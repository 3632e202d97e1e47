package io.quorate.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One file of results, read back.
 *
 * @param name of the file, without its ending
 * @param about what the numbers depend on; empty for those of storage alone
 * @param figures of storage alone, by name; else empty
 */
record Results(
        String name,
        Map<String, String> about,
        List<Row> rows,
        List<Curve> curves,
        Map<String, Double> figures) {
    /**
     * What was measured in all rounds.
     *
     * @param values by server
     * @param ratios of the first server to the second, round by round
     */
    record Row(
            String title,
            String setup,
            String metric,
            Map<String, List<Double>> values,
            List<Double> ratios) {
        String work() {
            return setup.isEmpty() ? title : title + ", " + setup;
        }

        boolean is(Report.Metric wanted) {
            return metric.equals(wanted.label());
        }
    }

    /** A point: so many of all durations are no longer than this. */
    record Point(double share, double micros) {}

    record Curve(String title, String setup, String server, List<Point> points) {}

    /** All results of a folder, by name. */
    static List<Results> in(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Results> all = new ArrayList<>();
            List<Path> ours =
                    files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
            for (Path file : ours) all.add(read(file));
            return all;
        }
    }

    static Results read(Path file) throws IOException {
        String name = file.getFileName().toString().replace(".json", "");
        try {
            return parse(name, Files.readString(file));
        } catch (IllegalArgumentException | ClassCastException | NullPointerException e) {
            throw new IOException(file + " holds no results of this tool: " + e.getMessage(), e);
        }
    }

    static Results parse(String name, String text) {
        Map<String, Object> file = object(Json.parse(text));
        if (!file.containsKey("rows")) {
            Map<String, Double> figures = new LinkedHashMap<>();
            file.forEach((figure, value) -> figures.put(figure, (Double) value));
            return new Results(name, Map.of(), List.of(), List.of(), figures);
        }
        Map<String, String> about = new LinkedHashMap<>();
        file.forEach((key, value) -> {
            if (value instanceof String string) about.put(key, string);
        });
        List<Row> rows = list(file.get("rows")).stream().map(Results::row).toList();
        List<Curve> curves = list(file.get("curves")).stream().map(Results::curve).toList();
        return new Results(name, about, rows, curves, Map.of());
    }

    private static Row row(Object json) {
        Map<String, Object> row = object(json);
        Map<String, List<Double>> values = new LinkedHashMap<>();
        object(row.get("values")).forEach((server, some) -> values.put(server, numbers(some)));
        return new Row(
                (String) row.get("title"),
                (String) row.get("setup"),
                (String) row.get("metric"),
                values,
                numbers(row.getOrDefault("ratio", List.of())));
    }

    private static Curve curve(Object json) {
        Map<String, Object> curve = object(json);
        List<Point> points = new ArrayList<>();
        for (Object point : list(curve.get("share_us"))) {
            List<Double> pair = numbers(point);
            points.add(new Point(pair.get(0), pair.get(1)));
        }
        return new Curve(
                (String) curve.get("title"),
                (String) curve.get("setup"),
                (String) curve.get("server"),
                points);
    }

    private static List<Double> numbers(Object json) {
        return list(json).stream().map(number -> (Double) number).toList();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object json) {
        return (Map<String, Object>) json;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Object json) {
        return (List<Object>) json;
    }
}
