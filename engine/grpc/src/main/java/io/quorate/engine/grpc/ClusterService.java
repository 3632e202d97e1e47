package io.quorate.engine.grpc;

import io.grpc.stub.StreamObserver;
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
import io.quorate.api.proto.ResponseHeader;
import io.quorate.engine.node.MemberIds;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;

/** The members (CL-*). */
final class ClusterService extends ClusterGrpc.ClusterImplBase {
    /** CL-12: what the members are does not depend on the keys. */
    private static final long NO_REVISION = 0;

    private static final Set<String> SCHEMES = Set.of("http", "https");

    private final Node node;
    private final Callers callers;
    private final Answers answers;
    private final InstantSource clock;

    /**
     * @param clock makes the ids of new members differ from those of old ones with the same URLs
     */
    ClusterService(Node node, Callers callers, Answers answers, InstantSource clock) {
        this.node = node;
        this.callers = callers;
        this.answers = answers;
        this.clock = clock;
    }

    /** CL-01 to CL-06. */
    @Override
    public void memberAdd(MemberAddRequest request, StreamObserver<MemberAddResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    List<String> urls = urls(request.getPeerURLsList());
                    long id = MemberIds.joiningMember(urls, clock.instant().getEpochSecond());
                    var added =
                            new io.quorate.engine.state.Member(
                                    id, "", urls, List.of(), request.getIsLearner());
                    callers.requireRoot();
                    node.reconfigure(new Command.MemberAdd(added)).join();
                    return MemberAddResponse.newBuilder()
                            .setHeader(header())
                            .setMember(member(added))
                            .addAllMembers(members())
                            .build();
                });
    }

    /** CL-07. */
    @Override
    public void memberRemove(
            MemberRemoveRequest request, StreamObserver<MemberRemoveResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireRoot();
                    node.reconfigure(new Command.MemberRemove(request.getID())).join();
                    return MemberRemoveResponse.newBuilder()
                            .setHeader(header())
                            .addAllMembers(members())
                            .build();
                });
    }

    /** CL-08. */
    @Override
    public void memberUpdate(
            MemberUpdateRequest request, StreamObserver<MemberUpdateResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    List<String> urls = urls(request.getPeerURLsList());
                    callers.requireRoot();
                    node.reconfigure(new Command.MemberUpdate(request.getID(), urls)).join();
                    return MemberUpdateResponse.newBuilder()
                            .setHeader(header())
                            .addAllMembers(members())
                            .build();
                });
    }

    /** CL-10, CL-11. */
    @Override
    public void memberPromote(
            MemberPromoteRequest request, StreamObserver<MemberPromoteResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireRoot();
                    node.reconfigure(new Command.MemberPromote(request.getID()), callers.token())
                            .join();
                    return MemberPromoteResponse.newBuilder()
                            .setHeader(header())
                            .addAllMembers(members())
                            .build();
                });
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
                    callers.requireUser();
                    return MemberListResponse.newBuilder()
                            .setHeader(header())
                            .addAllMembers(members())
                            .build();
                });
    }

    private ResponseHeader header() {
        return answers.header(NO_REVISION);
    }

    private List<Member> members() {
        return node.state().members().stream().map(ClusterService::member).toList();
    }

    /** CL-02: ascending, as etcd keeps them. */
    private static List<String> urls(List<String> given) {
        if (given.isEmpty() || !given.stream().allMatch(ClusterService::isPeerUrl)) {
            throw EtcdError.BAD_MEMBER_URLS.exception();
        }
        return given.stream().map(String::strip).sorted().toList();
    }

    private static boolean isPeerUrl(String text) {
        try {
            URI url = new URI(text.strip());
            return url.getScheme() != null
                    && SCHEMES.contains(url.getScheme())
                    && url.getHost() != null
                    && url.getPort() >= 0
                    && url.getPath().isEmpty()
                    && url.getQuery() == null
                    && url.getFragment() == null;
        } catch (URISyntaxException e) {
            return false;
        }
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
