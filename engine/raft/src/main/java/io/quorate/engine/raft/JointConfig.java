package io.quorate.engine.raft;

import java.util.Map;

/**
 * Voters while one configuration gives way to another: each decision needs both majorities (Raft
 * §6, dissertation §4.3).
 *
 * @param incoming the configuration to come, or the only one
 * @param outgoing the configuration to go; empty outside a joint configuration
 */
record JointConfig(MajorityConfig incoming, MajorityConfig outgoing) {
    static final JointConfig EMPTY = new JointConfig(MajorityConfig.EMPTY, MajorityConfig.EMPTY);

    boolean isJoint() {
        return !outgoing.ids().isEmpty();
    }

    /** Everybody with a vote in either half. */
    IdSet ids() {
        return isJoint() ? incoming.ids().union(outgoing.ids()) : incoming.ids();
    }

    boolean contains(long id) {
        return incoming.ids().contains(id) || outgoing.ids().contains(id);
    }

    long committedIndex(MajorityConfig.Acknowledged acknowledged) {
        return Math.min(
                incoming.committedIndex(acknowledged), outgoing.committedIndex(acknowledged));
    }

    VoteResult voteResult(Map<Long, Boolean> votes) {
        var in = incoming.voteResult(votes);
        var out = outgoing.voteResult(votes);
        if (in == out) return in;
        if (in == VoteResult.LOST || out == VoteResult.LOST) return VoteResult.LOST;
        return VoteResult.PENDING;
    }

    @Override
    public String toString() {
        return isJoint() ? incoming + "&&" + outgoing : incoming.toString();
    }
}
