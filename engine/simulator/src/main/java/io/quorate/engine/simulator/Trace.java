package io.quorate.engine.simulator;

/** The last things that happened, for the report of a failure, and a digest of all. */
final class Trace {
    private static final int KEPT = 4000;

    private final long[] times = new long[KEPT];
    private final Object[] events = new Object[KEPT];
    private long count;
    private long digest;

    void add(long now, Object event) {
        int slot = (int) (count++ % KEPT);
        times[slot] = now;
        events[slot] = event;
        digest = digest * 31 + now;
    }

    /** Two runs that differ in the time of any event differ in this, nearly for sure. */
    long digest() {
        return digest;
    }

    /** One line for each of the last events, oldest first. */
    String text(int lines) {
        StringBuilder text = new StringBuilder();
        for (long i = Math.max(0, count - Math.min(lines, KEPT)); i < count; i++) {
            int slot = (int) (i % KEPT);
            text.append("%12.6f  %s%n".formatted(times[slot] / 1e9, events[slot]));
        }
        return text.toString();
    }
}
