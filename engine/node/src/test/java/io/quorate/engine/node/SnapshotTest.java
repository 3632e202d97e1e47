package io.quorate.engine.node;

import static io.quorate.engine.node.TestCluster.until;
import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.bytes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.backend.file.FileStorageProvider;
import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.backend.xodus.XodusStorageProvider;
import io.quorate.engine.node.TestCluster.Replica;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.WatchEvent;
import io.quorate.engine.state.WatchMessage;
import io.quorate.engine.state.WatchQuery;
import io.quorate.engine.state.WatchStream;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/** Members that are so far behind that only a whole state helps them. */
@Timeout(120)
final class SnapshotTest {
    /** The log is cut after so many entries, so that a follower soon needs a snapshot. */
    private static final long SNAPSHOT_COUNT = 40;

    @TempDir private Path directory;

    /** etcd keeps 5,000 entries for those who are a bit behind. */
    @Test
    @Tag("RA-08")
    void whoIsAtMost5000EntriesBehindNeedsNoSnapshot() {
        try (TestCluster cluster = TestCluster.cutting(3, SNAPSHOT_COUNT, 5000)) {
            assertEquals(5000, NodeConfig.DEFAULT_CATCH_UP_ENTRIES);
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            cluster.network.isolate(cut.id());
            write(leader, "key", 4500);
            cluster.network.rejoin(cut.id());
            assertEquals("value", cut.get("key4499"));
            assertEquals(0, cluster.network.snapshotsTo(cut.id()));
            leaveBehind(cluster, leader, cut);
            assertTrue(leader.log.lastIndex() - cut.log.lastIndex() > 5000);
            cluster.network.rejoin(cut.id());
            assertEquals("value", cut.get("key299"));
            until(() -> cluster.network.snapshotsTo(cut.id()) > 0);
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    @Tag("RA-08")
    void followerFarBehindGetsASnapshotWhileWritesGoOn() {
        try (TestCluster cluster = TestCluster.of(3, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            leaveBehind(cluster, leader, cut);
            AtomicBoolean done = new AtomicBoolean();
            CompletableFuture<Integer> writer =
                    CompletableFuture.supplyAsync(() -> writeUntil(done, leader));
            cluster.network.rejoin(cut.id());
            until(() -> cut.log.baseIndex() > 0);
            done.set(true);
            int written = writer.join();
            assertEquals("value", cut.get("more" + (written - 1)));
            assertEquals("value", cut.get("key0"));
            assertTrue(cluster.network.snapshotsTo(cut.id()) > 0);
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    @Tag("T17")
    void twoSnapshotsInARowReplaceAStateThatIsBeingCompacted() {
        try (TestCluster cluster = TestCluster.of(3, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            for (int round = 1; round <= 2; round++) {
                leaveBehind(cluster, leader, cut);
                // Both of them have rows to remove while the state goes from one to the other.
                leader.node.propose(new Command.Compact(leader.revision() - 10, false));
                long had = cut.log.baseIndex();
                cluster.network.rejoin(cut.id());
                leader.node.propose(new Command.Compact(leader.revision() - 5, false));
                until(() -> cut.log.baseIndex() > had);
                assertTrue(cluster.network.snapshotsTo(cut.id()) >= round);
            }
            assertEquals("value", cut.get("key299"));
            assertTrue(cluster.allAgree());
        }
    }

    private static int writeUntil(AtomicBoolean done, Replica leader) {
        int written = 0;
        while (!done.get() || written == 0) {
            await(leader.put("more" + written++, "value"));
        }
        return written;
    }

    /** Cuts a member off until the leader's log does not reach back to it any more. */
    private static void leaveBehind(TestCluster cluster, Replica leader, Replica cut) {
        cluster.network.isolate(cut.id());
        long had = cut.log.lastIndex();
        write(leader, "key", 300);
        int more = 0;
        while (leader.log.baseIndex() <= had) {
            write(leader, "extra" + more++, 20);
        }
    }

    private static void write(Replica to, String prefix, int count) {
        List<CompletableFuture<Result>> writes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            writes.add(to.put(prefix + i, "value"));
            if (i % 20 == 19) {
                // Several units, not one.
                writes.forEach(TestMember::await);
            }
        }
        writes.forEach(TestMember::await);
    }

    @Test
    @Tag("T24")
    void membersOfAllStoragePluginsEndWithTheSameHashWhoeverSends() {
        List<StorageProvider> plugins =
                List.of(
                        new MemoryStorageProvider(),
                        new FileStorageProvider(),
                        new XodusStorageProvider());
        try (TestCluster cluster = TestCluster.unstarted(3, SNAPSHOT_COUNT)) {
            for (int i = 0; i < 3; i++) {
                StorageProvider plugin = plugins.get(i);
                cluster.start(
                        String.valueOf((char) ('a' + i)), plugin, directory.resolve(plugin.name()));
            }
            cluster.awaitReady();
            for (String sender : List.of("a", "b", "c")) {
                Replica leader = lead(cluster, sender);
                await(leader.node.propose(new Command.LeaseGrant(sender.charAt(0), 1000)));
                for (Replica follower : cluster.followers()) {
                    int before = cluster.network.snapshotsTo(follower.id());
                    leaveBehind(cluster, leader, follower);
                    await(leader.node.propose(new Command.Compact(leader.revision() - 5, true)));
                    cluster.network.rejoin(follower.id());
                    assertTrue(cluster.allAgree());
                    assertTrue(cluster.network.snapshotsTo(follower.id()) > before);
                }
            }
            // What the file-based ones hold survives them.
            long hash = cluster.replicas.get("a").node.state().hashKv(0).hash();
            for (int i = 1; i < 3; i++) {
                String name = String.valueOf((char) ('a' + i));
                cluster.replicas.get(name).close();
                StorageProvider plugin = plugins.get(i);
                Replica again = cluster.start(name, plugin, directory.resolve(plugin.name()));
                await(again.node.ready());
                assertTrue(cluster.allAgree());
                assertEquals(hash, again.node.state().hashKv(0).hash());
                assertEquals(3, again.node.leases().size());
            }
        }
    }

    private static Replica lead(TestCluster cluster, String name) {
        Replica wanted = cluster.replicas.get(name);
        Replica leader = cluster.leader();
        if (leader != wanted) {
            await(leader.node.moveLeader(wanted.id()));
        }
        until(() -> cluster.leader() == wanted);
        return wanted;
    }

    @Test
    void crashBetweenStateAndLogIsMadeUpForAtTheNextStart() {
        var files = new FileStorageProvider();
        try (TestCluster cluster = TestCluster.unstarted(3, SNAPSHOT_COUNT)) {
            cluster.start("a", TestCluster.memory(), null);
            cluster.start("b", TestCluster.memory(), null);
            var log = new CrashingAtReset(TestCluster.log(files, directory));
            Replica victim = cluster.start("c", log, TestCluster.state(files, directory));
            cluster.awaitReady();
            Replica leader = lead(cluster, "a");
            leaveBehind(cluster, leader, victim);
            cluster.network.rejoin(victim.id());
            assertInstanceOf(StorageException.Fatal.class, await(victim.failure));
            long logEnd = log.lastIndex();
            victim.close();
            Replica again = cluster.start("c", files, directory);
            assertTrue(again.log.baseIndex() > logEnd, "the log begins behind the snapshot");
            await(again.node.ready());
            assertEquals("value", again.get("key299"));
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    void snapshotThatBreaksOffLeavesNothingBehindAndComesAgain() {
        try (TestCluster cluster = TestCluster.of(3, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            await(leader.put("old", "value"));
            assertEquals("value", cut.get("old"));
            cluster.network.breakSnapshots(cut.id(), 2);
            leaveBehind(cluster, leader, cut);
            cluster.network.rejoin(cut.id());
            until(() -> cluster.network.snapshotsTo(cut.id()) == 2);
            assertEquals("value", cut.getLocally("old"));
            until(() -> cut.getLocally("key299") != null);
            assertEquals(3, cluster.network.snapshotsTo(cut.id()));
            assertFalse(cut.failure.isDone());
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    @Tag("T17")
    void logIsKeptForWhoIsStillTakingASnapshot() {
        try (TestCluster cluster = TestCluster.of(3, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            CountDownLatch latch = new CountDownLatch(1);
            cluster.network.holdSnapshots(cut.id(), latch);
            leaveBehind(cluster, leader, cut);
            cluster.network.rejoin(cut.id());
            until(() -> cluster.network.snapshotsTo(cut.id()) == 1);
            long base = leader.log.baseIndex();
            write(leader, "later", 300);
            assertEquals(base, leader.log.baseIndex());
            latch.countDown();
            assertEquals("value", cut.get("later299"));
            assertEquals(1, cluster.network.snapshotsTo(cut.id()), "entries did the rest");
            int more = 0;
            while (leader.log.baseIndex() == base) {
                write(leader, "extra" + more++, 20);
            }
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    @Tag("ME-16")
    @Tag("ME-29")
    @Tag("ME-30")
    @Tag("ME-34")
    void snapshotsAreCountedAtBothEnds() {
        try (TestCluster cluster = TestCluster.unstarted(3, SNAPSHOT_COUNT)) {
            SimulatedStore state = new SimulatedStore();
            cluster.start("a", TestCluster.memory(), null);
            cluster.start("b", TestCluster.memory(), null);
            Replica cut = cluster.start("c", TestCluster.log(TestCluster.memory(), null), state);
            cluster.awaitReady();
            Replica leader = lead(cluster, "a");
            String to = "{To=\"" + Long.toHexString(cut.id()) + "\"}";
            String from = "{From=\"" + Long.toHexString(leader.id()) + "\"}";
            cluster.network.breakSnapshots(cut.id(), 1);
            leaveBehind(cluster, leader, cut);
            state.holdInstalls();
            cluster.network.rejoin(cut.id());
            until(() -> cut.metric("etcd_server_snapshot_apply_in_progress_total") == 1);
            assertEquals(1, leader.metric("etcd_network_snapshot_send_failures" + to));
            assertEquals(1, cut.metric("etcd_network_snapshot_receive_failures" + from));
            assertEquals(1, leader.metric("etcd_network_snapshot_send_inflights_total" + to));
            assertEquals(1, cut.metric("etcd_network_snapshot_receive_inflights_total" + from));
            assertEquals(0, cut.metric("etcd_snap_db_save_total_duration_seconds_count"));
            state.release();
            until(() -> leader.metric("etcd_network_snapshot_send_success" + to) == 1);
            until(() -> cut.metric("etcd_network_snapshot_receive_success" + from) == 1);
            assertEquals(0, leader.metric("etcd_network_snapshot_send_inflights_total" + to));
            assertEquals(0, cut.metric("etcd_network_snapshot_receive_inflights_total" + from));
            String seconds = "_total_duration_seconds_count";
            // Told one after the other.
            until(() -> leader.metric("etcd_network_snapshot_send" + seconds + to) == 1);
            until(() -> cut.metric("etcd_network_snapshot_receive" + seconds + from) == 1);
            until(() -> cut.metric("etcd_snap_db_save_total_duration_seconds_count") == 1);
            until(() -> cut.metric("etcd_snap_db_fsync_duration_seconds_count") == 1);
            until(() -> cut.metric("etcd_server_snapshot_apply_in_progress_total") == 0);
            // Of its own checkpoints.
            double saved = leader.metric("etcd_debugging_snap_save_total_duration_seconds_count");
            assertTrue(saved > 0);
            assertTrue(leader.metric("etcd_snap_fsync_duration_seconds_count") >= saved);
            assertTrue(
                    leader.metric("etcd_debugging_snap_save_marshalling_duration_seconds_count")
                            >= saved);
        }
    }

    @Test
    void snapshotOfADeposedLeaderDoesNoHarm() {
        try (TestCluster cluster = TestCluster.of(3, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            Replica heir = cluster.followers().getLast();
            CountDownLatch latch = new CountDownLatch(1);
            cluster.network.holdSnapshots(cut.id(), latch);
            leaveBehind(cluster, leader, cut);
            cluster.network.rejoin(cut.id());
            until(() -> cluster.network.snapshotsTo(cut.id()) == 1);
            await(leader.node.moveLeader(heir.id()));
            write(heir, "later", 300);
            latch.countDown();
            assertEquals("value", cut.get("later299"));
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    void membershipOfASnapshotIsNotUndoneByWhatWasOnItsWay() {
        try (TestCluster cluster = TestCluster.unstarted(3, SNAPSHOT_COUNT)) {
            SimulatedStore store = new SimulatedStore();
            cluster.start("a", TestCluster.memory(), null);
            cluster.start("b", TestCluster.memory(), null);
            Replica slow = cluster.start("c", new SimulatedLog(), store);
            cluster.awaitReady();
            Replica leader = lead(cluster, "a");
            assertTrue(cluster.allAgree());
            store.hold();
            Member learner = leader.add("http://member:200", true);
            // It has the change, committed, and cannot finish to apply it.
            until(() ->
                    await(slow.node.inspect()).hardState().commit()
                            >= leader.node.committedIndex());
            leaveBehind(cluster, leader, slow);
            await(leader.node.reconfigure(new Command.MemberRemove(learner.id())));
            write(leader, "later", 100);
            cluster.network.rejoin(slow.id());
            until(() -> await(slow.node.inspect()).hardState().commit() > leader.log.baseIndex());
            store.release();
            assertEquals("value", slow.get("later99"));
            assertEquals(List.of(), await(slow.node.inspect()).conf().learners());
            assertEquals(
                    await(leader.node.inspect()).conf().voters(),
                    await(slow.node.inspect()).conf().voters());
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    @Tag("T6")
    @Tag("WA-34")
    void watchesOfAFollowerMissNothingAcrossASnapshot() {
        try (TestCluster cluster = TestCluster.of(3, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            Semaphore news = new Semaphore(0);
            try (WatchStream stream = cut.node.state().watches().open(news::release)) {
                stream.create(1, WatchQuery.range(bytes("key"), bytes("kez"), 1));
                stream.create(2, WatchQuery.range(bytes("key"), bytes("kez"), 0));
                await(leader.put("key-first", "value"));
                leaveBehind(cluster, leader, cut);
                cluster.network.rejoin(cut.id());
                assertEquals("value", cut.get("key299"));
                await(leader.put("key-last", "value"));
                for (long id = 1; id <= 2; id++) {
                    stream.requestProgress(id);
                }
                List<Long> all = revisions(leader, "key", "kez");
                assertEquals(302, all.size());
                assertEquals(List.of(all, all), seenBy(stream, news, all.getLast()));
            }
        }
    }

    @Test
    void watchesAreToldWhenTheSnapshotWasCompactedBeyondThem() throws InterruptedException {
        try (TestCluster cluster = TestCluster.of(3, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            await(leader.put("key", "value"));
            assertEquals("value", cut.get("key"));
            Semaphore news = new Semaphore(0);
            try (WatchStream stream = cut.node.state().watches().open(news::release)) {
                stream.create(1, WatchQuery.key(bytes("key"), 0));
                leaveBehind(cluster, leader, cut);
                long compacted = leader.revision();
                await(leader.node.propose(new Command.Compact(compacted, true)));
                write(leader, "later", 100);
                cluster.network.rejoin(cut.id());
                WatchMessage last = null;
                while (!(last instanceof WatchMessage.Compacted)) {
                    last = stream.next();
                    if (last == null) {
                        news.acquire();
                    }
                }
                assertEquals(new WatchMessage.Compacted(1, compacted), last);
            }
        }
    }

    /** The revisions that each of two watches told, up to the last one. */
    private static List<List<Long>> seenBy(WatchStream stream, Semaphore news, long last) {
        List<List<Long>> seen = List.of(new ArrayList<>(), new ArrayList<>());
        while (seen.stream().anyMatch(each -> each.isEmpty() || each.getLast() < last)) {
            WatchMessage message = stream.next();
            if (message == null) {
                news.acquireUninterruptibly();
            } else if (message instanceof WatchMessage.Events events) {
                for (WatchEvent event : events.events()) {
                    seen.get((int) events.watchId() - 1).add(event.revision());
                }
            }
        }
        return seen;
    }

    private static List<Long> revisions(Replica replica, String from, String to) {
        return replica.range(from, to).stream().map(kv -> kv.modRevision()).sorted().toList();
    }

    @Test
    @Tag("LE-05")
    void leasesOfASnapshotEndUnderTheMemberThatTookIt() {
        try (TestCluster cluster = TestCluster.of(3, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            cluster.network.isolate(cut.id());
            await(leader.node.propose(new Command.LeaseGrant(77, 2)));
            await(leader.node.propose(new Command.LeaseGrant(78, 1000)));
            await(
                    leader.node.propose(
                            new Command.Put(bytes("short"), bytes("x"), 77, false, false, false)));
            await(
                    leader.node.propose(
                            new Command.Put(bytes("long"), bytes("x"), 78, false, false, false)));
            leaveBehind(cluster, leader, cut);
            cluster.network.rejoin(cut.id());
            assertEquals("value", cut.get("key299"));
            await(leader.node.moveLeader(cut.id()));
            assertTrue(await(cut.node.leaseTimeToLive(78)).isPresent());
            until(() -> cut.getLocally("short") == null);
            assertEquals("x", cut.get("long"));
            assertEquals(List.of(78L), cut.node.leases());
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    void newMemberGetsTheWholeStateAndThenVotes() {
        try (TestCluster cluster = TestCluster.of(1, SNAPSHOT_COUNT)) {
            Replica leader = cluster.leader();
            write(leader, "key", 300);
            Member added = leader.add("http://member:200", true);
            Replica joined =
                    cluster.join(
                            added, "z", new FileStorageProvider(), directory.resolve("joined"));
            await(joined.node.ready());
            assertEquals("value", joined.get("key299"));
            assertTrue(cluster.network.snapshotsTo(joined.id()) > 0);
            await(leader.node.reconfigure(new Command.MemberPromote(added.id())));
            until(() -> !joined.node.status().learner());
            await(leader.node.moveLeader(joined.id()));
            await(joined.put("last", "value"));
            assertTrue(cluster.allAgree());
        }
    }

    /** A log whose disk is gone at the moment when a snapshot is in place. */
    private record CrashingAtReset(RaftLog log) implements RaftLog {
        @Override
        public void reset(long index, long term) {
            throw new StorageException.Fatal("crash", null);
        }

        @Override
        public Identity identity() {
            return log.identity();
        }

        @Override
        public void initialize(Identity identity) {
            log.initialize(identity);
        }

        @Override
        public long baseIndex() {
            return log.baseIndex();
        }

        @Override
        public long baseTerm() {
            return log.baseTerm();
        }

        @Override
        public long lastIndex() {
            return log.lastIndex();
        }

        @Override
        public long durableIndex() {
            return log.durableIndex();
        }

        @Override
        public HardState hardState() {
            return log.hardState();
        }

        @Override
        public long term(long index) {
            return log.term(index);
        }

        @Override
        public CompletableFuture<Void> append(List<LogEntry> entries, HardState hardState) {
            return log.append(entries, hardState);
        }

        @Override
        public List<LogEntry> read(long from, long toExclusive, long maxBytes) {
            return log.read(from, toExclusive, maxBytes);
        }

        @Override
        public void compact(long index) {
            log.compact(index);
        }

        @Override
        public long sizeOnDisk() {
            return log.sizeOnDisk();
        }

        @Override
        public void close() {
            log.close();
        }
    }
}
