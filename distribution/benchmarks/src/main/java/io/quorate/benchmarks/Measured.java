package io.quorate.benchmarks;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Named figures of one run, in the order in which they were measured. */
final class Measured {
    private final Map<String, Double> values = new LinkedHashMap<>();

    /**
     * @param name ends in its unit: {@code put rows/s}
     */
    void add(String name, double value) {
        values.put(name, value);
        // At once: a run takes minutes.
        System.err.println(line(name, value));
    }

    void addMicros(String name, Histogram latencies) {
        add(name + " p50 us", latencies.quantile(0.5) / 1e3);
        add(name + " p99 us", latencies.quantile(0.99) / 1e3);
        add(name + " max us", latencies.max() / 1e3);
    }

    /** Count by time since {@code beginNanos}. */
    void addRate(String name, long count, long beginNanos) {
        add(name, count * 1e9 / (System.nanoTime() - beginNanos));
    }

    void addMillis(String name, long beginNanos) {
        add(name, (System.nanoTime() - beginNanos) / 1e6);
    }

    void addMebibytes(String name, long bytes) {
        add(name, bytes / 1048576.0);
    }

    String table() {
        return values.entrySet().stream()
                .map(value -> line(value.getKey(), value.getValue()) + "\n")
                .collect(Collectors.joining());
    }

    String json() {
        return values.entrySet().stream()
                .map(value ->
                        String.format(
                                Locale.ROOT, "  \"%s\": %.3f", value.getKey(), value.getValue()))
                .collect(Collectors.joining(",\n", "{\n", "\n}\n"));
    }

    private static String line(String name, double value) {
        return String.format(Locale.ROOT, "%-34s %,14.1f", name, value);
    }
}
