package io.quorate.engine.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.AlarmRequest;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.DowngradeInfo;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.MoveLeaderRequest;
import io.quorate.api.proto.MoveLeaderResponse;
import io.quorate.api.proto.SnapshotRequest;
import io.quorate.api.proto.SnapshotResponse;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.NodeStatus;
import io.quorate.engine.node.Version;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.KvHash;

/** One member's health (MA-*). */
final class MaintenanceService extends MaintenanceGrpc.MaintenanceImplBase {
    private final Node node;
    private final ServiceSettings settings;
    private final Answers answers;

    MaintenanceService(Node node, ServiceSettings settings, Answers answers) {
        this.node = node;
        this.settings = settings;
        this.answers = answers;
    }

    /** MA-05 to MA-09: this member's own view, which needs no leader. */
    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
        Unary.answer(observer, () -> status(node.status()));
    }

    /** MA-01: no alarm can be raised yet, so none is listed. Raising and clearing is not served. */
    @Override
    public void alarm(AlarmRequest request, StreamObserver<AlarmResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    if (request.getAction() != AlarmRequest.AlarmAction.GET) {
                        throw Unserved.status(MaintenanceGrpc.getAlarmMethod())
                                .asRuntimeException();
                    }
                    return AlarmResponse.newBuilder()
                            .setHeader(answers.header(node.state().revision()))
                            .build();
                });
    }

    /** MA-12, MA-13: the same on all members at the same revisions (SE-14). */
    @Override
    public void hashKV(HashKVRequest request, StreamObserver<HashKVResponse> observer) {
        Unary.answer(observer, () -> hash(node.state().hashKv(request.getRevision())));
    }

    /** MA-14 to MA-17: this member's own state as of now, which needs no leader. */
    @Override
    public void snapshot(SnapshotRequest request, StreamObserver<SnapshotResponse> observer) {
        SnapshotStreaming.start(
                node.state(), (ServerCallStreamObserver<SnapshotResponse>) observer);
    }

    /** MA-19, SE-30. */
    @Override
    public void moveLeader(MoveLeaderRequest request, StreamObserver<MoveLeaderResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    node.moveLeader(request.getTargetID()).join();
                    return MoveLeaderResponse.getDefaultInstance();
                });
    }

    private HashKVResponse hash(KvHash hash) {
        return HashKVResponse.newBuilder()
                .setHeader(answers.header(hash.revision()))
                .setHash(hash.hash())
                .setCompactRevision(hash.compactRevision())
                .setHashRevision(hash.hashRevision())
                .build();
    }

    private StatusResponse status(NodeStatus status) {
        StatusResponse.Builder response =
                StatusResponse.newBuilder()
                        .setHeader(answers.header(node.state().revision()))
                        .setVersion(Version.ETCD)
                        .setDbSize(status.dbSize())
                        .setLeader(status.leader())
                        .setRaftIndex(status.committedIndex())
                        .setRaftTerm(status.term())
                        .setRaftAppliedIndex(status.appliedIndex())
                        .setDbSizeInUse(status.dbSizeInUse())
                        .setIsLearner(status.learner())
                        .setStorageVersion(status.clusterVersion())
                        .setDbSizeQuota(settings.quotaBytes())
                        .setDowngradeInfo(DowngradeInfo.getDefaultInstance());
        if (status.leader() == 0) {
            response.addErrors(EtcdError.NO_LEADER.text());
        }
        return response.build();
    }
}
