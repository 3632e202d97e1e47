package io.quorate.engine.node;

import io.quorate.engine.state.Member;

import java.util.List;

/**
 * A cluster as one of its members describes it to who wants to join (RC-09, PE-01).
 *
 * @param clusterId unsigned
 * @param members all, the joining one included
 */
public record RunningCluster(long clusterId, List<Member> members) {
    public RunningCluster {
        members = List.copyOf(members);
    }
}
