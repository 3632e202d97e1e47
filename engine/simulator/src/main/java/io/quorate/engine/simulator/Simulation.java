package io.quorate.engine.simulator;

/** Runs of a simulated cluster; each depends on its seed and the number of events alone. */
public final class Simulation {
    private Simulation() {}

    /**
     * A cluster under so many events of trouble, which is then left to get well.
     *
     * @throws AssertionError when it broke a promise
     */
    public static Outcome run(long seed, long events) {
        return new World(seed).run(events);
    }
}
