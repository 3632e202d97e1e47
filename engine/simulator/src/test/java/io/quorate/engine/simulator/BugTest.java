package io.quorate.engine.simulator;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A simulation that finds nothing proves nothing; so it must find what is known to be there. {@code
 * -Dsimulator.bugSeeds=N} runs N seeds for each bug and prints how many find it.
 */
class BugTest {
    private static final int SEEDS = Integer.getInteger("simulator.bugSeeds", 0);
    private static final List<String> ONLY =
            Arrays.stream(System.getProperty("simulator.bugs", "").split(","))
                    .filter(name -> !name.isEmpty())
                    .toList();
    // Kept, or the level would be collected with it.
    private static final Logger LOGGER = Logger.getLogger("io.quorate");

    static {
        LOGGER.setLevel(Level.OFF);
    }

    private static final int SEEDS_UNTIL_FOUND = 2_000;
    private static final long EVENTS = Long.getLong("simulator.events", 20_000);

    @TempDir private Path scratch;

    @ParameterizedTest
    @EnumSource
    void isFound(Bug bug) throws IOException {
        assumeTrue(ONLY.isEmpty() || ONLY.contains(bug.name()));
        Mutant mutant = bug.plant(scratch);
        if (SEEDS > 0) {
            count(bug, mutant);
            return;
        }
        Optional<String> found = Optional.empty();
        for (long seed = 1; seed <= SEEDS_UNTIL_FOUND && found.isEmpty(); seed++) {
            found = mutant.run(seed, EVENTS);
        }
        assertFalse(found.isEmpty(), "no seed found " + bug);
    }

    private static void count(Bug bug, Mutant mutant) {
        Map<String, Integer> kinds = new TreeMap<>();
        int total = 0;
        long first = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            Optional<String> found = mutant.run(seed, EVENTS);
            if (found.isPresent()) {
                total++;
                first = first == 0 ? seed : first;
                kinds.merge(
                        found.get()
                                .replaceAll(
                                        "[\\s\\S]*?failed: |[:\\n][\\s\\S]*| [0-9a-f]*[0-9].*", ""),
                        1,
                        Integer::sum);
            }
        }
        System.out.printf("%s: %d of %d seeds, first %d: %s%n", bug, total, SEEDS, first, kinds);
    }
}
