package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.concurrent.CompletableFuture;

class PendingProposalsTest {
    private final PendingProposals proposals =
            new PendingProposals(new NodeMetrics(new MetricRegistry()));

    @Test
    void aProposalWhoseTimeIsOverFails() {
        PendingProposal proposal = compaction(1, 100);
        proposals.add(proposal);
        proposals.expire(99, deadline -> EtcdError.TIMEOUT);
        assertFalse(proposal.outcome().isDone());
        proposals.expire(100, deadline -> EtcdError.TIMEOUT);
        assertTrue(proposal.outcome().isCompletedExceptionally());
    }

    @Test
    @Tag("KV-41")
    void anAppliedCompactionMayTakeLongerThanAProposal() {
        PendingProposal proposal = compaction(1, 100);
        proposals.add(proposal);
        assertTrue(proposals.detach(proposal));
        proposals.expire(1000, deadline -> EtcdError.TIMEOUT);
        proposals.close();
        assertFalse(proposal.outcome().isDone());
        assertEquals(0, proposals.count());
        assertEquals(0, proposals.bytes());
        assertFalse(proposals.detach(proposal));
    }

    private static PendingProposal compaction(long id, long deadline) {
        return new PendingProposal(
                id,
                new Command.Compact(5, true),
                Caller.NOBODY,
                new byte[10],
                deadline,
                0,
                new CompletableFuture<>());
    }
}
