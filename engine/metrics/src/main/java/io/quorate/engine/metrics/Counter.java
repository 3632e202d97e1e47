package io.quorate.engine.metrics;

import java.util.concurrent.atomic.LongAdder;

/** A number that only grows. Any thread, cheap under contention. */
public final class Counter {
    private final LongAdder value = new LongAdder();

    Counter() {}

    public void increment() {
        value.increment();
    }

    /**
     * @param amount not negative
     */
    public void add(long amount) {
        value.add(amount);
    }

    public long value() {
        return value.sum();
    }
}
