package io.quorate.engine.node;

import io.quorate.engine.state.Member;
import io.quorate.engine.state.StateMachine;

import java.util.List;
import java.util.Optional;

/**
 * How a replica is one of several.
 *
 * @param network the way to the others; empty for a cluster of one that stays so
 * @param strictReconfigCheck whether membership changes that endanger the quorum are refused
 *     (RC-01)
 * @param maxLearners learners that the cluster may have at once (RC-06)
 * @param join for a new data directory: the running cluster that knows this member; empty to found
 *     one
 * @param forceNewCluster whether to go on alone with the data that is there (RC-11)
 * @param electionTickAdvance whether a start that reaches the others shortens its first wait for a
 *     leader (RA-06)
 */
public record ClusterSettings(
        Optional<Network> network,
        boolean strictReconfigCheck,
        int maxLearners,
        Optional<RunningCluster> join,
        boolean forceNewCluster,
        boolean electionTickAdvance) {
    public static final int DEFAULT_MAX_LEARNERS = 1;

    /** A cluster of one without a network. */
    public static final ClusterSettings ALONE =
            new ClusterSettings(
                    Optional.empty(), true, DEFAULT_MAX_LEARNERS, Optional.empty(), false, true);

    /** Whom to connect to at first: the members, or who will be. */
    List<Member> firstPeers(StateMachine state, NodeConfig config) {
        if (!state.members().isEmpty()) {
            return state.members();
        }
        return join.map(RunningCluster::members).orElseGet(() -> Bootstrap.initialMembers(config));
    }

    /** As etcd's defaults, over a network. */
    public static ClusterSettings over(Network network) {
        return new ClusterSettings(
                Optional.of(network), true, DEFAULT_MAX_LEARNERS, Optional.empty(), false, true);
    }
}
