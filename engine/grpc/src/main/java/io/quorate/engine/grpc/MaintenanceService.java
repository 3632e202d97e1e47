package io.quorate.engine.grpc;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.AlarmMember;
import io.quorate.api.proto.AlarmRequest;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.DefragmentRequest;
import io.quorate.api.proto.DefragmentResponse;
import io.quorate.api.proto.DowngradeRequest;
import io.quorate.api.proto.DowngradeResponse;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.HashRequest;
import io.quorate.api.proto.HashResponse;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.MoveLeaderRequest;
import io.quorate.api.proto.MoveLeaderResponse;
import io.quorate.api.proto.SnapshotRequest;
import io.quorate.api.proto.SnapshotResponse;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;
import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.node.Fields;
import io.quorate.engine.node.Node;
import io.quorate.engine.node.NodeStatus;
import io.quorate.engine.node.Version;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.DowngradeInfo;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.KvHash;
import io.quorate.engine.state.Result;
import io.quorate.engine.state.StoreHash;

import java.lang.System.Logger.Level;
import java.util.List;

/** One member's health, and what an operator does for it (MA-*). */
final class MaintenanceService extends MaintenanceGrpc.MaintenanceImplBase {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.grpc");

    private final Node node;
    private final Callers callers;
    private final ServiceSettings settings;
    private final Answers answers;

    /** ME-19. */
    private final Histogram snapshotDuration;

    MaintenanceService(
            Node node,
            Callers callers,
            ServiceSettings settings,
            Answers answers,
            MetricRegistry metrics) {
        this.node = node;
        this.callers = callers;
        this.settings = settings;
        this.answers = answers;
        this.snapshotDuration =
                metrics.histogram(
                        "etcd_disk_backend_snapshot_duration_seconds",
                        "The latency distribution of backend snapshots.",
                        Histogram.exponential(0.01, 2, 17));
    }

    /** MA-05 to MA-09: this member's own view, which needs no leader. */
    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireUser();
                    return status(node.status());
                });
    }

    /** MA-01 to MA-03. */
    @Override
    public void alarm(AlarmRequest request, StreamObserver<AlarmResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    if (request.getAction() == AlarmRequest.AlarmAction.GET) {
                        callers.requireUser();
                    } else {
                        callers.requireRoot();
                    }
                    return alarms(alarms(request));
                });
    }

    private Result.Alarms alarms(AlarmRequest request) {
        Alarm alarm = new Alarm(request.getMemberID(), request.getAlarmValue());
        return switch (request.getAction()) {
            case GET -> raised(alarm.type());
            case ACTIVATE -> (Result.Alarms) propose(new Command.RaiseAlarm(alarm));
            case DEACTIVATE -> (Result.Alarms) propose(new Command.ClearAlarm(alarm));
            case UNRECOGNIZED ->
                    throw Status.INVALID_ARGUMENT
                            .withDescription(
                                    "etcdserverpb.AlarmRequest.action "
                                            + request.getActionValue()
                                            + " is not known to this server; use GET, ACTIVATE or"
                                            + " DEACTIVATE")
                            .asRuntimeException();
        };
    }

    private Result.Alarms raised(int type) {
        node.linearizablePoint().join();
        List<Alarm> alarms =
                node.state().alarms().stream()
                        .filter(alarm -> type == Alarm.NONE || alarm.type() == type)
                        .toList();
        return new Result.Alarms(node.state().revision(), alarms);
    }

    private AlarmResponse alarms(Result.Alarms result) {
        AlarmResponse.Builder response =
                AlarmResponse.newBuilder().setHeader(answers.header(result.revision()));
        for (Alarm alarm : result.alarms()) {
            response.addAlarms(
                    AlarmMember.newBuilder()
                            .setMemberID(alarm.memberId())
                            .setAlarmValue(alarm.type()));
        }
        return response.build();
    }

    private Result propose(Command command) {
        return node.propose(command).join();
    }

    /** MA-10: this member alone; answers when the space is free. */
    @Override
    public void defragment(DefragmentRequest request, StreamObserver<DefragmentResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireRoot();
                    LOG.log(Level.INFO, "starting defragment");
                    try {
                        node.defragment();
                    } catch (RuntimeException e) {
                        LOG.log(
                                Level.WARNING,
                                "failed to defragment",
                                Fields.of("error", String.valueOf(e.getMessage())));
                        throw e;
                    }
                    LOG.log(Level.INFO, "finished defragment");
                    return DefragmentResponse.getDefaultInstance();
                });
    }

    /** MA-11. */
    @Override
    public void hash(HashRequest request, StreamObserver<HashResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireRoot();
                    StoreHash hash = node.hash();
                    return HashResponse.newBuilder()
                            .setHeader(answers.header(hash.revision()))
                            .setHash(hash.hash())
                            .build();
                });
    }

    /** MA-12, MA-13: the same on all members at the same revisions (SE-14). */
    @Override
    public void hashKV(HashKVRequest request, StreamObserver<HashKVResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireRoot();
                    return hash(node.hashKv(request.getRevision()));
                });
    }

    /** MA-19 to MA-22. */
    @Override
    public void downgrade(DowngradeRequest request, StreamObserver<DowngradeResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireRoot();
                    return DowngradeResponse.newBuilder()
                            .setVersion(downgrade(request))
                            .setHeader(answers.header(node.state().revision()))
                            .build();
                });
    }

    /** The cluster version before the downgrade begins or ends, as {@code 3.7}. */
    private String downgrade(DowngradeRequest request) {
        return switch (request.getAction()) {
            case VALIDATE -> {
                Downgrades.Version target = Downgrades.target(request.getVersion());
                yield downgradable(target);
            }
            case ENABLE -> {
                Downgrades.Version target = Downgrades.target(request.getVersion());
                String current = downgradable(target);
                propose(new Command.Downgrade(new DowngradeInfo(true, target.text())));
                yield current;
            }
            case CANCEL -> {
                node.linearizablePoint().join();
                String current = Downgrades.cluster(node.state().clusterVersion());
                if (node.state().downgrade().enabled()) {
                    propose(new Command.Downgrade(DowngradeInfo.NONE));
                } else {
                    LOG.log(
                            Level.WARNING,
                            "failed to cancel downgrade",
                            Fields.of("error", "etcdserver: no inflight downgrade job"));
                }
                yield current;
            }
            case UNRECOGNIZED -> throw EtcdError.UNKNOWN_METHOD.exception();
        };
    }

    private String downgradable(Downgrades.Version target) {
        String current = Downgrades.cluster(node.state().clusterVersion());
        node.linearizablePoint().join();
        Downgrades.check(target, node.state().clusterVersion(), node.state().downgrade());
        return current;
    }

    /** MA-14 to MA-17: this member's own state as of now, which needs no leader. */
    @Override
    public void snapshot(SnapshotRequest request, StreamObserver<SnapshotResponse> observer) {
        try {
            callers.requireRoot();
        } catch (RuntimeException refusal) {
            observer.onError(Failures.status(refusal).asRuntimeException());
            return;
        }
        SnapshotStreaming.start(
                node.state(),
                (ServerCallStreamObserver<SnapshotResponse>) observer,
                snapshotDuration);
    }

    /** MA-19, SE-30. */
    @Override
    public void moveLeader(MoveLeaderRequest request, StreamObserver<MoveLeaderResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireRoot();
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
                        .setDowngradeInfo(downgradeInfo());
        if (status.leader() == 0) {
            response.addErrors(EtcdError.NO_LEADER.text());
        }
        node.state().alarms().forEach(alarm -> response.addErrors(alarm.text()));
        return response.build();
    }

    private io.quorate.api.proto.DowngradeInfo downgradeInfo() {
        DowngradeInfo info = node.state().downgrade();
        return io.quorate.api.proto.DowngradeInfo.newBuilder()
                .setEnabled(info.enabled())
                .setTargetVersion(info.targetVersion())
                .build();
    }
}
