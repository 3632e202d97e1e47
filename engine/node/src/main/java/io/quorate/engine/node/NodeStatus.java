package io.quorate.engine.node;

import io.quorate.engine.state.Member;

import java.util.List;

/**
 * A picture of a replica; cheap to take, from any thread.
 *
 * @param clusterId unsigned (ID-02)
 * @param memberId unsigned (ID-01)
 * @param leader member id of the leader, 0 when there is none
 * @param term raft term
 * @param committedIndex highest log index known to be committed
 * @param appliedIndex highest log index whose effects reads see
 * @param learner whether this member has no vote
 * @param dbSize bytes of the state on disk
 * @param dbSizeInUse bytes of the state that hold live data
 * @param clusterVersion such as {@code 3.7.0}, empty until the cluster has agreed on one
 * @param members ids ascending, unsigned
 */
public record NodeStatus(
        long clusterId,
        long memberId,
        long leader,
        long term,
        long committedIndex,
        long appliedIndex,
        boolean learner,
        long dbSize,
        long dbSizeInUse,
        String clusterVersion,
        List<Member> members) {}
