package io.quorate.engine.raft;

/**
 * Who belongs to the group, as this member has applied it. A member is either a voter (in one or
 * both halves) or a learner, never both; a voter that is to become a learner waits in {@code
 * learnersNext} until the half that still counts its vote is gone.
 *
 * @param voters who votes
 * @param learners who replicates only
 * @param learnersNext outgoing voters that become learners when the joint configuration is left
 * @param autoLeave whether the leader leaves the joint configuration by itself
 */
record Membership(JointConfig voters, IdSet learners, IdSet learnersNext, boolean autoLeave) {
    static final Membership EMPTY =
            new Membership(JointConfig.EMPTY, IdSet.EMPTY, IdSet.EMPTY, false);

    ConfState toConfState() {
        return new ConfState(
                voters.incoming().ids().toList(),
                learners.toList(),
                voters.outgoing().ids().toList(),
                learnersNext.toList(),
                autoLeave);
    }

    @Override
    public String toString() {
        var text = new StringBuilder("voters=").append(voters);
        if (!learners.isEmpty()) text.append(" learners=").append(learners);
        if (!learnersNext.isEmpty()) text.append(" learners_next=").append(learnersNext);
        if (autoLeave) text.append(" autoleave");
        return text.toString();
    }
}
