package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.refusal;
import static io.quorate.engine.node.TestMember.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.Result;
import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A single member over a simulated disk. */
class NodeTest {
    private final SimulatedLog log = new SimulatedLog();
    private final SimulatedStore store = new SimulatedStore();
    private final TestMember member = new TestMember(log, store);

    @AfterEach
    void stop() {
        store.release();
        log.release();
        member.close();
    }

    @Test
    @Tag("CS-05")
    @Tag("ID-04")
    void aNewMemberElectsItselfPublishesItselfAndSetsTheClusterVersion() {
        member.ready();
        // A read after a write: the version was proposed before the write.
        await(member.put("k", "v"));
        NodeStatus status = member.node.status();
        assertEquals("8e9e05c52164694d", Long.toHexString(status.memberId()));
        assertEquals("cdf818194e3a8c32", Long.toHexString(status.clusterId()));
        assertEquals(status.memberId(), status.leader());
        assertEquals(2, status.term());
        assertEquals(status.appliedIndex(), status.committedIndex());
        assertEquals("3.7.0", status.clusterVersion());
        assertEquals(
                List.of(
                        new Member(
                                status.memberId(),
                                "default",
                                List.of("http://localhost:2380"),
                                List.of("http://localhost:2379"),
                                false)),
                status.members());
        assertFalse(status.learner());
    }

    @Test
    void aWriteIsSeenByWhoeverHasItsAnswer() {
        member.ready();
        var result = assertInstanceOf(Result.Put.class, await(member.put("k", "v")));
        assertEquals(2, result.revision());
        assertEquals("v", text(member.getLocally("k").value()));
        await(member.put("k", "w"));
        assertEquals("w", text(member.get("k").value()));
        assertEquals(2, member.get("k").version());
    }

    @Test
    void whatApplyRefusesReachesTheCallerAndChangesNothing() {
        member.ready();
        assertEquals(
                EtcdError.FUTURE_REVISION,
                refusal(member.node.propose(new Command.Compact(100, false))));
        assertEquals(1, member.node.state().revision());
        await(member.put("k", "v"));
    }

    @Test
    @Tag("KV-41")
    void aPhysicalCompactionIsAnsweredWhenTheRowsAreGone() {
        member.ready();
        for (int i = 0; i < 2_500; i++) {
            member.put("k", "v" + i);
        }
        long revision = await(member.put("k", "last")).revision();
        await(member.node.propose(new Command.Compact(revision, true)));
        assertTrue(member.node.state().compacted(revision).isDone());
        assertEquals(revision, member.node.state().compactRevision());
        assertEquals("last", text(member.get("k").value()));
    }

    @Test
    void nothingIsAppliedBeforeItIsDurableAndReadsGoOnMeanwhile() {
        member.ready();
        await(member.put("k", "old"));
        log.hold();
        CompletableFuture<Result> write = member.put("k", "new");
        // Two rounds, so that the proposal has been through the raft thread for sure.
        assertEquals("old", text(member.get("k").value()));
        assertEquals("old", text(member.get("k").value()));
        assertTrue(log.lastIndex() > log.durableIndex());
        assertTrue(member.node.appliedIndex() <= log.durableIndex());
        assertFalse(write.isDone());
        log.release();
        await(write);
        assertEquals("new", text(member.get("k").value()));
    }

    @Test
    void proposalsThatComeDuringOneForceBecomeOneUnit() {
        member.ready();
        await(member.put("first", ""));
        log.hold();
        List<CompletableFuture<Result>> writes = new ArrayList<>();
        writes.add(member.put("a", ""));
        awaitTurn();
        int unitsBefore = log.unitSizes().size();
        for (int i = 0; i < 500; i++) {
            writes.add(member.put("b" + i, ""));
        }
        awaitTurn();
        assertEquals(unitsBefore, log.unitSizes().size());
        log.release();
        writes.forEach(TestMember::await);
        List<Integer> units = log.unitSizes();
        assertEquals(List.of(500), units.subList(unitsBefore, units.size()));
    }

    /**
     * Returns after the turn of raft that takes what was proposed before. A read may be answered in
     * the middle of that turn, before the log has the unit; the next one is not.
     */
    private void awaitTurn() {
        await(member.node.linearizablePoint());
        await(member.node.linearizablePoint());
    }

    @Test
    @Tag("SE-40")
    void aRequestThatIsTooLargeIsNotProposed() {
        member.ready();
        await(member.put("settled", ""));
        long last = log.lastIndex();
        String value = "x".repeat(TestMember.CONFIG.maxRequestBytes());
        assertEquals(EtcdError.REQUEST_TOO_LARGE, refusal(member.put("k", value)));
        await(member.node.linearizablePoint());
        assertEquals(last, log.lastIndex());
        await(member.put("k", value.substring(100)));
    }

    @Test
    @Tag("SE-26")
    void aBacklogOfCommittedEntriesTurnsProposalsAway() {
        member.ready();
        await(member.put("k", "v"));
        store.hold();
        List<CompletableFuture<Result>> writes = new ArrayList<>();
        CompletableFuture<Result> refused = null;
        while (refused == null) {
            CompletableFuture<Result> write = member.put("k", "v");
            if (write.isCompletedExceptionally()) {
                refused = write;
            } else {
                writes.add(write);
                Thread.onSpinWait();
            }
        }
        assertEquals(EtcdError.TOO_MANY_REQUESTS, refusal(refused));
        assertTrue(writes.size() > 5000, writes.size() + " were taken");
        store.release();
        writes.forEach(TestMember::await);
        await(member.put("k", "v"));
    }

    @Test
    @Tag("SE-23")
    void aWriteThatTimedOutMayStillBeAppliedOnce() {
        member.ready();
        log.hold();
        CompletableFuture<Result> write = member.put("k", "v");
        await(member.node.linearizablePoint());
        CompletableFuture<Result> behind = member.put("never", "proposed");
        await(member.node.linearizablePoint());
        member.pass(Duration.ofMillis(6900));
        await(member.node.linearizablePoint());
        assertFalse(write.isDone());
        member.pass(Duration.ofMillis(101));
        assertEquals(EtcdError.TIMEOUT, refusal(write));
        assertEquals(EtcdError.TIMEOUT, refusal(behind));
        log.release();
        await(member.put("after", ""));
        assertEquals(1, member.get("k").version());
        assertNull(member.get("never"), "it was not in the log yet, and nobody waits for it");
        assertTrue(
                member.metricsText().contains("etcd_server_proposals_failed_total 2\n"),
                member::metricsText);
    }

    @Test
    @Tag("SE-21")
    @Tag("SE-23")
    @Tag("ME-05")
    void aReadThatCannotBeConfirmedTimesOut() {
        member.ready();
        await(member.put("k", "v"));
        store.hold();
        CompletableFuture<Result> write = member.put("k", "w");
        // Until the write is committed, reads need not wait for it.
        while (member.node.committedIndex() == member.node.appliedIndex()) {
            Thread.onSpinWait();
        }
        CompletableFuture<Void> read = member.node.linearizablePoint();
        while (!member.metricsText().contains("etcd_server_slow_read_indexes_total 1\n")) {
            Thread.onSpinWait();
        }
        assertFalse(read.isDone());
        member.pass(Duration.ofSeconds(8));
        assertEquals(EtcdError.TIMEOUT, refusal(read));
        assertTrue(member.metricsText().contains("etcd_server_read_indexes_failed_total 1\n"));
        store.release();
        assertEquals(EtcdError.TIMEOUT, refusal(write));
        assertEquals("w", text(member.get("k").value()));
    }

    @Test
    void readsWaitForTheWritesThatCameBeforeThem() {
        member.ready();
        for (int i = 0; i < 200; i++) {
            CompletableFuture<Result> write = member.put("k", "v" + i);
            List<CompletableFuture<Void>> reads = new ArrayList<>();
            await(write);
            for (int n = 0; n < 10; n++) {
                reads.add(member.node.linearizablePoint());
            }
            reads.forEach(TestMember::await);
            assertEquals("v" + i, text(member.getLocally("k").value()));
        }
    }

    @Test
    @Tag("EX-11")
    void aLogThatFailsStopsTheMemberOnce() {
        member.ready();
        await(member.put("k", "v"));
        log.failNextForce();
        CompletableFuture<Result> write = member.put("k", "w");
        assertInstanceOf(StorageException.Fatal.class, await(member.failure));
        assertEquals(EtcdError.STOPPED, refusal(write));
        assertEquals(EtcdError.STOPPED, refusal(member.put("k", "x")));
        assertEquals(EtcdError.STOPPED, refusal(member.node.linearizablePoint()));
        assertEquals("v", text(member.getLocally("k").value()), "reads of the past go on");
    }

    @Test
    @Tag("EX-11")
    void aStateThatFailsStopsTheMember() {
        member.ready();
        await(member.put("k", "v"));
        store.failNextCommit(new StorageException.NoSpace("the simulated disk is full", null));
        CompletableFuture<Result> write = member.put("k", "w");
        assertInstanceOf(StorageException.NoSpace.class, await(member.failure));
        assertEquals(EtcdError.STOPPED, refusal(write));
        assertEquals(EtcdError.STOPPED, refusal(member.node.linearizablePoint()));
    }

    @Test
    void aFailureFoundElsewhereStopsTheMemberToo() {
        member.ready();
        var found = new StorageException.Corruption("a block rotted", null);
        member.node.fail(found);
        member.node.fail(new AssertionError("the second one is not told"));
        assertEquals(found, await(member.failure));
        assertEquals(EtcdError.STOPPED, refusal(member.put("k", "v")));
    }

    @Test
    void closeFailsWhatIsInFlightAndClosesTheStorage() {
        member.ready();
        log.hold();
        CompletableFuture<Result> write = member.put("k", "v");
        member.close();
        member.close();
        assertEquals(EtcdError.STOPPED, refusal(write));
        assertEquals(EtcdError.STOPPED, refusal(member.put("k", "v")));
        assertEquals(EtcdError.STOPPED, refusal(member.node.linearizablePoint()));
        assertTrue(log.isClosed());
        assertTrue(store.isClosed());
        assertFalse(member.failure.isDone());
    }

    @Test
    void closeForcesTheStateToDisk() {
        member.ready();
        await(member.put("k", "v"));
        long applied = member.node.appliedIndex();
        assertTrue(store.durableApplied().index() < applied);
        member.close();
        assertEquals(applied, store.durableApplied().index());
    }

    @Test
    @Tag("ME-01")
    @Tag("ME-02")
    @Tag("ME-03")
    @Tag("ME-04")
    @Tag("ME-12")
    @Tag("ME-17")
    @Tag("ME-21")
    void metricsHaveEtcdsNames() {
        member.ready();
        await(member.put("k", "value"));
        await(
                member.node.propose(
                        new Command.Txn(
                                List.of(),
                                List.of(
                                        new Command.PutOp(TestMember.putCommand("a", "")),
                                        new Command.PutOp(TestMember.putCommand("b", ""))),
                                List.of())));
        long index = member.node.appliedIndex();
        for (String line :
                List.of(
                        "etcd_server_has_leader 1",
                        "etcd_server_is_leader 1",
                        "etcd_server_is_learner 0",
                        "etcd_server_leader_changes_seen_total 1",
                        "etcd_server_proposals_committed_total " + index,
                        "etcd_server_proposals_applied_total " + index,
                        "etcd_server_proposals_pending 0",
                        "etcd_server_proposals_failed_total 0",
                        "etcd_server_id{server_id=\"8e9e05c52164694d\"} 1",
                        "etcd_server_version{server_version=\"" + Version.ETCD + "\"} 1",
                        "etcd_cluster_version{cluster_version=\"3.7\"} 1",
                        "etcd_mvcc_put_total 3",
                        "etcd_mvcc_txn_total 1",
                        "etcd_mvcc_delete_total 0",
                        "etcd_debugging_mvcc_current_revision 3",
                        "etcd_debugging_mvcc_compact_revision -1",
                        "etcd_debugging_mvcc_total_put_size_in_bytes 8",
                        "etcd_server_apply_duration_seconds_count"
                                + "{op=\"Put\",success=\"true\",version=\"v3\"} 1")) {
            assertTrue(member.metricsText().contains("\n" + line + "\n"), () -> line);
        }
    }

    @Test
    void theMemberIsThereWithoutTicks() {
        assertNotNull(member.ready().node.state());
        for (int i = 0; i < 100; i++) {
            member.tick();
        }
        await(member.put("k", "v"));
        assertEquals(2, member.node.term(), "a leader of one does not lose its office");
    }
}
