package io.quorate.api.client;

import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberAddRequest;
import io.quorate.api.proto.MemberAddResponse;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.MemberPromoteRequest;
import io.quorate.api.proto.MemberPromoteResponse;
import io.quorate.api.proto.MemberRemoveRequest;
import io.quorate.api.proto.MemberRemoveResponse;
import io.quorate.api.proto.MemberUpdateRequest;
import io.quorate.api.proto.MemberUpdateResponse;

import java.util.ArrayList;
import java.util.List;

/** The members of the cluster (CL-*). Thread-safe. See {@link Client} for blocking and failures. */
public final class ClusterClient {
    private final Client client;

    ClusterClient(Client client) {
        this.client = client;
    }

    /**
     * @param linearizable whether to ask for the list as the cluster agrees on it, rather than as
     *     the answering member knows it
     */
    public MemberListResponse list(boolean linearizable) {
        return client.call(
                ClusterGrpc.getMemberListMethod(),
                MemberListRequest.newBuilder().setLinearizable(linearizable).build(),
                Retry.REPEATABLE);
    }

    /**
     * @param learner whether it shall not vote yet
     */
    public MemberAddResponse add(List<String> peerUrls, boolean learner) {
        return client.call(
                ClusterGrpc.getMemberAddMethod(),
                MemberAddRequest.newBuilder()
                        .addAllPeerURLs(peerUrls)
                        .setIsLearner(learner)
                        .build(),
                Retry.UNSENT_ONLY);
    }

    public MemberRemoveResponse remove(long id) {
        return client.call(
                ClusterGrpc.getMemberRemoveMethod(),
                MemberRemoveRequest.newBuilder().setID(id).build(),
                Retry.UNSENT_ONLY);
    }

    public MemberUpdateResponse update(long id, List<String> peerUrls) {
        return client.call(
                ClusterGrpc.getMemberUpdateMethod(),
                MemberUpdateRequest.newBuilder().setID(id).addAllPeerURLs(peerUrls).build(),
                Retry.UNSENT_ONLY);
    }

    /** Makes a learner a voter. */
    public MemberPromoteResponse promote(long id) {
        return client.call(
                ClusterGrpc.getMemberPromoteMethod(),
                MemberPromoteRequest.newBuilder().setID(id).build(),
                Retry.UNSENT_ONLY);
    }

    /** From now on calls go to the client URLs of the members that are started. */
    public void syncEndpoints() {
        List<String> urls = new ArrayList<>();
        for (Member member : list(true).getMembersList()) {
            if (!member.getName().isEmpty() && !member.getIsLearner()) {
                urls.addAll(member.getClientURLsList());
            }
        }
        if (!urls.isEmpty()) {
            client.useEndpoints(urls);
        }
    }
}
