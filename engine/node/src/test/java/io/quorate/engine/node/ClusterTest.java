package io.quorate.engine.node;

import static io.quorate.engine.node.TestCluster.until;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.node.TestCluster.Replica;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.Result;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

@Timeout(120)
final class ClusterTest {
    @Test
    @Tag("CS-01")
    @Tag("SE-20")
    @Tag("SE-32")
    void threeMembersServeReadsAndWritesThroughAnyOfThem() {
        try (TestCluster cluster = TestCluster.of(3)) {
            int i = 0;
            for (Replica writer : cluster.replicas.values()) {
                TestMember.await(writer.put("key", "value" + i));
                for (Replica reader : cluster.replicas.values()) {
                    assertEquals("value" + i, reader.get("key"));
                }
                i++;
            }
            assertEquals(3, cluster.leader().node.state().members().size());
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    @Tag("RA-04")
    @Tag("RA-03")
    @Tag("SE-22")
    @Tag("T12")
    void leaderThatIsCutOffServesNeitherReadsNorWrites() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica old = cluster.leader();
            TestMember.await(old.put("key", "before"));
            cluster.network.isolate(old.id());
            CompletableFuture<Result> lostWrite = old.put("lost", "x");
            CompletableFuture<Void> staleRead = old.node.linearizablePoint();
            Replica next = cluster.leaderOtherThan(old);
            TestMember.await(next.put("key", "after"));
            assertFalse(staleRead.isDone() && !staleRead.isCompletedExceptionally());
            cluster.network.rejoin(old.id());
            assertEquals("after", old.get("key"));
            assertEquals(EtcdError.LEADER_CHANGED, TestMember.refusal(staleRead));
            assertTrue(
                    List.of(
                                    EtcdError.TIMEOUT,
                                    EtcdError.TIMEOUT_LEADER_FAILURE,
                                    EtcdError.TIMEOUT_CONNECTION_LOST)
                            .contains(TestMember.refusal(lostWrite)));
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    @Tag("SE-20")
    @Tag("SE-21")
    void aReadThatGotLostIsAskedForAgain() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            TestMember.await(leader.put("key", "before"));
            cluster.network.isolate(cut.id());
            CompletableFuture<Void> read = cut.node.linearizablePoint();
            TestMember.await(leader.put("key", "after"));
            until(() -> cut.node.leader() == 0);
            assertFalse(read.isDone());
            cluster.network.rejoin(cut.id());
            TestMember.await(read);
            assertEquals("after", cut.getLocally("key"));
        }
    }

    @Test
    @Tag("T2")
    void nobodyIsAskedForAVoteInATermThatTheCandidateMayForget() {
        try (TestCluster cluster = TestCluster.unstarted(3, NodeConfig.DEFAULT_SNAPSHOT_COUNT)) {
            cluster.start("a", TestCluster.memory(), null);
            cluster.start("b", TestCluster.memory(), null);
            SimulatedLog disk = new SimulatedLog();
            Replica candidate =
                    cluster.start("c", disk, TestCluster.state(TestCluster.memory(), null));
            cluster.awaitReady();
            until(() -> candidate.node.state().clusterVersion().isPresent());
            Replica leader = cluster.leader();
            if (leader == candidate) {
                Replica other = cluster.followers().getFirst();
                TestMember.await(leader.node.moveLeader(other.id()));
                leader = cluster.leaderOtherThan(candidate);
            }
            assertTrue(cluster.allAgree());
            // Nobody campaigns by himself, and the leader has heard that all have its log.
            cluster.stopTicks();
            TestMember.await(leader.put("key", "value"));
            assertTrue(cluster.allAgree());
            long term = leader.node.term();
            disk.hold();
            var unused = leader.node.moveLeader(candidate.id());
            until(() -> candidate.node.term() == term + 1);
            // Answered after the turn in which it became a candidate.
            TestMember.await(candidate.node.inspect());
            for (Replica other : cluster.replicas.values()) {
                if (other != candidate) {
                    cluster.network.awaitArrivals(other.id());
                    TestMember.await(other.node.inspect());
                    assertEquals(term, other.node.term(), "somebody was asked");
                }
            }
            disk.release();
            until(() -> candidate.node.leader() == candidate.id());
            assertEquals(term + 1, candidate.node.term());
        }
    }

    @Test
    @Tag("SE-20")
    void aReadThatCameDuringARoundHasTheNextOneAtOnce() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica follower = cluster.followers().getFirst();
            TestMember.await(follower.put("key", "value"));
            assertTrue(cluster.allAgree());
            CountDownLatch answers = new CountDownLatch(1);
            cluster.network.holdMessages(follower.id(), answers);
            // So nothing else brings the follower to it.
            cluster.stopTicks();
            CompletableFuture<Void> first = follower.node.linearizablePoint();
            // Answered in the turn that starts the round of the first read, or in a later one.
            TestMember.await(follower.node.inspect());
            CompletableFuture<Void> second = follower.node.linearizablePoint();
            assertFalse(first.isDone());
            answers.countDown();
            TestMember.await(first);
            TestMember.await(second);
        }
    }

    @Test
    @Tag("RA-02")
    void followerThatIsCutOffInterruptsNobodyAndCatchesUp() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica leader = cluster.leader();
            Replica cut = cluster.followers().getFirst();
            long term = leader.node.term();
            cluster.network.isolate(cut.id());
            List<CompletableFuture<Result>> writes = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                writes.add(leader.put("key" + i, "value"));
            }
            writes.forEach(TestMember::await);
            // By then it has tried to be elected.
            until(() -> cut.node.leader() == 0);
            cluster.network.rejoin(cut.id());
            assertEquals("value", cut.get("key199"));
            // Pre-vote: who comes back does not unseat the leader.
            assertEquals(term, leader.node.term());
            assertTrue(cluster.allAgree());
        }
    }

    @Test
    @Tag("SE-25")
    void writesWaitWithoutAMajorityAndGoOnByThemselves() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica leader = cluster.leader();
            List<Replica> others = cluster.followers();
            others.forEach(other -> cluster.network.isolate(other.id()));
            TestCluster.until(() -> leader.node.leader() == 0);
            CompletableFuture<Result> waiting = leader.put("key", "value");
            CompletableFuture<Void> reading = leader.node.linearizablePoint();
            others.forEach(other -> cluster.network.rejoin(other.id()));
            TestMember.await(waiting);
            assertTrue(servedOrToldOfAnotherLeader(reading));
            assertEquals("value", others.getFirst().get("key"));
        }
    }

    /** SE-22: a read that waits when another leader comes is told so. */
    private static boolean servedOrToldOfAnotherLeader(CompletableFuture<Void> reading) {
        try {
            TestMember.await(reading);
            return true;
        } catch (EtcdException e) {
            return e.error() == EtcdError.LEADER_CHANGED;
        }
    }

    @Test
    @Tag("RA-09")
    void whoIsInAMinorityReadsWhatItHasAndNothingElse() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica cut = cluster.followers().getFirst();
            TestMember.await(cluster.leader().put("key", "value"));
            assertEquals("value", cut.get("key"));
            cluster.network.isolate(cut.id());
            until(() -> cut.node.leader() == 0);
            CompletableFuture<Void> read = cut.node.linearizablePoint();
            CompletableFuture<Result> write = cut.put("key", "other");
            assertEquals("value", cut.getLocally("key"));
            assertEquals(EtcdError.TIMEOUT, TestMember.refusal(read));
            TestMember.refusal(write);
            assertEquals("value", cut.getLocally("key"));
        }
    }

    @Test
    @Tag("RA-05")
    void aMemberBehindGetsAMebibyteInAMessageAnd512MessagesAhead() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica leader = cluster.leader();
            Replica behind = cluster.followers().getFirst();
            cluster.network.deafen(behind.id());
            // Each waits for the one before it, so that each is a message of its own.
            for (int i = 0; i < 600; i++) {
                TestMember.await(leader.put("key" + i, "value"));
            }
            var progress = TestMember.await(leader.node.inspect()).progress().get(behind.id());
            assertEquals(512, progress.inflight());
            assertTrue(progress.inflightFull());
            String large = "x".repeat(100 << 10);
            for (int i = 0; i < 40; i++) {
                TestMember.await(leader.put("large" + i, large));
            }
            cluster.network.restore(behind.id());
            assertEquals(large, behind.get("large39"));
            int largest = cluster.network.largestTo(behind.id());
            assertTrue(largest > 900 << 10 && largest <= (1 << 20) + 1000, largest + " bytes");
        }
    }

    @Test
    @Tag("SE-23")
    void writesWithoutAMajorityTimeOut() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica leader = cluster.leader();
            cluster.followers().forEach(other -> cluster.network.isolate(other.id()));
            CompletableFuture<Result> write = leader.put("key", "value");
            assertTrue(
                    List.of(EtcdError.TIMEOUT, EtcdError.TIMEOUT_CONNECTION_LOST)
                            .contains(TestMember.refusal(write)));
        }
    }

    @Test
    @Tag("RA-07")
    @Tag("MA-19")
    void leadershipMovesToWhoIsAskedFor() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica old = cluster.leader();
            Replica heir = cluster.followers().getLast();
            assertEquals(EtcdError.NOT_LEADER, TestMember.refusal(heir.node.moveLeader(old.id())));
            assertEquals(
                    EtcdError.BAD_LEADER_TRANSFEREE, TestMember.refusal(old.node.moveLeader(7)));
            TestMember.await(old.node.moveLeader(heir.id()));
            assertEquals(heir.id(), cluster.leader().id());
            TestMember.await(old.put("key", "value"));
        }
    }

    @Test
    @Tag("EX-14")
    @Tag("RA-07")
    void leaderThatStopsHandsOverFirst() {
        try (TestCluster cluster = TestCluster.of(3)) {
            Replica old = cluster.leader();
            long term = old.node.term();
            old.close();
            Replica next = cluster.leader();
            // An election after a time-out would have begun with a pre-vote of its own; a transfer
            // is done by the time that the old leader has stopped.
            assertEquals(term + 1, next.node.term());
            TestMember.await(next.put("key", "value"));
        }
    }

    /**
     * Raft takes one change of the membership at a time: the second becomes an empty entry, and its
     * caller hears what etcd's callers hear.
     */
    @Test
    @Tag("T16")
    void secondMembershipChangeAtATimeIsNotMadeAndTimesOut() {
        try (TestCluster cluster = TestCluster.unstarted(3, NodeConfig.DEFAULT_SNAPSHOT_COUNT)) {
            Map<String, SimulatedLog> logs = new TreeMap<>();
            for (String name : List.of("a", "b", "c")) {
                logs.put(name, new SimulatedLog());
                cluster.start(name, logs.get(name), TestCluster.state(TestCluster.memory(), null));
            }
            cluster.awaitReady();
            Replica leader = cluster.leader();
            List<Replica> followers = cluster.followers();
            // Nothing commits, and yet the leader hears that the others are there.
            followers.forEach(follower -> logs.get(follower.name).hold());
            CompletableFuture<Result> first = leader.node.reconfigure(added(7));
            TestCluster.until(() -> leader.log.lastIndex() > leader.node.committedIndex());
            CompletableFuture<Result> second = leader.node.reconfigure(added(8));
            TestCluster.until(() -> leader.log.lastIndex() > leader.node.committedIndex() + 1);
            assertFalse(first.isDone() || second.isDone());
            followers.forEach(follower -> logs.get(follower.name).release());
            TestMember.await(first);
            assertEquals(EtcdError.TIMEOUT, TestMember.refusal(second));
            for (Replica replica : cluster.replicas.values()) {
                TestMember.await(replica.node.linearizablePoint());
                assertEquals(
                        List.of(7L),
                        replica.node.state().members().stream()
                                .map(Member::id)
                                .filter(id -> id == 7 || id == 8)
                                .toList());
            }
            TestMember.await(leader.node.reconfigure(new Command.MemberRemove(7)));
            TestMember.await(leader.node.reconfigure(added(8)));
            assertTrue(cluster.allAgree());
        }
    }

    private static Command added(long id) {
        List<String> urls = List.of("http://nobody:" + id);
        return new Command.MemberAdd(new Member(id, "", urls, List.of(), true));
    }

    @Test
    @Tag("T31")
    void memberWithoutMemoryForAnApplyStopsAtOnceAndTheOthersGoOn() {
        try (TestCluster cluster = TestCluster.unstarted(3, NodeConfig.DEFAULT_SNAPSHOT_COUNT)) {
            Map<String, SimulatedStore> stores = new TreeMap<>();
            for (String name : List.of("a", "b", "c")) {
                stores.put(name, new SimulatedStore());
                cluster.start(name, TestCluster.log(TestCluster.memory(), null), stores.get(name));
            }
            cluster.awaitReady();
            Replica leader = cluster.leader();
            TestMember.await(leader.put("key", "before"));
            SimulatedStore store = stores.get(leader.name);
            long applied = store.applied().index();
            store.exhaustMemory();
            CompletableFuture<Result> unanswered = leader.put("key", "during");
            assertInstanceOf(OutOfMemoryError.class, TestMember.await(leader.failure));
            assertEquals(EtcdError.STOPPED, TestMember.refusal(unanswered));
            assertEquals(EtcdError.STOPPED, TestMember.refusal(leader.put("key", "more")));
            assertEquals(EtcdError.STOPPED, TestMember.refusal(leader.node.linearizablePoint()));
            // It never goes on: nothing that came later reached its state.
            assertEquals(1, store.commitsWithoutMemory());
            assertEquals(applied, store.applied().index());
            leader.close();
            Replica next = cluster.leader();
            TestMember.await(next.put("key", "after"));
            assertEquals("after", next.get("key"));
            assertEquals(1, store.commitsWithoutMemory());
            assertTrue(cluster.allAgree());
        }
    }
}
