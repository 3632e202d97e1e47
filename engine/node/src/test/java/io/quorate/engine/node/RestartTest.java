package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.EtcdException;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Lives of one member, one after another, over what a crash leaves. */
class RestartTest {
    /** Keeps nothing that was not durable: the crash that loses most. */
    private static final Random NOTHING_MORE =
            new Random() {
                private static final long serialVersionUID = 1;

                @Override
                public int nextInt(int bound) {
                    return 0;
                }
            };

    @Test
    void aStateThatLostItsLazyCommitsIsHealedByReplay() {
        var log = new SimulatedLog();
        var store = new SimulatedStore();
        try (var first = new TestMember(log, store).ready()) {
            for (int i = 0; i < 20; i++) {
                await(first.put("k" + i % 3, "v" + i));
            }
            log = log.crash(NOTHING_MORE);
            store = store.crash(NOTHING_MORE);
        }
        assertEquals(0, store.applied().index());
        try (var second = new TestMember(log, store).ready()) {
            assertEquals("v19", text(second.get("k1").value()));
            assertEquals(7, second.get("k1").version());
            assertEquals(21, second.node.state().revision());
            assertEquals(3, second.node.term(), "each life begins with an election");
        }
    }

    @Test
    void anOrderlyStopLeavesNothingToReplay() {
        var log = new SimulatedLog();
        var store = new SimulatedStore();
        long applied;
        try (var first = new TestMember(log, store).ready()) {
            await(first.put("k", "v"));
            applied = first.node.appliedIndex();
        }
        var survivor = store.crash(NOTHING_MORE);
        assertEquals(applied, survivor.applied().index());
        try (var second = new TestMember(log.crash(NOTHING_MORE), survivor)) {
            assertEquals(
                    "v", text(second.getLocally("k").value()), "it is there before any replay");
            second.ready();
        }
    }

    @Test
    @Tag("CS-03")
    void aRestartIgnoresTheInitialCluster() {
        var log = new SimulatedLog();
        var store = new SimulatedStore();
        long id;
        try (var first = new TestMember(log, store).ready()) {
            await(first.put("k", "v"));
            id = first.node.memberId();
        }
        NodeConfig other =
                TestMember.named("renamed", Map.of("x", List.of("http://elsewhere:1")), "other");
        try (var second =
                new TestMember(other, log.crash(NOTHING_MORE), store.crash(NOTHING_MORE)).ready()) {
            assertEquals(id, second.node.memberId());
            assertEquals("renamed", second.node.status().members().getFirst().name());
            assertEquals("v", text(second.get("k").value()));
        }
    }

    @Test
    void aStateOlderThanTheLogIsRefused() {
        var log = new SimulatedLog();
        try (var first =
                new TestMember(TestMember.checkpointEvery(10, 0), log, new SimulatedStore())
                        .ready()) {
            while (log.baseIndex() < 20) {
                await(first.put("k", "v"));
            }
        }
        var survivor = log.crash(NOTHING_MORE);
        var empty = new SimulatedStore();
        var refused =
                assertThrows(
                        StorageException.Corruption.class, () -> new TestMember(survivor, empty));
        assertTrue(refused.getMessage().contains("restore log and state from one backup"));
        assertTrue(survivor.isClosed() && empty.isClosed(), "a start that fails closes both");
    }

    @Test
    void aStateWithoutItsLogIsRefused() {
        var store = new SimulatedStore();
        try (var first = new TestMember(new SimulatedLog(), store).ready()) {
            await(first.put("k", "v"));
        }
        var refused =
                assertThrows(
                        StorageException.Corruption.class,
                        () -> new TestMember(new SimulatedLog(), store.crash(NOTHING_MORE)));
        assertTrue(refused.getMessage().contains("the Raft log is new"), refused.getMessage());
    }

    @Test
    void aLogOfAnotherMemberIsRefused() {
        var store = new SimulatedStore();
        var log = new SimulatedLog();
        var other = new SimulatedLog();
        try (var one = new TestMember(log, store).ready()) {
            await(one.put("k", "v"));
        }
        NodeConfig config = TestMember.named("x", Map.of("x", List.of("http://x:1")), "t");
        try (var two = new TestMember(config, other, new SimulatedStore()).ready()) {
            await(two.put("k", "v"));
        }
        var refused =
                assertThrows(
                        StorageException.Corruption.class,
                        () -> new TestMember(other.crash(NOTHING_MORE), store.crash(NOTHING_MORE)));
        assertTrue(refused.getMessage().contains("is no member"), refused.getMessage());
    }

    @Test
    void aStateAheadOfTheLogBeginsTheLogAnew() {
        var log = new SimulatedLog();
        var store = new SimulatedStore();
        try (var first = new TestMember(log, store).ready()) {
            await(first.put("k", "v"));
        }
        // As after the install of a snapshot at index 100, before the reset of the log (I5).
        var installed = store.crash(NOTHING_MORE);
        installed.commit(new WriteBatch(), new Applied(100, 5), Durability.FORCE);
        var behind = log.crash(NOTHING_MORE);
        try (var second = new TestMember(behind, installed).ready()) {
            assertEquals(100, behind.baseIndex());
            assertEquals("v", text(second.get("k").value()));
            await(second.put("k", "w"));
            assertTrue(second.node.appliedIndex() > 100);
        }
    }

    @Test
    void aLogThatWasAboutToGiveWayToASnapshotBeginsAnew() {
        var log = new SimulatedLog();
        var store = new SimulatedStore();
        try (var first = new TestMember(log, store).ready()) {
            await(first.put("k", "v"));
        }
        // Entries of a leader of term 7 that nobody else got, where the snapshot of term 8 ends.
        var behind = log.crash(NOTHING_MORE);
        long at = behind.lastIndex() + 2;
        await(
                behind.append(
                        List.of(
                                new LogEntry(at - 1, 7, 0, new byte[0]),
                                new LogEntry(at, 7, 0, new byte[0]),
                                new LogEntry(at + 1, 7, 0, new byte[0])),
                        new HardState(8, 0, 0)));
        var installed = store.crash(NOTHING_MORE);
        installed.commit(new WriteBatch(), new Applied(at, 8), Durability.FORCE);
        try (var second = new TestMember(behind, installed).ready()) {
            assertEquals(at, behind.baseIndex());
            assertEquals(8, behind.baseTerm());
            assertEquals("v", text(second.get("k").value()));
        }
    }

    @Test
    void aLogThatMeansAnotherEntryAtTheStateIsRefused() {
        var log = new SimulatedLog();
        var store = new SimulatedStore();
        try (var first = new TestMember(log, store).ready()) {
            await(first.put("k", "v"));
        }
        var other = new SimulatedLog();
        other.initialize(log.identity());
        List<LogEntry> entries = new ArrayList<>();
        for (long index = 1; index <= log.lastIndex(); index++) {
            entries.add(new LogEntry(index, 9, 0, new byte[0]));
        }
        await(other.append(entries, new HardState(9, 0, log.lastIndex())));
        var refused =
                assertThrows(
                        StorageException.Corruption.class,
                        () -> new TestMember(other, store.crash(NOTHING_MORE)));
        assertTrue(refused.getMessage().contains("but the log has term 9"), refused.getMessage());
    }

    @Test
    void aCrashBetweenIdentityAndFirstEntryDoesNoHarm() {
        var log = new SimulatedLog();
        log.initialize(new Identity(0xcdf818194e3a8c32L, 0x8e9e05c52164694dL));
        try (var member = new TestMember(log, new SimulatedStore()).ready()) {
            await(member.put("k", "v"));
        }
    }

    @Test
    void anotherIdentityThanTheConfigurationMakesIsRefused() {
        var log = new SimulatedLog();
        log.initialize(new Identity(1, 2));
        var refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new TestMember(log, new SimulatedStore()));
        assertTrue(refused.getMessage().contains("member 2 of cluster 1"), refused.getMessage());
    }

    @Test
    @Tag("CS-01")
    void theInitialClusterMustNameThisMember() {
        NodeConfig config = TestMember.named("me", Map.of("you", List.of("http://y:1")), "t");
        var refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new TestMember(config, new SimulatedLog(), new SimulatedStore()));
        assertEquals(
                "couldn't find local name \"me\" in the initial cluster configuration",
                refused.getMessage());
    }

    @Test
    void severalMembersNeedAWayToEachOther() {
        NodeConfig config =
                TestMember.named(
                        "a", Map.of("a", List.of("http://a:1"), "b", List.of("http://b:1")), "t");
        var refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new TestMember(config, new SimulatedLog(), new SimulatedStore()));
        assertTrue(refused.getMessage().contains("has 2 members"), refused.getMessage());
    }

    @Test
    void anEntryOfALaterReleaseStopsTheMember() {
        var log = new SimulatedLog();
        var store = new SimulatedStore();
        try (var first = new TestMember(log, store).ready()) {
            await(first.put("k", "v"));
        }
        // Field 2000 of InternalRaftRequest, a message of no bytes.
        byte[] unknown = {(byte) 0x82, 0x7d, 0};
        long next = log.lastIndex() + 1;
        var later = log.crash(NOTHING_MORE);
        await(later.append(List.of(new LogEntry(next, 2, 0, unknown)), new HardState(2, 0, next)));
        try (var second = new TestMember(later, store.crash(NOTHING_MORE))) {
            Throwable cause = await(second.failure);
            assertTrue(
                    cause.getMessage().contains("start the release that wrote it"),
                    cause::toString);
        }
    }

    @Test
    void endlessWritesKeepTheLogBounded() {
        var log = new SimulatedLog();
        long longest = 0;
        try (var member =
                new TestMember(TestMember.checkpointEvery(200, 50), log, new SimulatedStore())
                        .ready()) {
            for (int round = 0; round < 200; round++) {
                List<CompletableFuture<?>> writes = new ArrayList<>();
                for (int i = 0; i < 50; i++) {
                    writes.add(member.put("k" + i, "v" + round));
                }
                writes.forEach(TestMember::await);
                await(member.node.linearizablePoint());
                longest = Math.max(longest, log.lastIndex() - log.baseIndex());
            }
            assertTrue(log.lastIndex() > 10_000);
            assertTrue(log.baseIndex() <= log.lastIndex() - 50);
            assertEquals("v199", text(member.get("k49").value()));
        }
        assertTrue(longest <= 200 + 50 + 2 * 50, "the log held " + longest + " entries");
    }

    @Test
    void aLogBeyondItsSizeIsCutEarlier() {
        var log = new SimulatedLog();
        NodeConfig base = TestMember.CONFIG;
        NodeConfig config =
                new NodeConfig(
                        base.name(),
                        base.clientUrls(),
                        base.peerUrls(),
                        base.initialCluster(),
                        base.token(),
                        1_000_000,
                        1_000_000,
                        1 << 20,
                        base.tick(),
                        base.electionTicks(),
                        base.maxRequestBytes(),
                        base.preVote(),
                        base.leaseCheckpoint());
        String value = "x".repeat(100_000);
        long largest = 0;
        try (var member = new TestMember(config, log, new SimulatedStore()).ready()) {
            for (int i = 0; i < 100; i++) {
                await(member.put("k", value));
                await(member.node.linearizablePoint());
                largest = Math.max(largest, log.sizeOnDisk());
            }
        }
        assertTrue(largest < 2 << 20, "the log held " + largest + " bytes");
    }

    /**
     * Kills and restarts at random while several clients write. No acknowledged write is lost, none
     * is applied twice. Replay with {@code -Dcrash.seed=…}; more with {@code -Dcrash.lives=…}.
     */
    @Test
    void noAcknowledgedWriteIsLostAndNoneAppliedTwice() throws Exception {
        long seed = Long.getLong("crash.seed", new Random().nextLong());
        int lives = Integer.getInteger("crash.lives", 40);
        var random = new Random(seed);
        var acknowledged = new ConcurrentHashMap<String, Long>();
        var log = new SimulatedLog();
        var store = new SimulatedStore();
        NodeConfig config = TestMember.checkpointEvery(1 + random.nextInt(60), random.nextInt(20));
        for (int life = 0; life < lives; life++) {
            var member = new TestMember(config, log, store);
            List<Thread> clients = new ArrayList<>();
            for (int client = 0; client < 4; client++) {
                String prefix = life + "/" + client + "/";
                clients.add(Thread.startVirtualThread(() -> write(member, prefix, acknowledged)));
            }
            if (random.nextInt(5) > 0) {
                member.ready();
            }
            int target = acknowledged.size() + random.nextInt(200);
            while (acknowledged.size() < target) {
                Thread.onSpinWait();
            }
            // What was acknowledged before the crash must survive it.
            Map<String, Long> promised = new HashMap<>(acknowledged);
            var left = store.crash(log, random);
            member.close();
            for (Thread client : clients) {
                client.join();
            }
            log = left.log();
            store = left.store();
            acknowledged.keySet().retainAll(promised.keySet());
            check(
                    new TestMember(config, log.crash(NOTHING_MORE), store.crash(random)),
                    promised,
                    seed);
        }
        assertTrue(acknowledged.size() > 100, "seed " + seed + ": hardly anything was written");
    }

    private static void write(TestMember member, String prefix, Map<String, Long> acknowledged) {
        try {
            for (int i = 0; ; i++) {
                var result = await(member.put(prefix + i, "v" + i));
                acknowledged.put(prefix + i, result.revision());
            }
        } catch (EtcdException stopped) {
            // The member ended.
        }
    }

    private static void check(TestMember member, Map<String, Long> promised, long seed) {
        try (member) {
            member.ready();
            Map<String, Long> found = new HashMap<>();
            for (var kv : member.all().kvs()) {
                found.put(text(kv.key()), kv.modRevision());
                assertEquals(1, kv.version(), "seed " + seed + ": applied twice");
                assertTrue(text(kv.key()).endsWith("/" + text(kv.value()).substring(1)));
            }
            promised.forEach((key, revision) ->
                    assertEquals(revision, found.get(key), "seed " + seed + ": lost " + key));
            assertEquals(found.size() + 1, member.node.state().revision(), "seed " + seed);
            assertNull(member.getLocally("never"));
        }
    }
}
