package io.quorate.engine.node;

import io.quorate.engine.raft.RaftStatus;
import io.quorate.engine.state.EtcdError;

import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The way from other threads into the raft loop. Whoever waits for the loop gets an answer in any
 * case: from its last turn at the latest if he posted before that, else from here. So each method
 * first posts, and then looks whether the member ends; one of the two sees the other. Any thread.
 */
final class RaftInbox {
    private final Mailbox<Event> mailbox;
    private final LongSupplier nanoTime;
    private final long timeoutNanos;
    private final BooleanSupplier stopped;

    /**
     * @param mailbox of the raft loop
     * @param timeoutNanos how long a read waits for a leader
     * @param stopped whether the member ends
     */
    RaftInbox(
            Mailbox<Event> mailbox,
            LongSupplier nanoTime,
            long timeoutNanos,
            BooleanSupplier stopped) {
        this.mailbox = mailbox;
        this.nanoTime = nanoTime;
        this.timeoutNanos = timeoutNanos;
        this.stopped = stopped;
    }

    /** As {@link Node#linearizablePoint}. */
    CompletableFuture<Void> linearizablePoint() {
        return linearizablePoint(Long.MAX_VALUE);
    }

    /**
     * As above, and fails with TIMEOUT_WAIT_APPLIED when applying takes long.
     *
     * @param applyNanosMax how long, from when it is known what is to be applied
     */
    CompletableFuture<Void> linearizablePoint(long applyNanosMax) {
        CompletableFuture<Void> point = new CompletableFuture<>();
        long deadline = nanoTime.getAsLong() + timeoutNanos;
        mailbox.post(new Event.Read(new ReadIndexQueue.Waiter(point, deadline, applyNanosMax)));
        if (stopped.getAsBoolean()) {
            point.completeExceptionally(EtcdError.STOPPED.exception());
        }
        return point;
    }

    /** A picture of raft, taken between two turns of its thread. Fails with STOPPED. */
    CompletableFuture<RaftStatus> inspect() {
        CompletableFuture<RaftStatus> answer = new CompletableFuture<>();
        mailbox.post(new Event.Inspect(answer));
        if (stopped.getAsBoolean()) {
            answer.completeExceptionally(EtcdError.STOPPED.exception());
        }
        return answer;
    }

    /** Begins to make another member the leader. */
    void transfer(LeaderTransfer transfer) {
        mailbox.post(new Event.Transfer(transfer));
        if (stopped.getAsBoolean()) {
            transfer.stop();
        }
    }

    /** What another member sent, or the transport has to tell about one. */
    void fromPeer(Event event) {
        mailbox.post(event);
        if (stopped.getAsBoolean() && event instanceof Event.Arrived(ArrivedSnapshot snapshot)) {
            snapshot.outcome().completeExceptionally(EtcdError.STOPPED.exception());
        }
    }
}
