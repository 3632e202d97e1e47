package io.quorate.benchmarks;

/**
 * Counts durations in buckets no wider than 1/64 of their lower bound, so that a quantile is right
 * within 1.6 percent. Not safe for several threads: each has its own, merged at the end.
 */
final class Histogram {
    private static final int SUB_BITS = 6;
    private static final int SUB = 1 << SUB_BITS;

    private final long[] counts = new long[(Long.SIZE - SUB_BITS) * SUB];
    private long total;
    private long sum;
    private long max;

    /** Adds one duration in nanoseconds; must not be negative. */
    void record(long nanos) {
        record(nanos, 1);
    }

    void add(Histogram other) {
        for (int i = 0; i < counts.length; i++) counts[i] += other.counts[i];
        total += other.total;
        sum += other.sum;
        max = Math.max(max, other.max);
    }

    long count() {
        return total;
    }

    long max() {
        return max;
    }

    long mean() {
        return total == 0 ? 0 : sum / total;
    }

    /** The smallest bucket bound in nanoseconds that at least this share of all lie within. */
    long quantile(double share) {
        long rank = (long) Math.ceil(share * total);
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank && seen > 0) return Math.min(upperBound(i), max);
        }
        return max;
    }

    /**
     * What a caller would have seen that asks every so many nanoseconds, instead of waiting for
     * each answer: to a duration {@code d} longer than that, {@code d - 1}, {@code d - 2} intervals
     * and so on are added, which are the durations of the calls that were not made meanwhile.
     */
    Histogram corrected(long intervalNanos) {
        if (intervalNanos < 1) throw new IllegalArgumentException("an interval of no time");
        Histogram corrected = new Histogram();
        corrected.add(this);
        for (int i = index(intervalNanos); i < counts.length; i++) {
            if (counts[i] == 0) continue;
            long missed = Math.min(upperBound(i), max) - intervalNanos;
            for (; missed >= intervalNanos; missed -= intervalNanos) {
                corrected.record(missed, counts[i]);
            }
        }
        return corrected;
    }

    private void record(long nanos, long times) {
        counts[index(nanos)] += times;
        total += times;
        sum += times * nanos;
        max = Math.max(max, nanos);
    }

    /** Values below SUB have a bucket each; above, every power of two is cut into SUB buckets. */
    static int index(long value) {
        if (value < SUB) return (int) value;
        int shift = Long.SIZE - 1 - Long.numberOfLeadingZeros(value) - SUB_BITS;
        return (shift + 1) * SUB + (int) ((value >>> shift) - SUB);
    }

    static long upperBound(int index) {
        if (index < SUB) return index;
        int shift = index / SUB - 1;
        return ((long) (SUB + index % SUB + 1) << shift) - 1;
    }
}
