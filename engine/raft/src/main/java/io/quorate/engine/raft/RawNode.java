package io.quorate.engine.raft;

/** One member of a Raft group, as a pure state machine. */
public final class RawNode {
    public RawNode(RaftConfig config) {
        throw new UnsupportedOperationException("engine/raft is being written");
    }

    /** One tick of the logical clock. */
    public void tick() {}

    /** Starts an election now. */
    public void campaign() {}

    /**
     * Proposes an entry.
     *
     * @throws ProposalDroppedException when there is no leader, or too much is uncommitted
     */
    public void propose(byte[] data) throws ProposalDroppedException {}

    /** Proposes a membership change; ignored (as an empty entry) while another one is pending. */
    public void proposeConfChange(ConfChange change) throws ProposalDroppedException {}

    /** Applies a committed membership change and returns the membership that results. */
    public ConfState applyConfChange(ConfChange change) {
        return ConfState.EMPTY;
    }

    /** Takes a message from another member or from this member's storage. */
    public void step(Message message) throws ProposalDroppedException {}

    /** Asks for a read index; the answer comes in {@link Ready#readStates()} with this context. */
    public void readIndex(byte[] context) {}

    /** Asks the leader to hand over to {@code transferee}. */
    public void transferLeader(long transferee) {}

    /** Says that a message to this member could not be delivered. */
    public void reportUnreachable(long id) {}

    /** Says how a snapshot sent to this member ended. */
    public void reportSnapshot(long id, boolean received) {}

    public boolean hasReady() {
        return false;
    }

    /** The work to do. Without asynchronous storage writes it is followed by {@link #advance}. */
    public Ready ready() {
        return null;
    }

    public void advance(Ready ready) {}

    public RaftStatus status() {
        return null;
    }
}
