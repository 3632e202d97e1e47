package io.quorate.engine.raft;

import java.util.Map;

/**
 * A picture of a member.
 *
 * @param id the member
 * @param hardState its hard state
 * @param softState its soft state
 * @param applied last index handed out for apply and reported done
 * @param conf membership
 * @param progress on a leader, each member's replication progress, ascending by id; else empty
 * @param leadTransferee target of a running leader transfer, 0 for none
 */
public record RaftStatus(
        long id,
        HardState hardState,
        SoftState softState,
        long applied,
        ConfState conf,
        Map<Long, ProgressStatus> progress,
        long leadTransferee) {
    /**
     * Replication progress of one member as seen by the leader.
     *
     * @param match index up to which its log equals the leader's
     * @param next index of the next entry to send
     * @param state StateProbe, StateReplicate or StateSnapshot
     * @param recentActive whether it was heard of in this check-quorum round
     * @param learner whether it does not vote
     * @param paused whether nothing is sent to it for now
     * @param pendingSnapshot index of the snapshot on its way, 0 for none
     * @param inflight append messages on their way
     * @param inflightFull whether no more may be on their way
     */
    public record ProgressStatus(
            long match,
            long next,
            String state,
            boolean recentActive,
            boolean learner,
            boolean paused,
            long pendingSnapshot,
            int inflight,
            boolean inflightFull) {}
}
