package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.refusal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Applied;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lessors of two members and what may go wrong between them. Raft is a list of commands that both
 * apply, and a rule: only the leader of the newest term appends.
 */
class LessorTest {
    private static final Lessor.Times TIMES =
            new Lessor.Times(
                    Duration.ofMillis(100).toNanos(),
                    Duration.ofSeconds(1).toNanos(),
                    Duration.ofSeconds(7).toNanos(),
                    0);

    /** Just before a monotonic clock wraps around, which it may do at any time. */
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);

    private final Member a = new Member();
    private final Member b = new Member();
    private long index;
    private long term;
    private Member leader;

    @AfterEach
    void stop() throws InterruptedException {
        a.stop();
        b.stop();
    }

    @Test
    @Tag("T13")
    void aDeposedLeaderWithAnExpiredLeaseDoesNotRevokeWhatItsSuccessorRenewed() throws Exception {
        elect(a);
        grant(7, 10);
        pass(Duration.ofSeconds(9));
        elect(b);
        pass(Duration.ofSeconds(2));
        assertEquals(10, await(b.lessor.renew(7)));
        // It comes back and finds the lease over by two seconds; nobody has told it anything.
        a.lessor.tick();
        assertEquals(new Proposal(new Command.LeaseRevoke(7), 1), a.refused());
        assertTrue(b.state.lease(7).isPresent());
        assertEquals(Optional.of(new LeaseTime(7, 10, 10)), await(b.lessor.timeToLive(7)));
        // Asked itself, it first asks a quorum, which it does not get.
        pass(Duration.ofSeconds(1));
        CompletableFuture<Long> renewal = a.lessor.renew(7);
        assertFalse(renewal.isDone());
        a.lessor.follow();
        a.lessor.stop();
        a.quorum.complete(null);
        assertEquals(EtcdError.STOPPED, refusal(renewal));
    }

    @Test
    @Tag("T13")
    @Tag("SE-72")
    void aNewLeaderNeverLeavesLessThanWasLeft() {
        elect(a);
        grant(7, 10);
        pass(Duration.ofSeconds(4));
        elect(b);
        assertEquals(Optional.of(new LeaseTime(7, 10, 11)), await(b.lessor.timeToLive(7)));
    }

    @Test
    @Tag("T13")
    @Tag("LE-07")
    void aMemberThatDoesNotLeadRenewsNothingUntilItDoesOrTheTimeIsOver() throws Exception {
        elect(a);
        grant(7, 10);
        CompletableFuture<Long> early = b.lessor.renew(7);
        CompletableFuture<Optional<LeaseTime>> asked = b.lessor.timeToLive(7);
        assertFalse(early.isDone());
        elect(b);
        assertEquals(10, await(early));
        assertEquals(Optional.of(new LeaseTime(7, 10, 10)), await(asked));
        a.lessor.follow();
        CompletableFuture<Long> late = a.lessor.renew(7);
        pass(Duration.ofSeconds(8));
        a.lessor.tick();
        assertEquals(EtcdError.TIMEOUT, refusal(late));
    }

    /** It may be granted already, by an entry that is committed and not applied here yet. */
    @Test
    @Tag("SE-77")
    void aLeaseThatIsNotThereYetIsWaitedForUntilTheLeaderHasCaughtUp() {
        elect(a);
        a.behind = true;
        CompletableFuture<Long> early = a.lessor.renew(7);
        CompletableFuture<Long> never = a.lessor.renew(8);
        assertFalse(early.isDone());
        grant(7, 10);
        assertEquals(10, await(a.lessor.renew(7)), "a lease that is there needs no agreement");
        assertFalse(early.isDone());
        a.quorum.complete(null);
        assertEquals(10, await(early));
        assertEquals(0, await(never));
    }

    @Test
    @Tag("SE-72")
    void aLeaderThatWasElectedAnewCountsForItsNewTerm() throws Exception {
        elect(a);
        grant(7, 10);
        pass(Duration.ofSeconds(9));
        elect(a);
        assertEquals(Optional.of(new LeaseTime(7, 10, 11)), await(a.lessor.timeToLive(7)));
        pass(Duration.ofSeconds(11));
        a.lessor.tick();
        assertEquals(new Proposal(new Command.LeaseRevoke(7), 2), a.accepted());
        assertTrue(a.state.lease(7).isEmpty());
        assertTrue(b.state.lease(7).isEmpty());
    }

    @Test
    @Tag("SE-71")
    void aRevokeThatFailsIsTriedAgain() throws Exception {
        elect(a);
        grant(7, 10);
        a.failing = EtcdError.TOO_MANY_REQUESTS;
        pass(Duration.ofSeconds(10));
        a.lessor.tick();
        a.refused();
        // It answers when the lessor has put the failure down.
        pass(Duration.ofSeconds(1));
        CompletableFuture<Long> renewal = a.lessor.renew(7);
        assertFalse(renewal.isDone());
        a.failing = null;
        while (!renewal.isDone()) {
            pass(Duration.ofSeconds(1));
            a.lessor.tick();
            Thread.onSpinWait();
        }
        assertEquals(0, await(renewal));
    }

    private void elect(Member member) {
        term++;
        leader = member;
        member.lessor.tick();
        member.lessor.lead(term);
        await(member.lessor.timeToLive(0));
    }

    private void grant(long id, long ttl) {
        leader.propose(new Command.LeaseGrant(id, ttl), term).join();
        leader.accepted.clear();
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private record Proposal(Command command, long term) {}

    private final class Member implements Lessor.Replica {
        final StateMachine state =
                StateMachine.open(new MemoryStorageProvider().openState(TestStorage.env(null)));
        final LinkedBlockingQueue<Proposal> refused = new LinkedBlockingQueue<>();
        final LinkedBlockingQueue<Proposal> accepted = new LinkedBlockingQueue<>();
        final CompletableFuture<Void> quorum = new CompletableFuture<>();
        final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        final Lessor lessor =
                new Lessor(
                        state,
                        this,
                        new NodeMetrics(new MetricRegistry()),
                        nanos::get,
                        TIMES,
                        failure::complete);
        final Workers.Worker worker = Workers.threads().start("lessor", lessor);
        volatile EtcdError failing;
        volatile boolean behind;

        @Override
        public CompletableFuture<Result> propose(Command command, long of) {
            synchronized (LessorTest.this) {
                boolean leads = leader == this && term == of;
                EtcdError error = leads ? failing : EtcdError.NOT_LEADER;
                if (error != null) {
                    refused.add(new Proposal(command, of));
                    return CompletableFuture.failedFuture(error.exception());
                }
                index++;
                try {
                    Result result = a.apply(command);
                    b.apply(command);
                    return CompletableFuture.completedFuture(result);
                } catch (EtcdException e) {
                    return CompletableFuture.failedFuture(e);
                } finally {
                    accepted.add(new Proposal(command, of));
                }
            }
        }

        private Result apply(Command command) {
            Result result = state.apply(command, new Applied(index, term));
            lessor.applied(command);
            return result;
        }

        @Override
        public CompletableFuture<Void> caughtUp() {
            return leader == this && !behind ? CompletableFuture.completedFuture(null) : quorum;
        }

        Proposal refused() throws InterruptedException {
            return refused.poll(60, TimeUnit.SECONDS);
        }

        Proposal accepted() throws InterruptedException {
            return accepted.poll(60, TimeUnit.SECONDS);
        }

        void stop() throws InterruptedException {
            lessor.stop();
            worker.join();
            state.close();
            assertFalse(failure.isDone(), "the lessor failed");
        }
    }
}
