package io.quorate.engine.simulator;

import java.util.List;

/** What keeps the log of a machine for good. */
interface Platter {
    /** Writes; durable on return. */
    void write(LogImage.Op op);

    /**
     * The power fails while these are written, in this order.
     *
     * @return the log as it is found when the power is back
     */
    LogImage crash(List<LogImage.Op> writing);

    /** Where platters come from, by the name of the machine. */
    @FunctionalInterface
    interface Supply {
        Platter platter(String machine, java.util.random.RandomGenerator random);
    }
}
