package io.quorate.engine.simulator;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A simulation that finds nothing proves nothing; so it must find what is known to be there. {@code
 * -Dsimulator.bugSeeds=N} runs N seeds for each bug and prints how many find it; {@code
 * -Dsimulator.bugs=NAME,NAME} tries these only.
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

    /** Found by every few seeds, so that they can be tried in each build. */
    private static final Set<Bug> QUICK =
            EnumSet.of(
                    Bug.ACK_BEFORE_FSYNC,
                    Bug.READ_BEFORE_APPLY,
                    Bug.LOG_CUT_BEFORE_THE_STATE_IS_DURABLE);

    private static final int SEEDS_UNTIL_FOUND = 2_000;
    private static final long EVENTS = Long.getLong("simulator.events", 20_000);

    @TempDir private Path scratch;

    @ParameterizedTest
    @EnumSource
    void isFound(Bug bug) throws IOException {
        boolean wanted =
                ONLY.contains(bug.name()) || ONLY.isEmpty() && (SEEDS > 0 || QUICK.contains(bug));
        assumeTrue(wanted, "takes longer; -Dsimulator.bugs=" + bug + " runs it");
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
