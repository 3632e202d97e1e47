package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a backend in pure Java, all of whose file access goes through {@link FileIo}, does on a disk
 * that fails: power cuts, no space, failed fsyncs, flipped bits, short reads.
 */
public abstract class FaultContract {
    private static final Path DIRECTORY = Path.of("/simulated/data");
    private static final long WAIT_SECONDS = 60;

    /** The provider under test. */
    protected abstract StorageProvider provider();

    /** Settings that make files of the log small. */
    protected abstract Map<String, String> smallLogFiles();

    /** Settings that make files of the state small. */
    protected abstract Map<String, String> smallStateFiles();

    private RaftLog openLog(SimulatedDisk disk) {
        return provider().openLog(StorageTesting.env(DIRECTORY).on(disk).with(smallLogFiles()));
    }

    private StateStore openState(SimulatedDisk disk) {
        return provider().openState(StorageTesting.env(DIRECTORY).on(disk).with(smallStateFiles()));
    }

    private static void settle(CompletableFuture<Void> future) {
        future.handle((done, failed) -> null).orTimeout(WAIT_SECONDS, TimeUnit.SECONDS).join();
    }

    private static boolean succeeded(CompletableFuture<Void> future) {
        return future.isDone() && !future.isCompletedExceptionally();
    }

    /** A store on a disk without power may fail to close. */
    private static void abandon(AutoCloseable store) {
        try {
            store.close();
        } catch (StorageException e) {
            // The power is gone; what counts is what the next open finds.
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    // ---- power loss ----

    /** Everything that a log was told, unit by unit, and how far it has confirmed. */
    private static final class LogHistory {
        final List<LogModel> units = new ArrayList<>(); // units.get(0) is the start
        final List<CompletableFuture<Void>> futures = new ArrayList<>();

        LogHistory(LogModel start) {
            units.add(start);
        }

        int acknowledged() {
            int last = 0;
            for (int i = 0; i < futures.size(); i++) if (succeeded(futures.get(i))) last = i + 1;
            return last;
        }
    }

    @Test
    @Tag("T22")
    void logComesBackAsAPrefixAfterPowerLoss() {
        Seeds.each(
                150,
                seed -> {
                    Random random = new Random(seed);
                    SimulatedDisk disk = new SimulatedDisk();
                    if (random.nextBoolean()) disk.shortReads(seed);
                    LogModel expected = null;
                    for (int life = 0; life < 4; life++) {
                        LogHistory history = runLogUntilPowerLoss(disk, random, expected);
                        boolean killOnly = random.nextInt(4) == 0;
                        disk = killOnly ? disk.afterKill() : disk.crash(random);
                        expected = history == null ? expected : recovered(disk, history, random);
                    }
                });
    }

    /** Runs random steps until the power goes; null when it went before the log was open. */
    private LogHistory runLogUntilPowerLoss(
            SimulatedDisk disk, Random random, LogModel expectedOrNull) {
        disk.powerOffAfter(random.nextInt(random.nextBoolean() ? 30 : 300));
        RaftLog log;
        try {
            log = openLog(disk);
        } catch (StorageException.Corruption e) {
            throw new AssertionError("corruption after a power loss", e);
        } catch (StorageException e) {
            assertTrue(disk.isOff(), "open failed with power on: " + e);
            return null;
        }
        LogHistory history = null;
        try {
            LogModel model = LogModel.of(log);
            if (expectedOrNull != null) assertEquals("", expectedOrNull.difference(log));
            history = new LogHistory(model);
            for (int step = 0; step < 200 && !disk.isOff(); step++) logStep(log, history, random);
        } catch (StorageException e) {
            assertTrue(disk.isOff(), "failed with power on: " + e);
        } finally {
            if (history != null) history.futures.forEach(FaultContract::settle);
            abandon(log);
        }
        return history;
    }

    private static void logStep(RaftLog log, LogHistory history, Random random) {
        LogModel before = history.units.getLast();
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        LogModel after = before.randomStep(random, log, history.units::add, taken::add);
        if (after == before) return;
        // A reset is durable on return; a compaction is confirmed by nobody.
        boolean reset = taken.isEmpty() && after.base() != before.base();
        CompletableFuture<Void> future =
                taken.isEmpty()
                        ? reset
                                ? CompletableFuture.completedFuture(null)
                                : CompletableFuture.failedFuture(new IOException("not a unit"))
                        : taken.getFirst();
        history.futures.add(future);
        if (random.nextInt(4) == 0) settle(future);
    }

    /** Opens the disk and finds the unit it came back to. */
    private LogModel recovered(SimulatedDisk disk, LogHistory history, Random random) {
        SimulatedDisk probe = disk.copy();
        RaftLog log;
        try {
            log = openLog(probe);
        } catch (StorageException e) {
            throw new AssertionError("cannot open after a power loss", e);
        }
        try {
            String last = "";
            for (int i = history.units.size() - 1; i >= history.acknowledged(); i--) {
                LogModel unit = history.units.get(i);
                // A compaction after this unit may have taken effect, or not.
                LogModel reach = unit.compact(history.units.getLast().baseMax());
                last = (reach.last() < reach.baseMax() ? unit : reach).difference(log);
                if (last.isEmpty()) return LogModel.of(log);
            }
            throw new AssertionError(
                    "came back to no unit in ["
                            + history.acknowledged()
                            + ", "
                            + (history.units.size() - 1)
                            + "]: "
                            + last);
        } finally {
            log.close();
        }
    }

    @Test
    @Tag("T22")
    void stateComesBackToACommitAfterPowerLoss() {
        Seeds.each(
                60,
                seed -> {
                    Random random = new Random(seed);
                    SimulatedDisk disk = new SimulatedDisk();
                    if (random.nextBoolean()) disk.shortReads(seed);
                    StateModel start = null;
                    for (int life = 0; life < 4; life++) {
                        StateHistory history = runStateUntilPowerLoss(disk, random, start);
                        disk = random.nextInt(4) == 0 ? disk.afterKill() : disk.crash(random);
                        if (history != null) start = recovered(disk, history);
                    }
                });
    }

    private static final class StateHistory {
        final List<StateModel> commits = new ArrayList<>();
        final Map<Integer, CompletableFuture<Void>> forced = new java.util.TreeMap<>();

        int durable() {
            int last = 0;
            for (var force : forced.entrySet())
                if (succeeded(force.getValue())) last = force.getKey();
            return last;
        }
    }

    private StateHistory runStateUntilPowerLoss(
            SimulatedDisk disk, Random random, StateModel expectedOrNull) {
        disk.powerOffAfter(random.nextInt(random.nextBoolean() ? 60 : 600));
        StateStore store;
        try {
            store = openState(disk);
        } catch (StorageException.Corruption e) {
            throw new AssertionError("corruption after a power loss", e);
        } catch (StorageException e) {
            assertTrue(disk.isOff(), "open failed with power on: " + e);
            return null;
        }
        StateHistory history = new StateHistory();
        try {
            StateModel model = StateModel.of(store);
            if (expectedOrNull != null) assertEquals("", expectedOrNull.difference(store));
            history.commits.add(model);
            for (int step = 0; step < 250 && !disk.isOff(); step++) {
                model =
                        model.randomStep(
                                random,
                                store,
                                history.commits::add,
                                (future, at) -> note(history, future, random));
            }
        } catch (StorageException e) {
            assertTrue(disk.isOff(), "failed with power on: " + e);
        } finally {
            history.forced.values().forEach(FaultContract::settle);
            abandon(store);
        }
        return history.commits.isEmpty() ? null : history;
    }

    private static void note(StateHistory history, CompletableFuture<Void> future, Random random) {
        history.forced.put(history.commits.size() - 1, future);
        if (random.nextBoolean()) settle(future);
    }

    private StateModel recovered(SimulatedDisk disk, StateHistory history) {
        StateStore store;
        try {
            store = openState(disk.copy());
        } catch (StorageException e) {
            throw new AssertionError("cannot open after a power loss", e);
        }
        try {
            String last = "";
            for (int i = history.commits.size() - 1; i >= history.durable(); i--) {
                last = history.commits.get(i).difference(store);
                if (last.isEmpty()) {
                    store.verify();
                    return history.commits.get(i);
                }
            }
            throw new AssertionError(
                    "came back to no commit from " + history.durable() + " on: " + last);
        } finally {
            store.close();
        }
    }

    // ---- torn writes ----

    @Test
    @Tag("T21")
    void aTornUnitOfTheLogIsThereWholeOrNotAtAll() {
        for (int k = 0; k < 4; k++) {
            SimulatedDisk disk = new SimulatedDisk();
            RaftLog log = openLog(disk);
            fillLog(log, 3);
            LogModel before = LogModel.of(log);
            failForce(disk, k);
            LogModel certain = before;
            StorageException.Fatal fatal = null;
            while (fatal == null) {
                certain = before;
                LogEntry last = RaftLogContract.entry(before.last() + 1, 1, 700);
                before = before.append(List.of(last), null);
                fatal = appendOrFatal(log, 700);
            }
            disk.fail((call, path) -> {});
            LogModel with = before;
            abandon(log);
            int total = disk.unforcedBytes();
            for (int torn = 0; torn <= total; torn += 1 + total / 150) {
                RaftLog found = openLog(disk.torn(torn));
                try {
                    String difference = certain.difference(found);
                    if (!difference.isEmpty()) assertEquals("", with.difference(found));
                } finally {
                    found.close();
                }
            }
        }
    }

    @Test
    @Tag("T21")
    void aTornCommitOfTheStateIsThereWholeOrNotAtAll() {
        for (int k = 0; k < 6; k++) {
            SimulatedDisk disk = new SimulatedDisk();
            StateStore store = openState(disk);
            Random random = new Random(k);
            List<StateModel> commits = new ArrayList<>();
            StateModel model = StateModel.of(store);
            commits.add(model);
            failForce(disk, k + 2);
            int certain = 0;
            try {
                while (true) {
                    model = model.randomStep(random, store, commits::add, (future, at) -> {});
                    Applied at = new Applied(model.applied().index() + 1, model.applied().term());
                    model = new StateModel(at, model.spaces());
                    commits.add(model);
                    CompletableFuture<Void> forced =
                            store.commit(new WriteBatch(), at, Durability.FORCE);
                    settle(forced);
                    if (forced.isCompletedExceptionally()) break;
                    certain = commits.size() - 1;
                }
            } catch (StorageException.Fatal e) {
                // In a step that forces by itself.
            }
            disk.fail((call, path) -> {});
            abandon(store);
            int total = disk.unforcedBytes();
            for (int torn = 0; torn <= total; torn += 1 + total / 60) {
                StateStore found = openState(disk.torn(torn));
                try {
                    boolean known = false;
                    for (StateModel commit : commits.subList(certain, commits.size())) {
                        known |= commit.difference(found).isEmpty();
                    }
                    assertTrue(known, "torn at " + torn + " of " + total);
                } finally {
                    found.close();
                }
            }
        }
    }

    // ---- no space ----

    @Test
    @Tag("T22")
    void logWithoutSpaceTakesNothingAndGoesOnWhenThereIs() {
        for (int k = 0; k < 12; k++) {
            SimulatedDisk disk = new SimulatedDisk();
            RaftLog log = openLog(disk);
            fillLog(log, 3);
            AtomicInteger left = new AtomicInteger(k);
            disk.fail((call, path) -> {
                if (call.allocates() && left.getAndDecrement() <= 0) {
                    throw new FileIo.OutOfSpace("no space (simulated)", null);
                }
            });
            LogModel before = LogModel.of(log);
            StorageException.NoSpace refused = null;
            for (int i = 0; i < 400 && refused == null; i++) {
                before = LogModel.of(log);
                refused = appendOrNoSpace(log);
            }
            if (refused == null) fail("the log grew without end on a full disk");
            assertEquals("", before.difference(log));
            assertEquals(log.lastIndex(), log.durableIndex());
            disk.fail((call, path) -> {});
            fillLog(log, 40);
            LogModel after = LogModel.of(log);
            log.close();
            RaftLog again = openLog(disk);
            assertEquals("", after.difference(again));
            again.close();
        }
    }

    private static StorageException.NoSpace appendOrNoSpace(RaftLog log) {
        try {
            long next = log.lastIndex() + 1;
            RaftLogContract.await(
                    log.append(
                            List.of(RaftLogContract.entry(next, 1, 3000)),
                            new HardState(1, 0, log.lastIndex())));
            return null;
        } catch (StorageException.NoSpace e) {
            return e;
        } catch (CompletionException e) {
            if (e.getCause() instanceof StorageException.NoSpace noSpace) return noSpace;
            throw e;
        }
    }

    private static void fillLog(RaftLog log, int count) {
        for (int i = 0; i < count; i++) {
            if (appendOrNoSpace(log) != null) fail("no space on a disk that has some");
        }
    }

    @Test
    @Tag("T22")
    void logThatCannotWriteTakesUnitsBack() {
        SimulatedDisk disk = new SimulatedDisk();
        RaftLog log = openLog(disk);
        fillLog(log, 3);
        LogModel before = LogModel.of(log);
        disk.fail((call, path) -> {
            if (call == SimulatedDisk.Call.OVERWRITE) {
                throw new FileIo.OutOfSpace("no space (simulated)", null);
            }
        });
        assertTrue(appendOrNoSpace(log) != null);
        assertEquals("", before.difference(log));
        disk.fail((call, path) -> {});
        fillLog(log, 5);
        LogModel after = LogModel.of(log);
        log.close();
        RaftLog again = openLog(disk);
        assertEquals("", after.difference(again));
        again.close();
    }

    @Test
    @Tag("T22")
    void stateWithoutSpaceStaysReadableAndGoesOnWhenThereIs() {
        for (int k = 0; k < 10; k++) {
            SimulatedDisk disk = new SimulatedDisk();
            StateStore store = openState(disk);
            Random random = new Random(k);
            StateModel model = StateModel.of(store);
            for (int i = 0; i < 20; i++) model = model.randomStep(random, store);
            AtomicInteger left = new AtomicInteger(k);
            disk.fail((call, path) -> {
                if (call.allocates() && left.getAndDecrement() <= 0) {
                    throw new FileIo.OutOfSpace("no space (simulated)", null);
                }
            });
            boolean refused = false;
            for (int i = 0; i < 40 && !refused; i++) {
                Applied at = new Applied(model.applied().index() + 1, model.applied().term());
                CompletableFuture<Void> future;
                try {
                    future = store.commit(new WriteBatch(), at, Durability.FORCE);
                } catch (StorageException.NoSpace e) {
                    refused = true; // with nothing taken
                    break;
                }
                model = new StateModel(at, model.spaces());
                settle(future);
                refused = future.isCompletedExceptionally();
                if (refused) {
                    assertTrue(future.exceptionNow() instanceof StorageException.NoSpace);
                }
            }
            assertTrue(refused, "forced on a full disk");
            model.assertMatches(store, random);
            disk.fail((call, path) -> {});
            for (int i = 0; i < 20; i++) model = model.randomStep(random, store);
            Applied at = new Applied(model.applied().index() + 1, model.applied().term());
            store.commit(new WriteBatch(), at, Durability.FORCE)
                    .orTimeout(WAIT_SECONDS, TimeUnit.SECONDS)
                    .join();
            model = new StateModel(at, model.spaces());
            store.close();
            StateStore again = openState(disk);
            model.assertMatches(again, random);
            again.close();
        }
    }

    // ---- failed fsync ----

    @Test
    void logIsPoisonedByAFailedFsync() {
        for (int k = 0; k < 6; k++) {
            SimulatedDisk disk = new SimulatedDisk();
            RaftLog log = openLog(disk);
            fillLog(log, 2);
            LogModel certain = LogModel.of(log);
            failForce(disk, k);
            StorageException.Fatal fatal = null;
            for (int i = 0; i < 400 && fatal == null; i++) {
                try {
                    certain = LogModel.of(log);
                    fatal = appendOrFatal(log, 1000);
                } catch (StorageException.Fatal e) {
                    fatal = e; // in the background, between two appends
                }
            }
            assertTrue(fatal != null, "force " + k + " failed and nobody was told");
            disk.fail((call, path) -> {});
            assertThrows(
                    StorageException.Fatal.class, () -> log.append(List.of(), HardState.EMPTY));
            assertThrows(StorageException.Fatal.class, log::lastIndex);
            abandon(log);
            RaftLog again = openLog(disk.crash(new Random(k)));
            long found = again.lastIndex();
            assertTrue(
                    found == certain.last() || found == certain.last() + 1,
                    "the unit is whole or not");
            again.close();
        }
    }

    private static StorageException.Fatal appendOrFatal(RaftLog log, int bytes) {
        try {
            long next = log.lastIndex() + 1;
            RaftLogContract.await(log.append(List.of(RaftLogContract.entry(next, 1, bytes)), null));
            return null;
        } catch (StorageException.Fatal e) {
            return e;
        } catch (CompletionException e) {
            if (e.getCause() instanceof StorageException.Fatal fatal) return fatal;
            throw e;
        }
    }

    private static void failForce(SimulatedDisk disk, int k) {
        AtomicInteger left = new AtomicInteger(k);
        disk.fail((call, path) -> {
            if (call.forces() && left.getAndDecrement() == 0) {
                throw new IOException("Input/output error (simulated)");
            }
        });
    }

    @Test
    void stateIsPoisonedByAFailedFsync() {
        for (int k = 0; k < 8; k++) {
            SimulatedDisk disk = new SimulatedDisk();
            StateStore store = openState(disk);
            Random random = new Random(k);
            StateModel model = StateModel.of(store);
            failForce(disk, k);
            boolean fatal = false;
            for (int i = 0; i < 40 && !fatal; i++) {
                WriteBatch batch = new WriteBatch();
                byte[] key = {(byte) i};
                batch.put(StateStoreContract.KEYS, key, key);
                try {
                    CompletableFuture<Void> future =
                            store.commit(batch, new Applied(i + 1, 1), Durability.FORCE);
                    settle(future);
                    fatal = future.isCompletedExceptionally();
                    if (fatal) assertTrue(future.exceptionNow() instanceof StorageException.Fatal);
                } catch (StorageException.Fatal e) {
                    fatal = true;
                }
            }
            assertTrue(fatal, "force " + k + " failed and nobody was told");
            disk.fail((call, path) -> {});
            assertThrows(StorageException.Fatal.class, store::view);
            assertThrows(
                    StorageException.Fatal.class,
                    () -> store.commit(new WriteBatch(), new Applied(99, 1), Durability.LAZY));
            abandon(store);
            StateStore again = openState(disk.crash(random));
            again.verify();
            again.close();
        }
    }

    // ---- bit flips ----

    @Test
    @Tag("T21")
    void flippedBitsOfTheLogAreNeverServed() {
        SimulatedDisk disk = new SimulatedDisk();
        RaftLog log = openLog(disk);
        Random fill = new Random(11);
        for (int i = 1; i <= 120; i++) {
            RaftLogContract.await(
                    log.append(
                            List.of(RaftLogContract.entry(i, 1, fill.nextInt(2000))),
                            new HardState(1, 1, i - 1)));
        }
        LogModel model = LogModel.of(log);
        log.close();
        AtomicInteger lastUnit = new AtomicInteger();
        AtomicInteger detected = new AtomicInteger();
        Seeds.each(
                150,
                seed -> {
                    SimulatedDisk damaged = disk.copy();
                    flipSomewhere(damaged, new Random(seed));
                    String difference;
                    try {
                        RaftLog found = openLog(damaged);
                        try {
                            difference = model.difference(found);
                            // Not to be told from a torn write: the unit that was forced last.
                            if (found.lastIndex() == 119) {
                                difference = "";
                                lastUnit.incrementAndGet();
                            }
                        } finally {
                            found.close();
                        }
                    } catch (StorageException.Corruption e) {
                        detected.incrementAndGet();
                        difference = "";
                    }
                    assertEquals("", difference);
                });
        assertTrue(lastUnit.get() < Seeds.scaled(150) / 10, lastUnit + " hit the last unit");
    }

    @Test
    @Tag("T21")
    void flippedBitsOfTheStateAreNeverServed() {
        SimulatedDisk disk = new SimulatedDisk();
        StateStore store = openState(disk);
        Random random = new Random(12);
        StateModel model = StateModel.of(store);
        for (int i = 0; i < 150; i++) model = model.randomStep(random, store);
        Applied at = new Applied(model.applied().index() + 1, model.applied().term());
        store.commit(new WriteBatch(), at, Durability.FORCE).join();
        StateModel last = new StateModel(at, model.spaces());
        store.close();
        AtomicInteger detected = new AtomicInteger();
        Seeds.each(
                150,
                seed -> {
                    SimulatedDisk damaged = disk.copy();
                    flipSomewhere(damaged, new Random(seed));
                    try {
                        StateStore found = openState(damaged);
                        try {
                            assertEquals("", last.difference(found));
                            found.verify();
                        } finally {
                            found.close();
                        }
                    } catch (StorageException.Corruption e) {
                        detected.incrementAndGet();
                    }
                });
        assertTrue(detected.get() > 0, "no flip was ever noticed");
    }

    private static void flipSomewhere(SimulatedDisk disk, Random random) {
        List<Path> paths = new ArrayList<>();
        disk.files()
                .forEach((path, size) -> {
                    if (size > 0) paths.add(path);
                });
        Path path = paths.get(random.nextInt(paths.size()));
        disk.flipBit(path, random.nextInt(disk.files().get(path)), random.nextInt(8));
    }
}
