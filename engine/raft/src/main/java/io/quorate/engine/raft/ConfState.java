package io.quorate.engine.raft;

import java.util.List;

/**
 * The membership as of some index. Ids are unsigned; each list comes out ascending, whatever order
 * it was given in, so that equal memberships are equal records.
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

    public ConfState {
        voters = ascending(voters);
        learners = ascending(learners);
        votersOutgoing = ascending(votersOutgoing);
        learnersNext = ascending(learnersNext);
    }

    public static ConfState ofVoters(List<Long> voters) {
        return new ConfState(voters, List.of(), List.of(), List.of(), false);
    }

    /** Whether this member is a voter, in either half, or a learner. */
    public boolean contains(long id) {
        return voters.contains(id) || learners.contains(id) || votersOutgoing.contains(id);
    }

    private static List<Long> ascending(List<Long> ids) {
        return ids.stream().sorted(Long::compareUnsigned).toList();
    }
}
