package io.quorate.engine.metrics;

import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/** Counts observations by size. Any thread, cheap under contention. */
public final class Histogram {
    private static final double NANOS = 1e9;

    private final double[] bounds;
    private final LongAdder[] counts;
    private final DoubleAdder sum = new DoubleAdder();

    Histogram(double[] bounds) {
        this.bounds = bounds.clone();
        this.counts = new LongAdder[bounds.length + 1];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    /** {@code count} bounds, the first {@code start}, each {@code factor} times the one before. */
    public static double[] exponential(double start, double factor, int count) {
        double[] bounds = new double[count];
        double bound = start;
        for (int i = 0; i < count; i++) {
            bounds[i] = bound;
            bound *= factor;
        }
        return bounds;
    }

    public void observe(double value) {
        int i = 0;
        while (i < bounds.length && value > bounds[i]) {
            i++;
        }
        counts[i].increment();
        sum.add(value);
    }

    /** Observes a duration in the unit of etcd's metrics, seconds. */
    public void observeNanos(long nanos) {
        observe(nanos / NANOS);
    }

    public long count() {
        long total = 0;
        for (LongAdder count : counts) {
            total += count.sum();
        }
        return total;
    }

    public double sum() {
        return sum.sum();
    }

    double[] bounds() {
        return bounds;
    }

    long countIn(int bucket) {
        return counts[bucket].sum();
    }
}
