package io.quorate.engine.node;

import io.quorate.engine.state.EtcdError;

import java.util.OptionalLong;

/**
 * What a member can tell about why a proposal of its own got no answer in time (SE-24): the leader
 * failed meanwhile, or is out of reach, or neither is known. Any thread.
 */
final class TimeoutCause {
    private final long requestNanos;
    private final long electionNanos;
    private final ReplicaLoop replica;
    private final Reconfiguration members;

    TimeoutCause(NodeConfig config, ReplicaLoop replica, Reconfiguration members) {
        this.requestNanos = config.requestTimeout().toNanos();
        this.electionNanos = config.electionTimeout().toNanos();
        this.replica = replica;
        this.members = members;
    }

    /**
     * @param deadline of the proposal, by the monotonic clock
     */
    EtcdError of(long deadline) {
        long start = deadline - requestNanos;
        OptionalLong elected = replica.leaderElected();
        // The earlier leader was not lost longer than two election time-outs before.
        long lost = elected.orElse(0) - 2 * electionNanos;
        if (elected.isPresent() && start - lost > 0 && start - elected.getAsLong() < 0) {
            return EtcdError.TIMEOUT_LEADER_FAILURE;
        }
        long leader = replica.view().leader();
        boolean connected = leader == 0 || members.isConnectedSince(leader, start);
        return connected ? EtcdError.TIMEOUT : EtcdError.TIMEOUT_CONNECTION_LOST;
    }
}
