package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StateStore.Durability;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random commands and reads against {@link Oracle}, which keeps all versions of each key in a list
 * and knows no cleverness. Every answer is compared. Commits, crashes and compaction steps come at
 * random points. A failure prints its seed; {@code -Dquorate.state.seed=N} replays it, {@code
 * -Dquorate.state.steps=N} makes it longer.
 */
class ModelTest {
    private static final int STEPS = Integer.getInteger("quorate.state.steps", 6000);
    private static final int RUNS = 4;

    private Random random;
    private RandomRequests requests;
    private FakeStateStore store;
    private StateMachine state;
    private Oracle oracle;

    /** What was applied since the last forced commit, to be applied again after a crash. */
    private final List<Command> uncommitted = new ArrayList<>();

    private long index;

    @Test
    @Tag("KV-07")
    @Tag("KV-16")
    @Tag("TX-16")
    @Tag("SE-10")
    @Tag("T8")
    void everyAnswerIsThatOfTheNaiveModel() {
        Long fixed = Long.getLong("quorate.state.seed");
        for (int run = 0; run < (fixed == null ? RUNS : 1); run++) {
            long seed = fixed == null ? new Random().nextLong() : fixed;
            try {
                play(seed);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("replay with -Dquorate.state.seed=" + seed, e);
            }
        }
    }

    private void play(long seed) {
        random = new Random(seed);
        oracle = new Oracle();
        requests = new RandomRequests(random);
        store = new FakeStateStore();
        uncommitted.clear();
        index = 0;
        open();
        for (int step = 0; step < STEPS; step++) step();
        while (state.compactionPending()) state.compactStep(1 + random.nextInt(10));
        commit(Durability.FORCE);
        assertEquals(oracle.rowsLeft(), store.rows(Keyspaces.KEY), "rows after the compaction");
        assertEquals(0, store.openViews());
    }

    private void step() {
        int dice = random.nextInt(100);
        if (dice < 50) command(requests.command(oracle));
        else if (dice < 85) read();
        else if (dice < 90) state.compactStep(1 + random.nextInt(10));
        else if (dice < 95) commit(Durability.FORCE);
        else if (dice < 98) commit(Durability.LAZY);
        else if (dice < 99) crash();
        else hash();
    }

    private void command(Command command) {
        uncommitted.add(command);
        index++;
        Object expected = outcome(() -> oracle.apply(command));
        Object actual = outcome(() -> state.apply(command, new Applied(index, 1)));
        check(expected, actual, () -> Answers.text(command));
        assertEquals(index, state.applied().index());
        assertEquals(oracle.revision(), state.revision());
        assertEquals(oracle.compactRevision(), state.compactRevision());
    }

    private void read() {
        RangeQuery query = requests.query(oracle);
        check(
                outcome(() -> oracle.range(query)),
                outcome(() -> state.range(query)),
                () -> Answers.text(query));
    }

    private void hash() {
        long revision = requests.revision(oracle);
        Object expected = outcome(() -> oracle.hash(revision));
        check(expected, outcome(() -> state.hashKv(revision)), () -> "hash at " + revision);
    }

    private void commit(Durability durability) {
        state.commit(durability).join();
        assertEquals(index, store.applied().index());
        if (durability == Durability.FORCE) uncommitted.clear();
    }

    /** Comes back to the last forced commit and applies the rest of the log again. */
    private void crash() {
        state.close();
        store = store.crash();
        open();
        for (Command command : uncommitted) {
            Applied at = new Applied(++index, 1);
            outcome(() -> state.apply(command, at));
        }
        assertEquals(oracle.revision(), state.revision(), "revision after a crash");
    }

    private void open() {
        // Next to nothing fits in the cache, so that reads go to the store as well.
        state = StateMachine.open(store, new StateOptions(random.nextInt(2000)));
        index = store.applied().index();
    }

    private interface Call {
        Object answer();
    }

    private static Object outcome(Call call) {
        try {
            return call.answer();
        } catch (EtcdException e) {
            return e.error();
        }
    }

    private static void check(
            Object expected, Object actual, java.util.function.Supplier<String> what) {
        assertEquals(Answers.text(expected), Answers.text(actual), what);
    }
}
