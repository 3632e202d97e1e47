package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.tck.SimulatedDisk;
import io.quorate.spi.storage.tck.StorageTesting;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/**
 * The state machine over every pair of log and state, on a disk whose power goes at one call after
 * the other: between the write of the log and its fsync, between fsync and apply, apply and commit,
 * in the middle of a batched compaction, of a defragmentation, of the removal of old log, and of
 * the recovery itself. After each start the member must be what the entries in its log say, judged
 * by HashKV, revision and compact revision of a state machine in memory; all that was acknowledged
 * must be there, once.
 *
 * <p>{@code -Dcrash.points=2000} tries as many points for each pair; {@code -Dcrash.seed=N} repeats
 * a run, as far as the threads of the backends allow.
 */
class CrashMatrixTest {
    private static final int POINTS = Integer.getInteger("crash.points", 8);
    private static final int STEPS = 90;
    private static final int CHECKPOINT_EVERY = 15;
    private static final Path LOG = Path.of("/simulated/log");
    private static final Path STATE = Path.of("/simulated/state");

    static Stream<Arguments> pairs() {
        List<StorageProvider> all =
                PluginRegistry.load(Optional.empty()).all().stream()
                        .map(PluginRegistry.Found::provider)
                        .toList();
        return all.stream()
                .flatMap(log ->
                        all.stream()
                                .map(state -> Arguments.of(log.name(), state.name(), log, state)));
    }

    @ParameterizedTest(name = "log {0}, state {1}")
    @MethodSource("pairs")
    @Tag("DD-09")
    @Tag("T1")
    @Tag("T2")
    @Tag("T4")
    @Tag("T8")
    @Tag("SE-14")
    void everyStartFindsWhatTheLogSays(
            String logName, String stateName, StorageProvider log, StorageProvider state) {
        long seed = Long.getLong("crash.seed", System.nanoTime());
        try {
            SimulatedDisk disk = new SimulatedDisk();
            Trial whole = new Trial(log, state, seed);
            disk.powerOffAfter(Integer.MAX_VALUE);
            assertTrue(whole.live(disk), "no power was cut");
            if (!log.capabilities().durable() || !state.capabilities().durable()) return;
            long calls = Integer.MAX_VALUE - disk.callsLeft();
            for (int point = 0; point < POINTS; point++) {
                // Spread over the whole run, never twice at the same call.
                crashAt(log, state, seed + point, 1 + calls * point / POINTS);
            }
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("repeat with -Dcrash.seed=" + seed + ": " + e, e);
        }
    }

    /** One crash at a call, a second somewhere in the recovery or after it, and an end in peace. */
    private static void crashAt(StorageProvider log, StorageProvider state, long seed, long call) {
        Random random = new Random(seed);
        Trial trial = new Trial(log, state, seed);
        SimulatedDisk disk = new SimulatedDisk();
        disk.powerOffAfter(call);
        trial.live(disk);
        disk = disk.crash(random);
        disk.powerOffAfter(random.nextInt(150));
        trial.live(disk);
        disk = disk.crash(random);
        disk.powerOffAfter(Integer.MAX_VALUE);
        assertTrue(trial.live(disk), "no power was cut");
    }

    /** The lives of one member on one disk, and what its clients know. */
    private static final class Trial {
        private final StorageProvider logProvider;
        private final StorageProvider stateProvider;
        private final Random random;
        private final List<byte[]> entries = new ArrayList<>(); // at index - 1
        private int acknowledged;
        private long revision = 1;
        private long compacted = -1;

        Trial(StorageProvider logProvider, StorageProvider stateProvider, long seed) {
            this.logProvider = logProvider;
            this.stateProvider = stateProvider;
            random = new Random(seed);
        }

        /** From a start to the crash, or to the end: then the answer is true. */
        boolean live(SimulatedDisk disk) {
            RaftLog log = null;
            StateStore store = null;
            StateMachine state = null;
            try {
                log = logProvider.openLog(env(LOG, disk, logProvider, Part.LOG));
                store = stateProvider.openState(env(STATE, disk, stateProvider, Part.STATE));
                state = StateMachine.open(store);
                StateMachine oracle = recover(log, state);
                for (int i = 1; i <= STEPS; i++) {
                    step(log, state, oracle);
                    if (i % CHECKPOINT_EVERY == 0) assertSame(oracle, state);
                }
                oracle.close();
                return true;
            } catch (StorageException.Corruption e) {
                throw new AssertionError("damage after a power cut", e);
            } catch (StorageException e) {
                assertTrue(disk.isOff(), () -> "failed with the power on: " + e);
                return false;
            } finally {
                disk.powerOffAfter(disk.isOff() ? 0 : Integer.MAX_VALUE);
                abandon(state);
                abandon(store);
                abandon(log);
            }
        }

        private StateMachine recover(RaftLog log, StateMachine state) {
            long base = log.baseIndex();
            long last = log.lastIndex();
            assertTrue(state.applied().index() >= base, "the log lacks what the state needs");
            assertTrue(state.applied().index() <= last, "the state has more than the log");
            assertTrue(last >= acknowledged, last + " entries, acknowledged " + acknowledged);
            for (LogEntry entry : log.read(base + 1, last + 1, Long.MAX_VALUE)) {
                assertArrayEquals(entries.get((int) entry.index() - 1), entry.data());
            }
            // What was never acknowledged may be gone, and then it is gone for good.
            while (entries.size() > last) entries.removeLast();
            acknowledged = entries.size();
            StateMachine oracle = StateMachine.open(inMemory());
            for (int i = 1; i <= last; i++) apply(oracle, i);
            for (long i = state.applied().index() + 1; i <= last; i++) apply(state, i);
            assertSame(oracle, state);
            assertTrue(state.revision() >= revision, "the revision went back");
            assertTrue(state.compactRevision() >= compacted, "the compact revision went back");
            return oracle;
        }

        private void step(RaftLog log, StateMachine state, StateMachine oracle) {
            int dice = random.nextInt(100);
            if (dice < 50) propose(log, state, oracle, 1 + random.nextInt(4));
            else if (dice < 70) state.compactStep(1 + random.nextInt(6));
            else if (dice < 82) await(state.commit(Durability.LAZY));
            else if (dice < 90) state.commit(Durability.FORCE); // under way while others follow
            else if (dice < 94) await(state.commit(Durability.FORCE));
            else if (dice < 97) log.compact(durable(state));
            else state.defragment();
        }

        private long durable(StateMachine state) {
            await(state.commit(Durability.FORCE));
            return state.applied().index();
        }

        /** What a client's writes go through; on return they are acknowledged. */
        private void propose(RaftLog log, StateMachine state, StateMachine oracle, int count) {
            List<LogEntry> unit = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                byte[] data = ByteBuffer.allocate(8).putLong(random.nextLong()).array();
                entries.add(data);
                unit.add(new LogEntry(entries.size(), 1, 0, data));
            }
            await(log.append(unit, new HardState(1, 1, log.durableIndex())));
            for (LogEntry entry : unit) {
                apply(state, entry.index());
                apply(oracle, entry.index());
            }
            acknowledged = entries.size();
            revision = state.revision();
            compacted = state.compactRevision();
        }

        private void apply(StateMachine state, long index) {
            Command command = command(entries.get((int) index - 1), state);
            try {
                state.apply(command, new Applied(index, 1));
            } catch (EtcdException refused) {
                // The same for all replicas, as is the position.
            }
        }

        /** Depends on the entry and on the state alone, as a real command's effect does. */
        private static Command command(byte[] data, StateMachine state) {
            Random random = new Random(ByteBuffer.wrap(data).getLong());
            byte[] key = {(byte) ('a' + random.nextInt(12))};
            byte[] end = {(byte) (key[0] + 1 + random.nextInt(3))};
            long lease = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0;
            return switch (random.nextInt(12)) {
                case 0 -> new Command.DeleteRange(key, end, false);
                case 1 -> new Command.LeaseGrant(1 + random.nextInt(3), 1000);
                case 2 -> new Command.LeaseRevoke(1 + random.nextInt(3));
                case 3, 4 -> {
                    long from = Math.max(0, state.compactRevision());
                    long passed = Math.max(1, state.revision() - from);
                    yield new Command.Compact(from + random.nextLong(passed) + 1, false);
                }
                case 5 ->
                        new Command.Txn(
                                List.of(),
                                List.of(
                                        new Command.PutOp(put(key, 0, random)),
                                        new Command.PutOp(put(new byte[] {'z'}, 0, random))),
                                List.of());
                default -> put(key, lease, random);
            };
        }

        private static Command.Put put(byte[] key, long lease, Random random) {
            byte[] value = new byte[random.nextInt(random.nextInt(8) == 0 ? 3000 : 200)];
            random.nextBytes(value);
            return new Command.Put(key, value, lease, false, false, false);
        }

        private static void assertSame(StateMachine oracle, StateMachine state) {
            assertEquals(oracle.applied(), state.applied());
            assertEquals(oracle.revision(), state.revision());
            assertEquals(oracle.compactRevision(), state.compactRevision());
            assertEquals(oracle.leases(), state.leases());
            if (state.compactRevision() < state.revision()) {
                assertEquals(oracle.hashKv(0), state.hashKv(0));
            }
        }
    }

    private static StateStore inMemory() {
        return PluginRegistry.load(Optional.empty())
                .find("memory", Part.STATE)
                .provider()
                .openState(StorageTesting.env(STATE));
    }

    /** Small files, so that a short run meets every change of files. */
    private static StorageTesting env(
            Path directory, SimulatedDisk disk, StorageProvider provider, Part part) {
        Map<String, String> small =
                switch (provider.name()) {
                    case "file" ->
                            part == Part.LOG
                                    ? Map.of("segment-bytes", "64KiB", "cache-bytes", "2KiB")
                                    : Map.of("memtable-bytes", "4KiB", "block-bytes", "256");
                    case "xodus" ->
                            Map.of(
                                    "file-bytes",
                                    "64KiB",
                                    "page-bytes",
                                    "1KiB",
                                    "cache-bytes",
                                    "256KiB");
                    default -> Map.of();
                };
        return StorageTesting.env(directory).on(disk).with(small);
    }

    private static void await(java.util.concurrent.CompletableFuture<Void> future) {
        try {
            future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) throw cause;
            throw e;
        }
    }

    /** The power may be gone; what counts is what the next start finds. */
    private static void abandon(AutoCloseable part) {
        if (part == null) return;
        try {
            part.close();
        } catch (StorageException e) {
            // As said.
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
