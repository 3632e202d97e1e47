package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Random commands and reads against {@link Oracle}, which keeps all versions of each key in a list
 * and knows no cleverness. Every answer is compared. Commits, crashes and compaction steps come at
 * random points. A failure prints its seed; {@code -Dquorate.state.seed=N} replays it, {@code
 * -Dquorate.state.steps=N} makes it longer.
 */
class ModelTest {
    private static final int STEPS = Integer.getInteger("quorate.state.steps", 2000);
    private static final int RUNS = 2;

    private final ExecutorService background = Executors.newSingleThreadExecutor();

    @TempDir Path directory;

    private Backend backend;
    private Path home;
    private Random random;
    private RandomRequests requests;
    private StateStore store;
    private StateMachine state;
    private Oracle oracle;

    /** All commands, that of index 1 first: what the store lost in a crash is applied again. */
    private final List<Command> log = new ArrayList<>();

    @AfterEach
    void stop() {
        background.shutdown();
    }

    @ParameterizedTest
    @EnumSource
    @Tag("KV-07")
    @Tag("KV-16")
    @Tag("TX-16")
    @Tag("SE-10")
    @Tag("T8")
    @Tag("SE-78")
    @Tag("SE-79")
    void everyAnswerIsThatOfTheNaiveModel(Backend on) {
        backend = on;
        Long fixed = Long.getLong("quorate.state.seed");
        for (int run = 0; run < (fixed == null ? RUNS : 1); run++) {
            long seed = fixed == null ? new Random().nextLong() : fixed;
            home = directory.resolve("" + run);
            try {
                Files.createDirectory(home);
                play(seed);
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("replay with -Dquorate.state.seed=" + seed, e);
            }
        }
    }

    private void play(long seed) {
        random = new Random(seed);
        oracle = new Oracle();
        requests = new RandomRequests(random);
        log.clear();
        store = backend.open(home, background);
        open();
        for (int step = 0; step < STEPS; step++) step();
        commit(Durability.FORCE);
        while (state.compactionPending()) {
            state.compactStep(1 + random.nextInt(10));
            commit(Durability.LAZY);
        }
        commit(Durability.FORCE);
        assertEquals(oracle.rowsLeft(), rows(), "rows after the compaction");
        if (store instanceof FakeStateStore fake) assertEquals(0, fake.openViews());
        state.close();
        store.close();
    }

    private int rows() {
        int rows = 0;
        try (ReadView view = store.view();
                Cursor cursor = view.cursor(Keyspaces.KEY, null, null, false)) {
            while (cursor.next()) rows++;
        }
        return rows;
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
        log.add(command);
        Applied at = new Applied(log.size(), 1);
        Object expected = outcome(() -> oracle.apply(command));
        Object actual = outcome(() -> state.apply(command, at));
        check(expected, actual, () -> Answers.text(command));
        assertEquals(at, state.applied());
        assertEquals(oracle.revision(), state.revision());
        assertEquals(oracle.compactRevision(), state.compactRevision());
        checkLeases();
    }

    private void checkLeases() {
        var found = new ArrayList<>(state.leases());
        found.sort(Comparator.comparingLong(Lease::id));
        assertEquals(oracle.leases(), found);
        for (Lease lease : found)
            check(oracle.keys(lease.id()), state.leaseKeys(lease.id()), () -> "keys of " + lease);
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
        boolean remembered =
                state.compactionHashes().stream().anyMatch(h -> h.hashRevision() == revision);
        Object expected =
                outcome(() -> remembered ? oracle.compactionHash(revision) : oracle.hash(revision));
        check(expected, outcome(() -> state.hashKv(revision)), () -> "hash at " + revision);
    }

    private void commit(Durability durability) {
        state.commit(durability).join();
        assertEquals(log.size(), store.applied().index());
    }

    /** Loses what was not committed, and more on some backends, and applies the log again. */
    private void crash() {
        state.close();
        store = backend.crash(store, home, background);
        open();
        for (long index = store.applied().index() + 1; index <= log.size(); index++) {
            Applied at = new Applied(index, 1);
            outcome(() -> state.apply(log.get((int) at.index() - 1), at));
        }
        assertEquals(oracle.revision(), state.revision(), "revision after a crash");
        checkLeases();
    }

    private void open() {
        // Next to nothing fits in the cache, so that reads go to the store as well.
        state =
                StateMachine.open(
                        store, new StateOptions(random.nextInt(2000), random.nextInt(2000)));
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

    private static void check(Object expected, Object actual, Supplier<String> what) {
        assertEquals(Answers.text(expected), Answers.text(actual), what);
    }
}
