package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.delete;
import static io.quorate.engine.grpc.Texts.get;
import static io.quorate.engine.grpc.Texts.op;
import static io.quorate.engine.grpc.Texts.put;
import static io.quorate.engine.grpc.Texts.then;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.quorate.api.proto.AlarmMember;
import io.quorate.api.proto.AlarmRequest;
import io.quorate.api.proto.AlarmRequest.AlarmAction;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.AlarmType;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DefragmentRequest;
import io.quorate.api.proto.DefragmentResponse;
import io.quorate.api.proto.DowngradeRequest;
import io.quorate.api.proto.DowngradeRequest.DowngradeAction;
import io.quorate.api.proto.DowngradeResponse;
import io.quorate.api.proto.HashKVRequest;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.HashRequest;
import io.quorate.api.proto.HashResponse;
import io.quorate.api.proto.MoveLeaderRequest;
import io.quorate.api.proto.MoveLeaderResponse;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;

/** What an operator asks of one member. Texts, codes and shapes are those of etcd 3.7.3. */
class MaintenanceServiceTest {
    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    private AlarmResponse alarm(AlarmAction action, long member, int type) {
        return server.maintenance.alarm(
                AlarmRequest.newBuilder()
                        .setAction(action)
                        .setMemberID(member)
                        .setAlarmValue(type)
                        .build());
    }

    private static AlarmMember member(long id, int type) {
        return AlarmMember.newBuilder().setMemberID(id).setAlarmValue(type).build();
    }

    private StatusResponse status() {
        return server.maintenance.status(StatusRequest.getDefaultInstance());
    }

    @Test
    @Tag("MA-01")
    @Tag("MA-02")
    @Tag("MA-03")
    @Tag("MA-04")
    @Tag("MA-08")
    void alarmsAreRaisedListedAndCleared() {
        server.kv.put(put("k", "v"));
        AlarmResponse none = alarm(AlarmAction.GET, 0, 0);
        assertEquals(List.of(), none.getAlarmsList());
        assertEquals(server.kv.range(get("k")).getHeader(), none.getHeader());

        assertEquals(List.of(), alarm(AlarmAction.ACTIVATE, 5, 0).getAlarmsList());
        AlarmResponse raised = alarm(AlarmAction.ACTIVATE, 5, AlarmType.CORRUPT_VALUE);
        assertEquals(List.of(member(5, 2)), raised.getAlarmsList());
        assertEquals(none.getHeader(), raised.getHeader());
        alarm(AlarmAction.ACTIVATE, 6, AlarmType.NOSPACE_VALUE);
        alarm(AlarmAction.ACTIVATE, 7, 7);
        assertEquals(
                List.of(member(6, 1), member(5, 2), member(7, 7)),
                alarm(AlarmAction.GET, 99, 0).getAlarmsList());
        assertEquals(
                List.of(member(5, 2)),
                alarm(AlarmAction.GET, 0, AlarmType.CORRUPT_VALUE).getAlarmsList());
        assertEquals(
                List.of(
                        "memberID:6 alarm:NOSPACE",
                        "memberID:5 alarm:CORRUPT",
                        "memberID:7 alarm:7"),
                status().getErrorsList());

        assertEquals(List.of(), alarm(AlarmAction.DEACTIVATE, 0, 2).getAlarmsList());
        assertEquals(List.of(member(5, 2)), alarm(AlarmAction.DEACTIVATE, 5, 2).getAlarmsList());
        assertEquals(List.of(), alarm(AlarmAction.DEACTIVATE, 5, 2).getAlarmsList());
        assertEquals(2, alarm(AlarmAction.GET, 0, 0).getAlarmsCount());
    }

    @Test
    @Tag("SE-48")
    void aFullClusterReadsAndDeletes() {
        server.kv.put(put("k", "v"));
        alarm(AlarmAction.ACTIVATE, 6, AlarmType.NOSPACE_VALUE);
        String text = "etcdserver: mvcc: database space exceeded";
        assertRefused(Status.Code.RESOURCE_EXHAUSTED, text, () -> server.kv.put(put("k", "w")));
        assertRefused(
                Status.Code.RESOURCE_EXHAUSTED, text, () -> server.kv.txn(then(op(put("k", "w")))));
        assertEquals(1, server.kv.range(get("k")).getCount());
        server.kv.txn(then(op(delete("k"))));
        assertEquals(0, server.kv.range(get("k")).getCount());
    }

    @Test
    @Tag("SE-50")
    void aCorruptClusterIsReadOnly() {
        server.kv.put(put("k", "v"));
        alarm(AlarmAction.ACTIVATE, 6, AlarmType.CORRUPT_VALUE);
        String text = "etcdserver: corrupt cluster";
        assertRefused(Status.Code.DATA_LOSS, text, () -> server.kv.put(put("k", "w")));
        assertRefused(Status.Code.DATA_LOSS, text, () -> server.kv.deleteRange(delete("k")));
        assertRefused(Status.Code.DATA_LOSS, text, () -> server.kv.txn(then(op(delete("k")))));
        assertRefused(
                Status.Code.DATA_LOSS,
                text,
                () -> server.kv.compact(CompactionRequest.newBuilder().setRevision(2).build()));
        assertEquals(1, server.kv.range(get("k")).getCount());
        assertTrue(server.kv.txn(then(op(get("k")))).getSucceeded());
    }

    @Test
    void anUnknownAlarmActionIsRefusedByName() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "etcdserverpb.AlarmRequest.action 7 is not known to this server; use GET, ACTIVATE"
                        + " or DEACTIVATE",
                () ->
                        server.maintenance.alarm(
                                AlarmRequest.newBuilder().setActionValue(7).build()));
    }

    @Test
    @Tag("MA-10")
    @Tag("SE-30")
    @Tag("ME-19")
    void defragmentAnswersWithNothing() {
        server.kv.put(put("k", "v"));
        assertEquals(
                DefragmentResponse.getDefaultInstance(),
                server.maintenance.defragment(DefragmentRequest.getDefaultInstance()));
        assertEquals(1, server.kv.range(get("k")).getCount());
        String metrics = server.metricsText();
        assertTrue(metrics.contains("etcd_disk_backend_defrag_duration_seconds_count 1\n"));
        assertTrue(metrics.contains("etcd_disk_defrag_inflight 0\n"));
    }

    @Test
    @Tag("MA-11")
    @Tag("ME-22")
    void theHashOfTheStoreChangesWithIt() {
        server.kv.put(put("k", "v"));
        HashResponse before = server.maintenance.hash(HashRequest.getDefaultInstance());
        assertEquals(server.kv.range(get("k")).getHeader(), before.getHeader());
        assertEquals(before, server.maintenance.hash(HashRequest.getDefaultInstance()));
        server.kv.put(put("k", "w"));
        assertNotEquals(
                before.getHash(),
                server.maintenance.hash(HashRequest.getDefaultInstance()).getHash());
    }

    @Test
    @Tag("MA-12")
    @Tag("SE-67")
    void hashKvRemembersACompaction() {
        server.kv.put(put("a", "1"));
        server.kv.put(put("b", "2"));
        server.kv.put(put("a", "3"));
        server.kv.deleteRange(delete("b"));
        server.kv.compact(CompactionRequest.newBuilder().setRevision(5).setPhysical(true).build());
        assertHash(1125682900L, -1, 5, hash(5));
        assertHash(3184071396L, 5, 5, hash(0));
        assertHash(1084519789L, 5, -3, hash(-3));
    }

    private HashKVResponse hash(long revision) {
        return server.maintenance.hashKV(HashKVRequest.newBuilder().setRevision(revision).build());
    }

    private static void assertHash(long hash, long compacted, long at, HashKVResponse answer) {
        assertEquals(hash, Integer.toUnsignedLong(answer.getHash()));
        assertEquals(compacted, answer.getCompactRevision());
        assertEquals(at, answer.getHashRevision());
        assertEquals(5, answer.getHeader().getRevision());
    }

    @Test
    @Tag("MA-18")
    void onlyAMemberThatVotesCanLead() {
        assertRefused(
                Status.Code.FAILED_PRECONDITION,
                "etcdserver: bad leader transferee",
                () -> moveLeader(1234));
        assertEquals(MoveLeaderResponse.getDefaultInstance(), moveLeader(server.node.memberId()));
    }

    private MoveLeaderResponse moveLeader(long target) {
        return server.maintenance.moveLeader(
                MoveLeaderRequest.newBuilder().setTargetID(target).build());
    }

    private DowngradeResponse downgrade(DowngradeAction action, String version) {
        return server.maintenance.downgrade(
                DowngradeRequest.newBuilder().setAction(action).setVersion(version).build());
    }

    @Test
    @Tag("MA-19")
    @Tag("MA-22")
    void oneMinorReleaseBackIsAllowed() {
        assertEquals("3.7", downgrade(DowngradeAction.VALIDATE, "3.6").getVersion());
        assertEquals("3.7", downgrade(DowngradeAction.VALIDATE, "3.6.4").getVersion());
        for (String wrong : List.of("", "3", "3.x", "3.6.", "three")) {
            assertRefused(
                    Status.Code.INVALID_ARGUMENT,
                    "etcdserver: wrong downgrade target version format",
                    () -> downgrade(DowngradeAction.VALIDATE, wrong));
        }
        for (String wrong : List.of("3.7.0", "3.5", "4.6", "2.6")) {
            assertRefused(
                    Status.Code.INVALID_ARGUMENT,
                    "etcdserver: invalid downgrade target version",
                    () -> downgrade(DowngradeAction.ENABLE, wrong));
        }
        assertRefused(
                Status.Code.UNKNOWN,
                "etcdserver: unknown method",
                () ->
                        server.maintenance.downgrade(
                                DowngradeRequest.newBuilder().setActionValue(9).build()));
    }

    @Test
    @Tag("MA-07")
    @Tag("MA-20")
    @Tag("MA-21")
    @Tag("MA-22")
    void aDowngradeBeginsAndIsCancelled() {
        assertEquals("3.7", downgrade(DowngradeAction.CANCEL, "").getVersion());
        DowngradeResponse begun = downgrade(DowngradeAction.ENABLE, "3.6");
        assertEquals("3.7", begun.getVersion());
        assertEquals(status().getHeader(), begun.getHeader());
        // Proposed before this write, so applied before it.
        server.kv.put(put("k", "v"));
        assertTrue(status().getDowngradeInfo().getEnabled());
        assertEquals("3.6.0", status().getDowngradeInfo().getTargetVersion());
        assertEquals("3.6.0", status().getStorageVersion());
        assertRefused(
                Status.Code.FAILED_PRECONDITION,
                "etcdserver: cluster has a downgrade job in progress",
                () -> downgrade(DowngradeAction.ENABLE, "3.5"));

        assertEquals("3.6", downgrade(DowngradeAction.CANCEL, "").getVersion());
        server.kv.put(put("k", "v"));
        assertFalse(status().getDowngradeInfo().getEnabled());
        assertEquals("3.7.0", status().getStorageVersion());
    }
}
