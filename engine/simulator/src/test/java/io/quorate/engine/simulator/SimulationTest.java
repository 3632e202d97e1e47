package io.quorate.engine.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Clusters under trouble keep every promise, seed after seed. {@code -Dsimulator.seeds=N} runs more
 * of them, {@code -Dsimulator.seed=N} begins with this one.
 */
class SimulationTest {
    private static final int SEEDS = Integer.getInteger("simulator.seeds", 25);
    private static final long FIRST =
            Long.getLong("simulator.seed", new Random().nextLong() >>> 16);
    private static final long EVENTS = Long.getLong("simulator.events", 20_000);

    // Kept, or the level would be collected with it.
    private static final Logger LOGGER = Logger.getLogger("io.quorate");

    @BeforeAll
    static void silence() {
        LOGGER.setLevel(Level.OFF);
    }

    @Test
    @Tag("T2")
    @Tag("T3")
    @Tag("T12")
    @Tag("T15")
    @Tag("T16")
    @Tag("T17")
    @Tag("T20")
    @Tag("T24")
    @Tag("T31")
    void everySeedKeepsAllPromises() {
        long events = 0;
        long answered = 0;
        long refused = 0;
        long changes = 0;
        long start = System.nanoTime();
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            try {
                Outcome outcome = Simulation.run(seed, EVENTS);
                events += outcome.events();
                answered += outcome.answered();
                refused += outcome.refused();
                changes += outcome.authChanges();
            } catch (AssertionError e) {
                throw new AssertionError(
                        "seed %d, %d events: %s".formatted(seed, EVENTS, e.getMessage()), e);
            }
        }
        double minutes = (System.nanoTime() - start) / 60e9;
        System.out.printf(
                "simulator: seeds %d..%d, %,d events, %,d answers, %,d refusals, %,d changes of users"
                        + " and roles, %,.0f events per minute%n",
                FIRST, FIRST + SEEDS - 1, events, answered, refused, changes, events / minutes);
        assertTrue(events >= SEEDS * EVENTS);
        assertTrue(answered > 0, "no client was ever answered");
        // Some single world may have no users, or none that is refused anything.
        assertTrue(SEEDS < 10 || refused > 0 && changes > 0, "nobody minded users and roles");
    }

    @Test
    void aSeedIsTheSameEveryTime() {
        Outcome first = Simulation.run(FIRST, EVENTS);
        assertEquals(first, Simulation.run(FIRST, EVENTS));
        assertNotEquals(first.digest(), Simulation.run(FIRST + 1, EVENTS).digest());
    }
}
