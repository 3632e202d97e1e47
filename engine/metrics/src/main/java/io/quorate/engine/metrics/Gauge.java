package io.quorate.engine.metrics;

import java.util.concurrent.atomic.LongAdder;

/** A number that goes up and down. Any thread. */
public final class Gauge {
    private final LongAdder changes = new LongAdder();
    private volatile double base;

    Gauge() {}

    /** Replaces the value; a change by {@link #add} at the same time may be lost. */
    public void set(double value) {
        changes.reset();
        base = value;
    }

    public void add(long delta) {
        changes.add(delta);
    }

    public double value() {
        return base + changes.sum();
    }
}
