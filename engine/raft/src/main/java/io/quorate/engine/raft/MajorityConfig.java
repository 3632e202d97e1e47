package io.quorate.engine.raft;

import java.util.Arrays;
import java.util.Map;

/** Voters that decide by simple majority (Raft §5.1). */
record MajorityConfig(IdSet ids) {
    static final MajorityConfig EMPTY = new MajorityConfig(IdSet.EMPTY);

    /**
     * What an empty configuration has committed: everything, so that it never holds back a joint.
     */
    static final long INFINITE = Long.MAX_VALUE;

    /** The highest index a voter has acknowledged. */
    interface Acknowledged {
        /** The index, 0 when nothing was heard of this voter. */
        long index(long voter);
    }

    /** The highest index that a majority has acknowledged. */
    long committedIndex(Acknowledged acknowledged) {
        int n = ids.size();
        if (n == 0) return INFINITE;
        if (n == 1) return acknowledged.index(ids.get(0));
        var indexes = new long[n];
        for (int i = 0; i < n; i++) indexes[i] = acknowledged.index(ids.get(i));
        Arrays.sort(indexes);
        // A majority stands at or to the right of this position.
        return indexes[n - (n / 2 + 1)];
    }

    VoteResult voteResult(Map<Long, Boolean> votes) {
        // As with committedIndex: an empty half of a joint configuration has no say.
        if (ids.isEmpty()) return VoteResult.WON;
        int yes = 0;
        int missing = 0;
        for (int i = 0; i < ids.size(); i++) {
            Boolean vote = votes.get(ids.get(i));
            if (vote == null) missing++;
            else if (vote) yes++;
        }
        int majority = ids.size() / 2 + 1;
        if (yes >= majority) return VoteResult.WON;
        return yes + missing >= majority ? VoteResult.PENDING : VoteResult.LOST;
    }

    @Override
    public String toString() {
        return ids.toString();
    }
}
