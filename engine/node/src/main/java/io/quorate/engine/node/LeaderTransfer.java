package io.quorate.engine.node;

import io.quorate.engine.state.EtcdError;

import java.util.concurrent.CompletableFuture;

/**
 * A change of leader that somebody waits for.
 *
 * @param target who is to lead
 * @param deadline when to give up, by the monotonic clock
 * @param outcome completes once this member sees the target lead
 */
record LeaderTransfer(long target, long deadline, CompletableFuture<Void> outcome) {
    boolean succeeded(long leader) {
        return leader == target && outcome.complete(null);
    }

    boolean isLate(long now) {
        return now - deadline >= 0
                && outcome.completeExceptionally(EtcdError.TIMEOUT_LEADER_TRANSFER.exception());
    }

    void stop() {
        outcome.completeExceptionally(EtcdError.STOPPED.exception());
    }
}
