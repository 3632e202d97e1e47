package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.bytes;
import static io.quorate.engine.node.TestMember.refusal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Lease;
import io.quorate.engine.state.Result;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/** Leases of a single member whose clock the test moves. */
class LeaseExpiryTest {
    private static final Duration ELECTION = Duration.ofSeconds(1);
    private static final RandomGenerator NOTHING_MORE = () -> 0;
    private static final Duration ROUND = Duration.ofMillis(500);

    private SimulatedLog log = new SimulatedLog();
    private SimulatedStore store = new SimulatedStore();
    private TestMember member = counting(new TestMember(log, store));

    @AfterEach
    void stop() {
        store.release();
        log.release();
        member.close();
        assertFalse(member.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("LE-02")
    @Tag("LE-04")
    void theMemberPicksAnIdAndRaisesTheTtlToOneAndAHalfElections() {
        for (long asked : new long[] {1, 0, -5}) {
            Result.LeaseGrant granted = grant(0, asked);
            assertTrue(granted.id() > 0);
            assertEquals(2, granted.ttl());
        }
        assertEquals(3, grant(77, 3).ttl());
        assertNotEquals(grant(0, 5).id(), grant(0, 5).id());
    }

    @Test
    @Tag("SE-70")
    @Tag("SE-71")
    void aLeaseThatIsNotRenewedIsRevokedThroughTheLog() {
        grant(7, 10);
        put("k", 7);
        long before = member.node.committedIndex();
        member.pass(Duration.ofMillis(9_900));
        await(member.node.linearizablePoint());
        assertTrue(member.node.state().lease(7).isPresent());
        member.pass(ROUND);
        until(() -> member.node.state().lease(7).isEmpty());
        assertEquals(null, member.get("k"));
        assertTrue(member.node.committedIndex() > before);
        until(() -> metric("etcd_debugging_server_lease_expired_total 1"));
    }

    @Test
    @Tag("LE-07")
    @Tag("LE-10")
    @Tag("SE-82")
    void aRenewalBeginsTheTtlAnewAndTheRestIsRoundedDown() {
        grant(7, 10);
        member.pass(Duration.ofMillis(6_300));
        assertEquals(Optional.of(new LeaseTime(7, 10, 3)), await(member.node.leaseTimeToLive(7)));
        assertEquals(10, await(member.node.renewLease(7)));
        assertEquals(Optional.of(new LeaseTime(7, 10, 10)), await(member.node.leaseTimeToLive(7)));
        member.pass(Duration.ofMillis(9_900));
        await(member.node.linearizablePoint());
        assertTrue(member.node.state().lease(7).isPresent());
        assertEquals(0, await(member.node.renewLease(8)));
        assertEquals(Optional.empty(), await(member.node.leaseTimeToLive(8)));
    }

    @Test
    @Tag("SE-76")
    void aRenewalThatComesTooLateWaitsForTheEndAndGetsNothing() {
        grant(7, 10);
        log.hold();
        member.pass(Duration.ofSeconds(11));
        CompletableFuture<Long> late = member.node.renewLease(7);
        assertFalse(late.isDone());
        assertEquals(Optional.of(new LeaseTime(7, 10, 0)), await(member.node.leaseTimeToLive(7)));
        log.release();
        assertEquals(0, await(late));
    }

    @Test
    @Tag("SE-72")
    @Tag("SE-73")
    @Tag("SE-75")
    void aNewLeaderGivesTheWholeTtlAndTheTimeOfAnElection() {
        grant(7, 10);
        member.pass(Duration.ofSeconds(9));
        restart(TestMember.CONFIG);
        assertEquals(Optional.of(new LeaseTime(7, 10, 11)), await(member.node.leaseTimeToLive(7)));
        member.pass(Duration.ofSeconds(10).plus(ELECTION));
        until(() -> member.node.state().lease(7).isEmpty());
    }

    @Test
    @Tag("SE-74")
    @Tag("LE-15")
    @Tag("T13")
    void aCheckpointKeepsWhatWasLeftAndARenewalForgetsIt() {
        restart(checkpoints());
        grant(7, 1000);
        member.pass(Duration.ofSeconds(400));
        until(() -> member.node.state().lease(7).equals(Optional.of(new Lease(7, 1000, 600))));
        restart(checkpoints());
        assertEquals(
                Optional.of(new LeaseTime(7, 1000, 601)), await(member.node.leaseTimeToLive(7)));
        assertEquals(1000, await(member.node.renewLease(7)));
        assertEquals(Optional.of(new Lease(7, 1000, 0)), member.node.state().lease(7));
        restart(checkpoints());
        assertEquals(
                Optional.of(new LeaseTime(7, 1000, 1001)), await(member.node.leaseTimeToLive(7)));
    }

    @Test
    @Tag("SE-73")
    void withoutTheGateNothingIsCheckpointed() {
        grant(7, 1000);
        member.pass(Duration.ofSeconds(400));
        member.pass(ROUND);
        await(member.node.linearizablePoint());
        assertEquals(Optional.of(new Lease(7, 1000, 0)), member.node.state().lease(7));
    }

    @Test
    @Tag("T13")
    void whatIsProposedForOneTermIsNotProposedInAnother() {
        grant(7, 10);
        long term = member.node.term();
        var revoke = new Command.LeaseRevoke(7);
        assertEquals(EtcdError.NOT_LEADER, refusal(member.node.propose(revoke, term - 1)));
        assertEquals(EtcdError.NOT_LEADER, refusal(member.node.propose(revoke, term + 1)));
        assertTrue(member.node.state().lease(7).isPresent());
        await(member.node.propose(revoke, term));
    }

    @Test
    @Tag("LE-12")
    void leasesAreListedByTheTimeTheyHaveLeft() {
        grant(1, 30);
        grant(2, 10);
        grant(3, 20);
        assertEquals(List.of(2L, 3L, 1L), member.node.leases());
        member.pass(Duration.ofSeconds(5));
        await(member.node.renewLease(2));
        assertEquals(List.of(2L, 3L, 1L), member.node.leases());
        await(member.node.renewLease(1));
        member.pass(Duration.ofSeconds(9));
        await(member.node.renewLease(2));
        assertEquals(List.of(3L, 2L, 1L), member.node.leases());
    }

    @Test
    @Tag("SE-71")
    @Tag("T27")
    void leasesThatEndTogetherAreRevokedInBoundedRounds() {
        int leases = 1200;
        List<CompletableFuture<Result>> grants = new ArrayList<>();
        for (int id = 1; id <= leases; id++) {
            grants.add(member.node.grantLease(id, 10));
        }
        grants.forEach(TestMember::await);
        member.pass(Duration.ofSeconds(10));
        // The clock stands still meanwhile: a round more would end more of them.
        TestCluster.until(() -> member.node.state().leases().size() == leases - 500);
        member.pass(ROUND);
        TestCluster.until(() -> member.node.state().leases().size() == leases - 1000);
        member.pass(ROUND);
        until(() -> member.node.state().leases().isEmpty());
    }

    @Test
    @Tag("SE-72")
    void aNewLeaderSpreadsManyEndsOverTime() {
        int leases = 3000;
        List<CompletableFuture<Result>> grants = new ArrayList<>();
        for (int id = 1; id <= leases; id++) {
            grants.add(member.node.grantLease(id, 10));
        }
        grants.forEach(TestMember::await);
        restart(TestMember.CONFIG);
        long[] bySecond = new long[20];
        for (int id = 1; id <= leases; id++) {
            bySecond[(int) await(member.node.leaseTimeToLive(id)).orElseThrow().left()]++;
        }
        assertEquals(750, bySecond[11]);
        assertEquals(750, bySecond[12]);
        assertEquals(750, bySecond[13]);
        assertEquals(750, bySecond[14]);
    }

    @Test
    @Tag("SE-24")
    @Tag("SE-77")
    void whoAsksForALeaseOfAMemberThatAppliesSlowlyIsToldSoAfterASecond() {
        grant(7, 10);
        store.hold();
        var behind = member.put("k", "v");
        while (member.node.committedIndex() == member.node.appliedIndex()) {
            Thread.onSpinWait();
        }
        var time = member.node.leaseTimeToLive(7);
        untilSlowReads(1);
        var renewal = member.node.renewLease(8);
        untilSlowReads(2);
        CompletableFuture<Void> read = member.node.linearizablePoint();
        untilSlowReads(3);
        assertEquals(10, await(member.node.renewLease(7)), "one that is there needs no agreement");
        assertFalse(time.isDone() || renewal.isDone());
        member.pass(Duration.ofSeconds(1));
        assertEquals(EtcdError.TIMEOUT_WAIT_APPLIED, refusal(time));
        assertEquals(EtcdError.TIMEOUT_WAIT_APPLIED, refusal(renewal));
        assertFalse(read.isDone(), "others wait as long as a request may take");
        store.release();
        await(read);
        await(behind);
        assertEquals(0, await(member.node.renewLease(8)));
    }

    @Test
    void aRenewalOfAMemberThatStopsIsToldSo() {
        grant(7, 10);
        log.hold();
        member.pass(Duration.ofSeconds(11));
        CompletableFuture<Long> late = member.node.renewLease(7);
        log.release();
        member.close();
        // Either the revoke went through before the end, or the end was first.
        if (late.isCompletedExceptionally()) {
            assertEquals(EtcdError.STOPPED, refusal(late));
        } else {
            assertEquals(0, await(late));
        }
        assertEquals(EtcdError.STOPPED, refusal(member.node.renewLease(7)));
        assertEquals(EtcdError.STOPPED, refusal(member.node.leaseTimeToLive(7)));
    }

    @Test
    @Tag("ME-32")
    void leasesAreCounted() {
        grant(7, 10);
        grant(8, 10);
        await(member.node.renewLease(7));
        await(member.node.propose(new Command.LeaseRevoke(8)));
        assertTrue(metric("etcd_debugging_lease_granted_total 2"));
        assertTrue(metric("etcd_debugging_lease_renewed_total 1"));
        assertTrue(metric("etcd_debugging_lease_revoked_total 1"));
        assertTrue(metric("etcd_debugging_server_lease_expired_total 0"));
        assertTrue(metric("etcd_debugging_lease_ttl_total_bucket{le=\"8\"} 0"));
        assertTrue(metric("etcd_debugging_lease_ttl_total_bucket{le=\"16\"} 2"));
    }

    private void restart(NodeConfig config) {
        member.close();
        log = log.crash(NOTHING_MORE);
        store = store.crash(NOTHING_MORE);
        member = counting(new TestMember(config, log, store));
    }

    /**
     * Waits until the leader counts the time. Before that a grant is answered too, but what passes
     * then is not taken from its lease.
     */
    private static TestMember counting(TestMember member) {
        await(member.ready().node.leaseTimeToLive(1));
        return member;
    }

    private static NodeConfig checkpoints() {
        NodeConfig base = TestMember.CONFIG;
        return new NodeConfig(
                base.name(),
                base.clientUrls(),
                base.peerUrls(),
                base.initialCluster(),
                base.token(),
                base.snapshotCount(),
                base.catchUpEntries(),
                base.logBytesMax(),
                base.tick(),
                base.electionTicks(),
                base.maxRequestBytes(),
                base.preVote(),
                true);
    }

    private Result.LeaseGrant grant(long id, long ttl) {
        return (Result.LeaseGrant) await(member.node.grantLease(id, ttl));
    }

    private void put(String key, long lease) {
        await(
                member.node.propose(
                        new Command.Put(bytes(key), bytes("v"), lease, false, false, false)));
    }

    private boolean metric(String line) {
        return member.metricsText().lines().anyMatch(line::equals);
    }

    /** Waits for so many confirmed rounds that the state is behind; the clock stands still. */
    private void untilSlowReads(int rounds) {
        while (!metric("etcd_server_slow_read_indexes_total " + rounds)) {
            Thread.onSpinWait();
        }
    }

    /**
     * Waits for what other threads do. Moves the clock only if that takes long: what timed out by a
     * leap is tried again.
     */
    private void until(BooleanSupplier condition) {
        long start = System.nanoTime();
        long patience = start + TimeUnit.SECONDS.toNanos(2);
        while (!condition.getAsBoolean()) {
            long now = System.nanoTime();
            assertTrue(now - start < TimeUnit.SECONDS.toNanos(60), "it never came to be");
            if (now - patience > 0) {
                member.pass(ROUND);
                patience = now + TimeUnit.SECONDS.toNanos(2);
            }
            Thread.onSpinWait();
        }
    }
}
