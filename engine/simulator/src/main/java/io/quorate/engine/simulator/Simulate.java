package io.quorate.engine.simulator;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The command: {@code SEED} replays one run and tells what happened last when it breaks a promise;
 * {@code FIRST..LAST} runs many seeds; a second argument says how many events each run has.
 */
public final class Simulate {
    private static final long EVENTS = 20_000;
    private static final int TRACE_LINES = 150;
    // Kept, or the level would be collected with it.
    private static final Logger LOGGER = Logger.getLogger("io.quorate");

    private Simulate() {}

    /** See the class. */
    public static void main(String[] args) {
        if (args.length < 1 || args.length > 2) {
            System.err.println("usage: simulate SEED|FIRST..LAST [EVENTS]");
            System.exit(2);
        }
        LOGGER.setLevel(Level.OFF);
        String[] seeds = args[0].split("\\.\\.");
        long first = Long.parseLong(seeds[0]);
        long last = Long.parseLong(seeds[seeds.length - 1]);
        long events = args.length > 1 ? Long.parseLong(args[1]) : EVENTS;
        System.exit(run(first, last, events));
    }

    private static int run(long first, long last, long events) {
        long start = System.nanoTime();
        long happened = 0;
        for (long seed = first; seed <= last; seed++) {
            World world = new World(seed);
            try {
                Outcome outcome = world.run(events);
                happened += outcome.events();
                if (last - first < 100 || (seed - first) % 100 == 99) {
                    System.out.println(outcome);
                }
            } catch (Violation violation) {
                System.out.println(world.settings());
                System.out.println(world.trace().text(first == last ? 4000 : TRACE_LINES));
                violation.printStackTrace(System.out);
                System.out.printf("seed %d: %s%n", seed, violation.getMessage());
                System.out.printf("replay it with: simulate %d %d%n", seed, events);
                return 1;
            }
        }
        double minutes = (System.nanoTime() - start) / 60e9;
        System.out.printf(
                "%d seeds, %,d events, %,.0f events per minute%n",
                last - first + 1, happened, happened / minutes);
        return 0;
    }
}
