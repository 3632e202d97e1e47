package io.quorate.engine.node;

import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Leases as this member's callers and the other members see them. A grant is a proposal; how long a
 * lease still lives only the leader knows: a caller is answered by whichever member leads, another
 * member only while this one does. Any thread.
 */
final class Leases {
    private final NodeConfig config;
    private final StateMachine state;
    private final IdGenerator ids;
    private final Proposer proposer;
    private final Lessor lessor;
    private final Optional<LeaseQuestions> questions;
    private final BooleanSupplier leading;
    private final LongSupplier nanoTime;

    /**
     * @param questions to the leader, whoever it is; empty for a cluster of one without a network
     * @param leading whether this member leads
     */
    Leases(
            NodeConfig config,
            StateMachine state,
            IdGenerator ids,
            Proposer proposer,
            Lessor lessor,
            Optional<LeaseQuestions> questions,
            BooleanSupplier leading,
            LongSupplier nanoTime) {
        this.config = config;
        this.state = state;
        this.ids = ids;
        this.proposer = proposer;
        this.lessor = lessor;
        this.questions = questions;
        this.leading = leading;
        this.nanoTime = nanoTime;
    }

    /** As {@link Node#grantLease(long, long, Caller)}. */
    CompletableFuture<Result> grant(long id, long ttlSeconds, Caller caller) {
        long picked = id;
        while (picked == 0) {
            picked = ids.next() & Long.MAX_VALUE;
        }
        long ttl = Math.max(ttlSeconds, config.leaseTtlMin());
        return proposer.propose(new Command.LeaseGrant(picked, ttl), caller);
    }

    /** As {@link Node#renewLease}. */
    CompletableFuture<Long> renew(long id) {
        return questions.map(leader -> leader.renew(id)).orElseGet(() -> lessor.renew(id));
    }

    /** As {@link Node#leaseTimeToLive}. */
    CompletableFuture<Optional<LeaseTime>> timeToLive(long id) {
        return questions
                .map(leader -> leader.timeToLive(id))
                .orElseGet(() -> lessor.timeToLive(id));
    }

    /** As {@link Node#leases}. */
    List<Long> ids() {
        return lessor.ids();
    }

    /** As {@link Node#answerLeaseRenewal}. */
    CompletableFuture<byte[]> answerRenewal(byte[] request) {
        long id = LeaseMessages.renewed(request);
        return asLeader()
                .thenCompose(leads -> lessor.renew(id, giveUp()))
                .thenApply(ttl -> {
                    if (ttl == 0) {
                        throw EtcdError.LEASE_NOT_FOUND.exception();
                    }
                    return LeaseMessages.renewalAnswer(id, ttl);
                });
    }

    /** As {@link Node#answerLeaseTime}. */
    CompletableFuture<byte[]> answerTimeToLive(byte[] request) {
        LeaseMessages.Question asked = LeaseMessages.asked(request);
        return asLeader()
                .thenCompose(leads -> lessor.timeToLive(asked.id(), giveUp()))
                .thenApply(time ->
                        LeaseMessages.answer(
                                time.orElseThrow(EtcdError.LEASE_NOT_FOUND::exception),
                                asked.keys() ? state.leaseKeys(asked.id()) : List.of()));
    }

    private CompletableFuture<Void> asLeader() {
        return leading.getAsBoolean()
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.failedFuture(EtcdError.NOT_LEADER.exception());
    }

    /** A member that leads no more is not to be waited for: who asked finds the next one. */
    private long giveUp() {
        return nanoTime.getAsLong() + config.electionTimeout().toNanos();
    }

    /** A tick of raft's clock. */
    void tick() {
        lessor.tick();
        questions.ifPresent(LeaseQuestions::tick);
    }

    /** The member ends; whoever waits gets STOPPED. */
    void stop() {
        lessor.stop();
        questions.ifPresent(LeaseQuestions::stop);
    }
}
