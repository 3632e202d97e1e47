package io.quorate.engine.metrics;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.DoubleSupplier;

/**
 * All metrics of one member, and their Prometheus text. Our own, because the Prometheus client
 * library refuses some of etcd's names: gauges that end in {@code _total} and counters that do not.
 *
 * <p>A metric is a family (name, help, type) with one series for each set of labels. Labels are
 * given as name, value, name, value …; asking again for the same series gives the same object, and
 * asking for a known name with another type is an {@link IllegalArgumentException}. Any thread.
 */
public final class MetricRegistry {
    private final Map<String, Family> families = new ConcurrentSkipListMap<>();

    public Counter counter(String name, String help, String... labels) {
        return series(name, help, Type.COUNTER, new Series.OfCounter(new Counter()), labels)
                .counter();
    }

    /** A counter that is kept elsewhere and read when the text is made. */
    public void counter(String name, String help, DoubleSupplier value, String... labels) {
        replace(name, help, Type.COUNTER, new Series.Supplied(value), labels);
    }

    public Gauge gauge(String name, String help, String... labels) {
        return series(name, help, Type.GAUGE, new Series.OfGauge(new Gauge()), labels).gauge();
    }

    /** A gauge that is kept elsewhere and read when the text is made. */
    public void gauge(String name, String help, DoubleSupplier value, String... labels) {
        replace(name, help, Type.GAUGE, new Series.Supplied(value), labels);
    }

    /**
     * @param buckets upper bounds, ascending, without the infinite one
     */
    public Histogram histogram(String name, String help, double[] buckets, String... labels) {
        return series(name, help, Type.HISTOGRAM, new Series.Of(new Histogram(buckets)), labels)
                .histogram();
    }

    /** Writes all metrics in the Prometheus text format 0.0.4, families sorted by name. */
    public void text(Appendable out) throws IOException {
        for (Family family : families.values()) {
            PrometheusText.write(family, out);
        }
    }

    private Series series(String name, String help, Type type, Series fresh, String[] labels) {
        Series known = family(name, help, type).series.putIfAbsent(key(labels), fresh);
        return known == null ? fresh : known;
    }

    private void replace(String name, String help, Type type, Series series, String[] labels) {
        family(name, help, type).series.put(key(labels), series);
    }

    private Family family(String name, String help, Type type) {
        Family family =
                families.computeIfAbsent(
                        name, n -> new Family(n, help, type, new ConcurrentSkipListMap<>()));
        if (family.type != type) {
            throw new IllegalArgumentException(
                    "metric " + name + " is a " + family.type + ", not a " + type);
        }
        return family;
    }

    private static Labels key(String[] labels) {
        if (labels.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "labels are name, value, name, value …, not " + Arrays.toString(labels));
        }
        Map<String, String> sorted = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            sorted.put(labels[i], labels[i + 1]);
        }
        List<String> pairs = new ArrayList<>();
        sorted.forEach((name, value) -> {
            pairs.add(name);
            pairs.add(value);
        });
        return new Labels(List.copyOf(pairs));
    }

    /** What a family holds. */
    enum Type {
        COUNTER,
        GAUGE,
        HISTOGRAM
    }

    /** All series of one name. */
    record Family(String name, String help, Type type, Map<Labels, Series> series) {}

    /** Names and values in turn, names ascending. */
    record Labels(List<String> pairs) implements Comparable<Labels> {
        @Override
        public int compareTo(Labels other) {
            int common = Math.min(pairs.size(), other.pairs.size());
            for (int i = 0; i < common; i++) {
                int order = pairs.get(i).compareTo(other.pairs.get(i));
                if (order != 0) {
                    return order;
                }
            }
            return Integer.compare(pairs.size(), other.pairs.size());
        }
    }

    /** One line of the text, or the lines of one histogram. */
    sealed interface Series {
        record OfCounter(Counter counter) implements Series {}

        record OfGauge(Gauge gauge) implements Series {}

        record Supplied(DoubleSupplier value) implements Series {}

        record Of(Histogram histogram) implements Series {}

        default Counter counter() {
            throw kept();
        }

        default Gauge gauge() {
            throw kept();
        }

        default Histogram histogram() {
            throw kept();
        }

        private static IllegalArgumentException kept() {
            return new IllegalArgumentException("this series is read from a supplier");
        }
    }
}
