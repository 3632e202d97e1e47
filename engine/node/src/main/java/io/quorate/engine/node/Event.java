package io.quorate.engine.node;

import io.quorate.engine.raft.ConfChange;
import io.quorate.engine.raft.Message;
import io.quorate.engine.raft.RaftStatus;
import io.quorate.spi.storage.Applied;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What happens to a replica; the raft thread takes these from its mailbox, in order. */
sealed interface Event {
    /** Somebody proposes. */
    record Propose(PendingProposal proposal) implements Event {}

    /** Somebody wants a linearizable point. */
    record Read(ReadIndexQueue.Waiter waiter) implements Event {}

    /** A message from another member. */
    record Step(Message message) implements Event {}

    /** A snapshot of another member has come in. */
    record Arrived(ArrivedSnapshot snapshot) implements Event {}

    /**
     * The snapshot that arrived is the state now.
     *
     * @param at its position
     */
    record Installed(Applied at) implements Event {}

    /** How a snapshot to another member ended. */
    record SnapshotSent(long to, boolean received) implements Event {}

    /** Messages to another member were lost. */
    record Unreachable(long peer) implements Event {}

    /** Somebody wants another leader. */
    record Transfer(LeaderTransfer transfer) implements Event {}

    /** Ticks at once, for a member that knows no leader. */
    record Advance(int ticks) implements Event {}

    /** Somebody wants a picture of raft. */
    record Inspect(CompletableFuture<RaftStatus> answer) implements Event {}

    /**
     * Entries were applied and are visible.
     *
     * @param at the last of them
     * @param changes the membership changes among them, as raft is to apply them
     * @param responses what to tell raft
     */
    record EntriesApplied(Applied at, List<ConfChange> changes, List<Message> responses)
            implements Event {}

    /** The state is durable up to here, so the log may let go (I4). */
    record Checkpointed(Applied at) implements Event {}

    /** Events without content. */
    enum Signal implements Event {
        TICK,
        /** A write to the log has ended. */
        WRITTEN,
        STOP
    }
}
