package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StateMachine;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;

/**
 * How a learner becomes a voter (CL-10). Only the leader knows how far the learner is: it checks
 * and proposes. Any other member asks it over the network, on a virtual thread, and answers once it
 * has the change itself. Any thread.
 */
final class Promotion {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final long memberId;
    private final LongSupplier leader;
    private final Reconfiguration members;
    private final LeaderCall call;
    private final Proposer proposer;
    private final RaftInbox raft;
    private final StateMachine state;
    private final NodeMetrics metrics;

    /**
     * @param leader id of the member that leads, 0 for none
     */
    Promotion(
            long memberId,
            LongSupplier leader,
            Reconfiguration members,
            LeaderCall call,
            Proposer proposer,
            RaftInbox raft,
            StateMachine state,
            NodeMetrics metrics) {
        this.memberId = memberId;
        this.leader = leader;
        this.members = members;
        this.call = call;
        this.proposer = proposer;
        this.raft = raft;
        this.state = state;
        this.metrics = metrics;
    }

    /** As {@link Node#reconfigure(Command, String)}. */
    CompletableFuture<Result> promote(Command.MemberPromote change, String token) {
        if (leader.getAsLong() != memberId) {
            // The caller is to find the change here too.
            return askLeader(change.id(), token)
                    .thenCompose(done -> raft.linearizablePoint().thenApply(point -> done));
        }
        return members.check(change, raft::inspect)
                .thenCompose(checked -> proposer.propose(change))
                .whenComplete((done, thrown) -> {
                    if (thrown != null) {
                        metrics.promotionFailed(
                                thrown instanceof CompletionException wrapper
                                        ? wrapper.getCause().getMessage()
                                        : thrown.getMessage());
                    }
                });
    }

    private CompletableFuture<Result> askLeader(long learner, String token) {
        Optional<Member> asked = members.member(leader.getAsLong());
        CompletableFuture<Result> outcome = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("ask-leader")
                .start(() -> {
                    try {
                        if (asked.isEmpty()) {
                            throw EtcdError.NO_LEADER.exception();
                        }
                        call.promote(asked.get(), learner, token);
                        outcome.complete(new Result.Done(state.revision()));
                    } catch (EtcdException refusal) {
                        outcome.completeExceptionally(refusal);
                    } catch (IOException e) {
                        LOGGER.log(
                                WARNING,
                                "the leader was asked to promote a learner in vain",
                                Fields.of(
                                        "local-member-id",
                                        Long.toHexString(memberId),
                                        "error",
                                        e.getMessage()));
                        outcome.completeExceptionally(EtcdError.TIMEOUT.exception());
                    }
                });
        return outcome;
    }
}
