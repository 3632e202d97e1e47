package io.quorate.engine.raft;

/** What a member does in one role. A new one is made for each stay in a role. */
sealed interface RoleSteps permits Follower, Candidate, Leader {
    Role role();

    /** One tick of the logical clock. */
    void tick();

    /**
     * Takes a message of this member's term (or without a term) that is not handled alike in all
     * roles.
     */
    void step(Message message) throws ProposalDroppedException;
}
