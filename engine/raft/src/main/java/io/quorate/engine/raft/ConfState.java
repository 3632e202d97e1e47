package io.quorate.engine.raft;

import java.util.List;

/**
 * The membership as of some index, ids ascending.
 *
 * @param voters voting members (the incoming half of a joint configuration)
 * @param learners members that replicate and do not vote
 * @param votersOutgoing voters of the outgoing half; empty outside a joint configuration
 * @param learnersNext outgoing voters that become learners when the joint configuration is left
 * @param autoLeave whether the leader leaves the joint configuration by itself
 */
public record ConfState(
        List<Long> voters,
        List<Long> learners,
        List<Long> votersOutgoing,
        List<Long> learnersNext,
        boolean autoLeave) {
    public static final ConfState EMPTY =
            new ConfState(List.of(), List.of(), List.of(), List.of(), false);

    public static ConfState ofVoters(List<Long> voters) {
        return new ConfState(List.copyOf(voters), List.of(), List.of(), List.of(), false);
    }
}
