package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Groups in a hostile world: messages are lost, reordered and doubled, members crash, lose what was
 * not forced to disk and come back, the membership changes, logs are compacted. The safety
 * properties of Raft figure 3 are checked after every event, and at the end, with the world healed,
 * the group must do its work.
 *
 * <p>A failure names its seed; {@code -Dquorate.raft.seed=N} replays it alone, {@code
 * -Dquorate.raft.runs=N} runs more seeds and {@code -Dquorate.raft.events=N} longer ones.
 */
class RandomGroupTest {
    private static final int EVENTS = Integer.getInteger("quorate.raft.events", 4_000);

    @TestFactory
    Stream<DynamicTest> safetyHoldsWhateverHappens() {
        var only = Long.getLong("quorate.raft.seed");
        var seeds =
                only != null
                        ? LongStream.of(only)
                        : LongStream.rangeClosed(1, Integer.getInteger("quorate.raft.runs", 60));
        return seeds.mapToObj(
                seed -> DynamicTest.dynamicTest("seed " + seed, () -> run(seed, EVENTS)));
    }

    private static void run(long seed, int events) {
        var world = new RandomWorld(new Random(seed));
        int at = 0;
        try {
            for (; at < events; at++) world.event();
            world.heal();
            assertEquals(world.lastAppliedByVoters(), world.applied());
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "seed %d, event %d: %s\nreplay with -Dquorate.raft.seed=%d\nlast events:\n%s"
                            .formatted(seed, at, e, seed, world.history()),
                    e);
        }
    }
}
