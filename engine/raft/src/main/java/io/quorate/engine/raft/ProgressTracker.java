package io.quorate.engine.raft;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The membership this member has applied, with the replication progress of everybody in it and the
 * votes of the current election.
 */
final class ProgressTracker {
    private final int maxInflightMessages;
    private final long maxInflightBytes;

    private Membership membership = Membership.EMPTY;
    // Ascending by id, so that each round of messages goes out in the same order.
    private Progress[] members = new Progress[0];
    private final Map<Long, Boolean> votes = new HashMap<>();
    private final MajorityConfig.Acknowledged matches = this::match;

    ProgressTracker(int maxInflightMessages, long maxInflightBytes) {
        this.maxInflightMessages = maxInflightMessages;
        this.maxInflightBytes = maxInflightBytes;
    }

    Membership membership() {
        return membership;
    }

    /** Everybody, ascending by id; not to be changed. */
    Progress[] members() {
        return members;
    }

    /** Progress of this member, or null when it does not belong to the group. */
    Progress get(long id) {
        for (var member : members) if (member.id == id) return member;
        return null;
    }

    /** Takes the outcome of a membership change. */
    void switchTo(ConfChanger.Result result) {
        membership = result.membership();
        members = result.members().toArray(Progress[]::new);
        Arrays.sort(members, (a, b) -> Long.compareUnsigned(a.id, b.id));
    }

    Inflights newInflights() {
        return new Inflights(maxInflightMessages, maxInflightBytes);
    }

    /** Whether a single voter decides alone. */
    boolean isSingleton() {
        var voters = membership.voters();
        return voters.incoming().ids().size() == 1 && !voters.isJoint();
    }

    /** The highest index that the voters have on stable storage by majority. */
    long committedIndex() {
        return membership.voters().committedIndex(matches);
    }

    private long match(long voter) {
        var member = get(voter);
        return member == null ? 0 : member.match();
    }

    /** Whether a majority was heard of in this check-quorum round. */
    boolean isQuorumActive() {
        var active = new HashMap<Long, Boolean>();
        for (var member : members) {
            if (!member.isLearner()) active.put(member.id, member.isRecentlyActive());
        }
        return membership.voters().voteResult(active) == VoteResult.WON;
    }

    void resetVotes() {
        votes.clear();
    }

    /** Notes a vote; the first of a member counts. */
    void recordVote(long id, boolean granted) {
        votes.putIfAbsent(id, granted);
    }

    VoteResult voteResult() {
        return membership.voters().voteResult(votes);
    }

    /** How many members voted this way, for the trace. */
    int countVotes(boolean granted) {
        int n = 0;
        for (var member : members) {
            Boolean vote = votes.get(member.id);
            if (!member.isLearner() && vote != null && vote == granted) n++;
        }
        return n;
    }
}
