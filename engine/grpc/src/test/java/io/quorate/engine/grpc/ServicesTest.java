package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.put;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DowngradeInfo;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.election.ElectionGrpc;
import io.quorate.api.proto.health.HealthCheckRequest;
import io.quorate.api.proto.health.HealthCheckResponse;
import io.quorate.api.proto.health.HealthCheckResponse.ServingStatus;
import io.quorate.api.proto.health.HealthGrpc;
import io.quorate.api.proto.health.HealthListRequest;
import io.quorate.api.proto.lock.LockGrpc;
import io.quorate.engine.node.Version;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** The services around the keys, and those that are not there yet. */
class ServicesTest {
    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("GS-01")
    void everyMethodOfEveryServiceIsRegistered() {
        Set<String> expected = new HashSet<>();
        List.of(
                        KVGrpc.getServiceDescriptor(),
                        WatchGrpc.getServiceDescriptor(),
                        LeaseGrpc.getServiceDescriptor(),
                        ClusterGrpc.getServiceDescriptor(),
                        MaintenanceGrpc.getServiceDescriptor(),
                        AuthGrpc.getServiceDescriptor(),
                        LockGrpc.getServiceDescriptor(),
                        ElectionGrpc.getServiceDescriptor(),
                        HealthGrpc.getServiceDescriptor())
                .forEach(s -> s.getMethods().forEach(m -> expected.add(m.getFullMethodName())));
        Set<String> registered = new HashSet<>();
        for (ServerServiceDefinition service : services()) {
            for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
                registered.add(method.getMethodDescriptor().getFullMethodName());
            }
        }
        assertEquals(expected, registered);
    }

    private List<ServerServiceDefinition> services() {
        return Services.all(server.node, ServiceSettings.DEFAULT, server.metrics);
    }

    @Test
    @Tag("GS-02")
    void unknownServicesAndMethodsAreUnimplemented() {
        MethodDescriptor<StatusRequest, StatusResponse> known = MaintenanceGrpc.getStatusMethod();
        for (String name :
                List.of(
                        "etcdserverpb.Maintenance/Nonsense",
                        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo")) {
            MethodDescriptor<StatusRequest, StatusResponse> unknown =
                    known.toBuilder().setFullMethodName(name).build();
            StatusRuntimeException refusal =
                    assertThrows(
                            StatusRuntimeException.class,
                            () ->
                                    ClientCalls.blockingUnaryCall(
                                            server.channel,
                                            unknown,
                                            CallOptions.DEFAULT,
                                            StatusRequest.getDefaultInstance()));
            assertEquals(Status.Code.UNIMPLEMENTED, refusal.getStatus().getCode());
        }
    }

    @Test
    @Tag("GS-15")
    void theServerAsAWholeIsServing() {
        HealthCheckRequest whole = HealthCheckRequest.getDefaultInstance();
        HealthCheckRequest other = HealthCheckRequest.newBuilder().setService("KV").build();

        assertEquals(ServingStatus.SERVING, server.health.check(whole).getStatus());
        assertRefused(Status.Code.NOT_FOUND, "unknown service", () -> server.health.check(other));
        Iterator<HealthCheckResponse> watch = server.health.watch(whole);
        assertEquals(ServingStatus.SERVING, watch.next().getStatus());
        assertEquals(ServingStatus.SERVICE_UNKNOWN, server.health.watch(other).next().getStatus());
        assertEquals(
                Set.of(""),
                server.health
                        .list(HealthListRequest.getDefaultInstance())
                        .getStatusesMap()
                        .keySet());
    }

    @Test
    @Tag("MA-05")
    @Tag("MA-06")
    @Tag("MA-07")
    void statusTellsTheMembersOwnView() {
        server.kv.put(put("k", "v"));
        StatusResponse status = server.maintenance.status(StatusRequest.getDefaultInstance());

        assertEquals(2, status.getHeader().getRevision());
        assertEquals(server.node.memberId(), status.getHeader().getMemberId());
        assertEquals(Version.ETCD, status.getVersion());
        assertEquals(Version.CLUSTER, status.getStorageVersion());
        assertEquals(server.node.memberId(), status.getLeader());
        assertEquals(server.node.term(), status.getRaftTerm());
        assertEquals(server.node.committedIndex(), status.getRaftIndex());
        assertEquals(status.getRaftIndex(), status.getRaftAppliedIndex());
        assertNotEquals(0, status.getRaftIndex());
        assertEquals(2L << 30, status.getDbSizeQuota());
        assertTrue(status.hasDowngradeInfo());
        assertEquals(DowngradeInfo.getDefaultInstance(), status.getDowngradeInfo());
        assertEquals(server.node.status().dbSize(), status.getDbSize());
        assertEquals(server.node.status().dbSizeInUse(), status.getDbSizeInUse());
        assertTrue(status.getDbSizeInUse() > 0);
        assertFalse(status.getIsLearner());
        assertEquals(0, status.getErrorsCount());
    }

    @Test
    @Tag("ME-08")
    void theQuotaIsAMetric() {
        assertRow("etcd_server_quota_backend_bytes 2.147483648e+09\n");
    }

    @Test
    @Tag("MA-12")
    @Tag("MA-13")
    void hashesTellWhatTheyCover() {
        server.kv.put(put("k", "1"));
        HashKVResponse first = hash(0);
        server.kv.put(put("k", "2"));
        HashKVResponse second = hash(0);

        assertEquals(-1, first.getCompactRevision());
        assertEquals(2, first.getHashRevision());
        assertEquals(3, second.getHashRevision());
        assertEquals(3, second.getHeader().getRevision());
        assertNotEquals(first.getHash(), second.getHash());
        assertEquals(first.getHash(), hash(2).getHash());
        assertRefused(
                Status.Code.OUT_OF_RANGE,
                "etcdserver: mvcc: required revision is a future revision",
                () -> hash(4));
        server.kv.compact(CompactionRequest.newBuilder().setRevision(3).build());
        assertEquals(3, hash(0).getCompactRevision());
        assertRefused(
                Status.Code.OUT_OF_RANGE,
                "etcdserver: mvcc: required revision has been compacted",
                () -> hash(2));
    }

    private HashKVResponse hash(long revision) {
        return server.maintenance.hashKV(HashKVRequest.newBuilder().setRevision(revision).build());
    }

    @Test
    @Tag("CL-09")
    @Tag("CL-12")
    void theMemberIsListedAsItPublishedItself() {
        MemberListResponse local =
                server.cluster.memberList(MemberListRequest.getDefaultInstance());
        MemberListResponse agreed =
                server.cluster.memberList(
                        MemberListRequest.newBuilder().setLinearizable(true).build());

        assertEquals(
                List.of(
                        Member.newBuilder()
                                .setID(server.node.memberId())
                                .setName("default")
                                .addPeerURLs(TestServer.PEER_URL)
                                .addClientURLs(TestServer.CLIENT_URL)
                                .build()),
                local.getMembersList());
        assertEquals(local, agreed);
        assertEquals(server.node.clusterId(), local.getHeader().getClusterId());
        assertEquals(server.node.memberId(), local.getHeader().getMemberId());
        assertEquals(server.node.term(), local.getHeader().getRaftTerm());
        assertEquals(0, local.getHeader().getRevision());
    }

    @Test
    @Tag("ME-37")
    void callsAreCountedFromZero() {
        String put = "{grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} ";
        String handled =
                "grpc_server_handled_total{grpc_code=\"%s\",grpc_method=\"Put\","
                        + "grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} %d\n";
        assertRow("grpc_server_started_total" + put + "0\n");
        assertRow("grpc_server_msg_received_total" + put + "0\n");
        assertRow("grpc_server_msg_sent_total" + put + "0\n");
        assertRow(handled.formatted("OK", 0));
        assertRow(
                "grpc_server_started_total{grpc_method=\"Watch\","
                        + "grpc_service=\"etcdserverpb.Watch\",grpc_type=\"bidi_stream\"} 0\n");

        server.kv.put(put("k", "v"));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "etcdserver: key is not provided",
                () -> server.kv.put(put("", "v")));

        assertRow("grpc_server_started_total" + put + "2\n");
        assertRow("grpc_server_msg_received_total" + put + "2\n");
        assertRow("grpc_server_msg_sent_total" + put + "1\n");
        assertRow(handled.formatted("OK", 1));
        assertRow(handled.formatted("InvalidArgument", 1));
        assertRow(handled.formatted("Canceled", 0));
        assertFalse(server.metricsText().contains("grpc_server_handling_seconds"));
    }

    private void assertRow(String row) {
        String text = server.metricsText();
        assertTrue(text.contains(row), () -> row + " is not in\n" + text);
    }
}
