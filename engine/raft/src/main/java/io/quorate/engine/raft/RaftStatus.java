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
 * @param progress on a leader, each member's replication progress; else empty
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
    /** Replication progress of one member as seen by the leader. */
    public record ProgressStatus(
            long match, long next, String state, boolean recentActive, boolean learner) {}
}
