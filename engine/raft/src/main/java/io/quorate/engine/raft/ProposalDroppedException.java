package io.quorate.engine.raft;

/** A proposal was not taken; nothing of it is in the log, so it may be tried again. */
public final class ProposalDroppedException extends Exception {
    private static final long serialVersionUID = 1;

    public ProposalDroppedException() {
        super("raft proposal dropped", null, false, false);
    }
}
