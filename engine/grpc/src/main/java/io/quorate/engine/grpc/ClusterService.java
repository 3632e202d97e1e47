package io.quorate.engine.grpc;

import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.engine.node.Node;

/** The members (CL-*). */
final class ClusterService extends ClusterGrpc.ClusterImplBase {
    /** CL-12: what the members are does not depend on the keys. */
    private static final long NO_REVISION = 0;

    private final Node node;
    private final Answers answers;

    ClusterService(Node node, Answers answers) {
        this.node = node;
        this.answers = answers;
    }

    /** CL-09, CL-14. */
    @Override
    public void memberList(MemberListRequest request, StreamObserver<MemberListResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    if (request.getLinearizable()) {
                        node.linearizablePoint().join();
                    }
                    MemberListResponse.Builder response =
                            MemberListResponse.newBuilder().setHeader(answers.header(NO_REVISION));
                    node.status().members().forEach(member -> response.addMembers(member(member)));
                    return response.build();
                });
    }

    private static Member member(io.quorate.engine.state.Member member) {
        return Member.newBuilder()
                .setID(member.id())
                .setName(member.name())
                .addAllPeerURLs(member.peerUrls())
                .addAllClientURLs(member.clientUrls())
                .setIsLearner(member.learner())
                .build();
    }
}
