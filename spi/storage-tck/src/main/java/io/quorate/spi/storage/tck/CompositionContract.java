package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Every log with every state, as an engine uses the two: entries are appended, applied once they
 * are durable, checkpointed, compacted away, replaced by a snapshot; and the power goes in between.
 * After each start the state is replayed from the log, and must be what the entries say: the five
 * invariants I1 to I5 of the storage SPI, end to end.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class CompositionContract {
    private static final Keyspace KEYS = StateStoreContract.KEYS;
    private static final Path LOG = Path.of("/simulated/log");
    private static final Path STATE = Path.of("/simulated/state");
    private static final int LIVES = 5;
    private static final int STEPS = 120;

    /** The providers to pair; those that do no file access of their own through FileIo excluded. */
    protected abstract List<StorageProvider> providers();

    /** Settings that make files of a half small. */
    protected abstract Map<String, String> small(StorageProvider provider, Part part);

    Stream<Arguments> pairs() {
        return providers().stream()
                .filter(log -> log.parts().contains(Part.LOG))
                .flatMap(log ->
                        providers().stream()
                                .filter(state -> state.parts().contains(Part.STATE))
                                .map(state -> Arguments.of(log.name(), state.name(), log, state)));
    }

    @ParameterizedTest(name = "log {0}, state {1}")
    @MethodSource("pairs")
    @Tag("T22")
    void entriesAndStateAgreeAfterEveryStart(
            String logName, String stateName, StorageProvider log, StorageProvider state) {
        boolean durable = log.capabilities().durable() && state.capabilities().durable();
        Seeds.each(
                12,
                seed -> {
                    Random random = new Random(seed);
                    SimulatedDisk logDisk = new SimulatedDisk();
                    SimulatedDisk stateDisk = new SimulatedDisk();
                    Truth truth = new Truth();
                    // What keeps nothing has one life only.
                    for (int life = 0; life < (durable ? LIVES : 1); life++) {
                        int calls = durable ? random.nextInt(400) : Integer.MAX_VALUE;
                        logDisk.powerOffAfter(calls);
                        stateDisk.powerOffAfter(durable ? random.nextInt(400) : Integer.MAX_VALUE);
                        live(log, logDisk, state, stateDisk, truth, random);
                        logDisk = logDisk.crash(random);
                        stateDisk = stateDisk.crash(random);
                    }
                    if (durable) live(log, logDisk, state, stateDisk, truth, random);
                });
    }

    /** What was ever told to the log, and what was acknowledged: the oracle. */
    private static final class Truth {
        private final TreeMap<Long, byte[]> entries = new TreeMap<>();
        private long acknowledged;
        private long snapshot; // installed last, or about to be

        /** The keys and values that the entries up to an index lead to. */
        TreeMap<byte[], byte[]> stateAt(long index) {
            TreeMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);
            entries.headMap(index, true)
                    .forEach((i, data) -> {
                        byte[] key = key(data);
                        if (data[0] == 0) map.remove(key);
                        else map.put(key, data);
                    });
            return map;
        }

        static byte[] key(byte[] data) {
            return new byte[] {data[1]};
        }

        static byte[] random(Random random) {
            byte[] data = new byte[2 + random.nextInt(random.nextInt(10) == 0 ? 2000 : 100)];
            random.nextBytes(data);
            data[0] = (byte) random.nextInt(4);
            data[1] = (byte) random.nextInt(40);
            return data;
        }
    }

    private void live(
            StorageProvider logProvider,
            SimulatedDisk logDisk,
            StorageProvider stateProvider,
            SimulatedDisk stateDisk,
            Truth truth,
            Random random) {
        RaftLog log = null;
        StateStore state = null;
        try {
            log =
                    logProvider.openLog(
                            StorageTesting.env(LOG).on(logDisk).with(small(logProvider, Part.LOG)));
            state =
                    stateProvider.openState(
                            StorageTesting.env(STATE)
                                    .on(stateDisk)
                                    .with(small(stateProvider, Part.STATE)));
            recover(log, state, truth);
            for (int step = 0; step < STEPS; step++) step(log, state, truth, random);
            check(state, truth);
        } catch (StorageException.Corruption e) {
            throw new AssertionError("corruption after a power loss", e);
        } catch (StorageException e) {
            assertTrue(logDisk.isOff() || stateDisk.isOff(), "failed with power on: " + e);
        } finally {
            logDisk.powerOffAfter(0);
            stateDisk.powerOffAfter(0);
            abandon(log);
            abandon(state);
        }
    }

    private static void abandon(AutoCloseable store) {
        if (store == null) return;
        try {
            store.close();
        } catch (StorageException e) {
            // The power is gone; what counts is what the next open finds.
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void recover(RaftLog log, StateStore state, Truth truth) {
        long applied = state.applied().index();
        long floor = log.baseIndex();
        assertTrue(
                applied >= floor, "I4: the state is at " + applied + ", the log begins " + floor);
        check(state, truth);
        if (applied > log.lastIndex()) {
            // I5: an install whose reset the crash cut off.
            assertEquals(truth.snapshot, applied, "I3: applied what the log does not hold");
            log.reset(applied, 1);
        }
        truth.acknowledged = Math.max(truth.acknowledged, log.baseIndex());
        assertTrue(
                log.lastIndex() >= truth.acknowledged,
                "I1: the log ends at " + log.lastIndex() + ", not " + truth.acknowledged);
        truth.entries.tailMap(log.lastIndex(), false).clear();
        for (LogEntry entry : log.read(log.baseIndex() + 1, log.lastIndex() + 1, Long.MAX_VALUE)) {
            assertArrayEquals(truth.entries.get(entry.index()), entry.data());
        }
        truth.acknowledged = log.lastIndex();
        apply(log, state, log.lastIndex(), Durability.LAZY);
        check(state, truth);
    }

    private static void step(RaftLog log, StateStore state, Truth truth, Random random) {
        int dice = random.nextInt(100);
        if (dice < 55) append(log, truth, random);
        else if (dice < 80) apply(log, state, log.durableIndex(), Durability.LAZY);
        else if (dice < 90) {
            CompletableFuture<Void> forced =
                    apply(log, state, log.durableIndex(), Durability.FORCE);
            if (random.nextBoolean()) settle(forced);
        } else if (dice < 97) log.compact(Math.min(state.durableApplied().index(), durable(log)));
        else install(log, state, truth, random);
    }

    private static long durable(RaftLog log) {
        return Math.max(log.durableIndex(), log.baseIndex());
    }

    private static void append(RaftLog log, Truth truth, Random random) {
        List<LogEntry> entries = new ArrayList<>();
        long index = log.lastIndex();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            byte[] data = Truth.random(random);
            truth.entries.put(++index, data);
            entries.add(new LogEntry(index, 1, 0, data));
        }
        HardState hardState = new HardState(1, 0, Math.max(durable(log), log.hardState().commit()));
        CompletableFuture<Void> future = log.append(entries, hardState);
        if (random.nextBoolean()) {
            settle(future);
            truth.acknowledged = index;
        }
    }

    private static void settle(CompletableFuture<Void> future) {
        try {
            RaftLogContract.await(future);
        } catch (java.util.concurrent.CompletionException e) {
            if (e.getCause() instanceof StorageException cause) throw cause;
            throw e;
        }
    }

    /** Applies entries up to an index, each with its effect as one batch. */
    private static CompletableFuture<Void> apply(
            RaftLog log, StateStore state, long to, Durability durability) {
        long from = state.applied().index() + 1;
        WriteBatch batch = new WriteBatch();
        if (to < from) return state.commit(batch, state.applied(), durability);
        for (LogEntry entry : log.read(from, to + 1, Long.MAX_VALUE)) {
            byte[] key = Truth.key(entry.data());
            if (entry.data()[0] == 0) batch.delete(KEYS, key);
            else batch.put(KEYS, key, entry.data());
        }
        return state.commit(batch, new Applied(to, 1), durability);
    }

    /** A snapshot from a leader that is ahead: the entries between never come. */
    private static void install(RaftLog log, StateStore state, Truth truth, Random random) {
        long at = log.lastIndex() + 1 + random.nextInt(5);
        for (long i = log.lastIndex() + 1; i <= at; i++) {
            truth.entries.put(i, Truth.random(random));
        }
        truth.snapshot = at;
        try (Install install = state.beginInstall(new Applied(at, 1))) {
            truth.stateAt(at).forEach((key, value) -> install.put(KEYS, key, value));
            install.commit();
        }
        log.reset(at, 1);
        truth.acknowledged = at;
    }

    private static void check(StateStore state, Truth truth) {
        try (ReadView view = state.view();
                Cursor cursor = view.cursor(KEYS, null, null, false)) {
            TreeMap<byte[], byte[]> expected = truth.stateAt(view.applied().index());
            for (Map.Entry<byte[], byte[]> entry : expected.entrySet()) {
                assertTrue(cursor.next(), "I2: keys are missing at " + view.applied());
                assertArrayEquals(entry.getKey(), cursor.key(), "I2: another key");
                assertArrayEquals(entry.getValue(), cursor.value(), "I2: another value");
            }
            assertTrue(!cursor.next(), "I2: keys too many at " + view.applied());
        }
    }
}
