package io.quorate.engine.node;

import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Result;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * The proposals of this member that are not answered yet, by id. Each leaves exactly once: applied,
 * timed out, or failed by the end of the member. Any thread.
 */
final class PendingProposals {
    private final Map<Long, PendingProposal> byId = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private final NodeMetrics metrics;
    private volatile boolean closed;

    PendingProposals(NodeMetrics metrics) {
        this.metrics = metrics;
    }

    /** Takes a proposal in; false, with the proposal failed, when the member has stopped. */
    boolean add(PendingProposal proposal) {
        byId.put(proposal.id(), proposal);
        bytes.addAndGet(proposal.data().length);
        // After the put, so that either this or failAll sees the other.
        if (closed) {
            fail(proposal, EtcdError.STOPPED);
            return false;
        }
        return true;
    }

    /**
     * The proposal that became this entry, or null when it is not one of ours that is waited for.
     * The data is compared too, so that an id that was used before can never answer the wrong
     * caller.
     */
    PendingProposal find(long id, byte[] data) {
        PendingProposal proposal = byId.get(id);
        boolean same =
                proposal != null
                        && (proposal.data() == data || Arrays.equals(proposal.data(), data));
        return same ? proposal : null;
    }

    void complete(PendingProposal proposal, Result result) {
        if (remove(proposal)) {
            proposal.outcome().complete(result);
        }
    }

    /**
     * Takes a proposal out that was applied and whose caller waits for more than that: its time can
     * no longer be over, and whoever calls this completes it. False when it was answered already.
     */
    boolean detach(PendingProposal proposal) {
        return remove(proposal);
    }

    /** The command was applied and refused; not a failure of the proposal. */
    void refuse(PendingProposal proposal, RuntimeException refusal) {
        if (remove(proposal)) {
            proposal.outcome().completeExceptionally(refusal);
        }
    }

    void fail(PendingProposal proposal, EtcdError error) {
        if (remove(proposal)) {
            metrics.proposalsFailed.increment();
            proposal.outcome().completeExceptionally(error.exception());
        }
    }

    /**
     * Fails those whose time is over. They may still be applied, at most once.
     *
     * @param why for one with this deadline
     */
    void expire(long now, LongFunction<EtcdError> why) {
        for (PendingProposal proposal : byId.values()) {
            if (now - proposal.deadline() >= 0) {
                fail(proposal, why.apply(proposal.deadline()));
            }
        }
    }

    /** Fails all, and each one that comes later. */
    void close() {
        closed = true;
        for (PendingProposal proposal : byId.values()) {
            fail(proposal, EtcdError.STOPPED);
        }
    }

    boolean isWaitedFor(PendingProposal proposal) {
        return byId.containsKey(proposal.id());
    }

    int count() {
        return byId.size();
    }

    /** Encoded size of all. */
    long bytes() {
        return bytes.get();
    }

    private boolean remove(PendingProposal proposal) {
        boolean removed = byId.remove(proposal.id(), proposal);
        if (removed) {
            bytes.addAndGet(-proposal.data().length);
        }
        return removed;
    }
}
