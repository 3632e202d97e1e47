package io.quorate.engine.node;

import io.quorate.engine.raft.RaftStatus;

import java.util.stream.Collectors;

/** A picture of raft as JSON, with the field names of etcd's {@code raft.status} (HT-14). */
final class RaftStatusJson {
    private RaftStatusJson() {}

    static String of(RaftStatus status) {
        return ("{\"id\":\"%x\",\"term\":%d,\"vote\":\"%x\",\"commit\":%d,\"lead\":\"%x\","
                        + "\"raftState\":\"%s\",\"applied\":%d,\"progress\":{%s},"
                        + "\"leadtransferee\":\"%x\"}")
                .formatted(
                        status.id(),
                        status.hardState().term(),
                        status.hardState().vote(),
                        status.hardState().commit(),
                        status.softState().leader(),
                        state(status),
                        status.applied(),
                        status.progress().entrySet().stream()
                                .map(peer -> peer(peer.getKey(), peer.getValue()))
                                .collect(Collectors.joining(",")),
                        status.leadTransferee());
    }

    private static String state(RaftStatus status) {
        return switch (status.softState().role()) {
            case FOLLOWER -> "StateFollower";
            case PRE_CANDIDATE -> "StatePreCandidate";
            case CANDIDATE -> "StateCandidate";
            case LEADER -> "StateLeader";
        };
    }

    private static String peer(long id, RaftStatus.ProgressStatus progress) {
        return "\"%x\":{\"match\":%d,\"next\":%d,\"state\":\"%s\"}"
                .formatted(id, progress.match(), progress.next(), progress.state());
    }
}
