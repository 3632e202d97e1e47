package io.quorate.ctl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.AlarmMember;
import io.quorate.api.proto.AlarmResponse;
import io.quorate.api.proto.AlarmType;
import io.quorate.api.proto.AuthRoleGetResponse;
import io.quorate.api.proto.AuthUserListResponse;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseLeasesResponse;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberAddResponse;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.StatusResponse;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.auth.Permission;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.cli.Bytes;
import io.quorate.cli.Exit;
import io.quorate.cli.Terminal;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.function.Consumer;

/** The expected texts are what etcdctl 3.7.3 printed. */
final class PrinterTest {
    private static final ResponseHeader HEADER =
            ResponseHeader.newBuilder()
                    .setClusterId(0xfedcba9876543210L)
                    .setMemberId(0xabc)
                    .setRevision(5)
                    .setRaftTerm(2)
                    .build();

    private static String printed(String format, boolean hex, Consumer<Printer> print) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Terminal terminal = new Terminal(new ByteArrayInputStream(new byte[0]), out, out);
        print.accept(Printer.of(format, hex, terminal));
        terminal.flush();
        return Bytes.of(out.toByteArray());
    }

    private static KeyValue pair(String key, String value) {
        return KeyValue.newBuilder()
                .setKey(Ranges.key(key))
                .setValue(Ranges.key(value))
                .setCreateRevision(3)
                .setModRevision(5)
                .setVersion(2)
                .setLease(0x1f)
                .build();
    }

    private static final RangeResponse RANGE =
            RangeResponse.newBuilder()
                    .setHeader(HEADER)
                    .addKvs(pair("foo", "\u00ff\"b"))
                    .setCount(1)
                    .build();

    @Test
    @Tag("CT-09")
    void fieldsAreQuotedAndIdsHexOnRequest() {
        assertEquals(
                """
                "ClusterID" : 18364758544493064720
                "MemberID" : 2748
                "Revision" : 5
                "RaftTerm" : 2
                "Key" : "foo"
                "CreateRevision" : 3
                "ModRevision" : 5
                "Version" : 2
                "Value" : "\\xff\\"b"
                "Lease" : 31
                "More" : false
                "Count" : 1
                """,
                printed("fields", false, printer -> printer.get(RANGE)));
        String hex = printed("fields", true, printer -> printer.get(RANGE));
        assertEquals("\"ClusterID\" : fedcba9876543210", hex.lines().findFirst().orElseThrow());
        assertEquals(1, hex.lines().filter("\"Lease\" : 000000000000001f"::equals).count());
    }

    @Test
    @Tag("CT-10")
    @Tag("CT-20")
    void simplePrintsBytesAsTheyAreOrInHex() {
        assertEquals("foo\n\u00ff\"b\n", printed("simple", false, printer -> printer.get(RANGE)));
        assertEquals("\u00ff\"b\n", printed("simple", false, printer -> printer.values(RANGE)));
        assertEquals(
                "\\x66\\x6f\\x6f\n\\xff\\x22\\x62\n",
                printed("simple", true, printer -> printer.get(RANGE)));
        Exit exit =
                assertThrows(
                        Exit.class, () -> printed("json", false, printer -> printer.values(RANGE)));
        assertEquals(128, exit.code());
    }

    @Test
    @Tag("CT-08")
    void leasesHaveTheirOwnJson() {
        var grant = LeaseGrantResponse.newBuilder().setHeader(HEADER).setID(7).setTTL(9).build();
        String header =
                "\"cluster_id\":18364758544493064720,\"member_id\":2748,\"revision\":5,\"raft_term\":2";
        assertEquals(
                "{" + header + ",\"ID\":7,\"TTL\":9,\"Error\":\"\"}\n",
                printed("json", false, printer -> printer.grant(grant)));
        var gone = LeaseTimeToLiveResponse.newBuilder().setHeader(HEADER).setID(7).setTTL(-1);
        assertEquals(
                "{" + header + ",\"id\":7,\"ttl\":-1,\"granted-ttl\":0,\"keys\":null}\n",
                printed("json", false, printer -> printer.timeToLive(gone.build(), true)));
        var none = LeaseLeasesResponse.newBuilder().setHeader(HEADER).build();
        assertEquals(
                "{" + header + ",\"leases\":[]}\n",
                printed("json", false, printer -> printer.leases(none)));
        assertEquals(
                Bytes.of(HEADER.toByteArray()),
                printed("protobuf", false, printer -> printer.grant(grant)));
    }

    @Test
    @Tag("CT-34")
    void whatIsLeftOfALease() {
        var left =
                LeaseTimeToLiveResponse.newBuilder()
                        .setID(0x1f)
                        .setGrantedTTL(60)
                        .setTTL(58)
                        .addKeys(ByteString.copyFromUtf8("a"))
                        .addKeys(ByteString.copyFromUtf8("b"))
                        .build();
        assertEquals(
                "lease 000000000000001f granted with TTL(60s), remaining(58s), attached keys([a b])\n",
                printed("simple", false, printer -> printer.timeToLive(left, true)));
        var gone = LeaseTimeToLiveResponse.newBuilder().setID(0x1f).setTTL(-1).build();
        assertEquals(
                "lease 000000000000001f already expired\n",
                printed("simple", false, printer -> printer.timeToLive(gone, false)));
    }

    @Test
    @Tag("CT-27")
    @Tag("CT-31")
    void watchesHaveTheirOwnJson() {
        var answer =
                WatchResponse.newBuilder()
                        .setHeader(HEADER)
                        .setWatchId(3)
                        .addEvents(
                                Event.newBuilder()
                                        .setType(Event.EventType.DELETE)
                                        .setKv(
                                                KeyValue.newBuilder()
                                                        .setKey(Ranges.key("w"))
                                                        .setModRevision(30)))
                        .build();
        assertEquals(
                "{\"Header\":{\"cluster_id\":18364758544493064720,\"member_id\":2748,\"revision\":5,"
                        + "\"raft_term\":2},\"Events\":[{\"type\":1,\"kv\":{\"key\":\"dw==\","
                        + "\"mod_revision\":30}}],\"CompactRevision\":0,\"Canceled\":false,"
                        + "\"Created\":false,\"CancelReason\":\"\"}\n",
                printed("json", false, printer -> printer.watch(answer)));
        assertEquals("DELETE\nw\n\n", printed("simple", false, printer -> printer.watch(answer)));
    }

    @Test
    @Tag("CT-38")
    void membersHaveHexIds() {
        var added =
                MemberAddResponse.newBuilder()
                        .setHeader(HEADER)
                        .setMember(Member.newBuilder().setID(0xabc).setIsLearner(true))
                        .addMembers(Member.newBuilder().setID(0xabc).addPeerURLs("http://<h>"))
                        .build();
        assertEquals(
                "Member              abc added as learner to cluster fedcba9876543210\n",
                printed("simple", false, printer -> printer.memberAdd(added)));
        assertEquals(
                "{\"header\":{\"cluster_id\":\"fedcba9876543210\",\"member_id\":\"abc\",\"revision\":5,"
                        + "\"raft_term\":2},\"member\":{\"ID\":\"abc\",\"isLearner\":true},"
                        + "\"members\":[{\"ID\":\"abc\",\"peerURLs\":[\"http://\\u003ch\\u003e\"]}]}\n",
                printed("json", true, printer -> printer.memberAdd(added)));
    }

    @Test
    @Tag("CT-41")
    void statusTellsWhatIsNotInUse() {
        var status =
                new Endpoints.Status(
                        "h:1",
                        StatusResponse.newBuilder()
                                .setHeader(HEADER)
                                .setVersion("3.7.3")
                                .setStorageVersion("3.7.0")
                                .setDbSize(20480)
                                .setDbSizeInUse(16384)
                                .setDbSizeQuota(2147483648L)
                                .setLeader(0xabc)
                                .setRaftTerm(2)
                                .setRaftIndex(4)
                                .setRaftAppliedIndex(4)
                                .build());
        assertEquals(
                "h:1, abc, 3.7.3, 3.7.0, 20 kB, 16 kB, 20%, 2.1 GB, true, false, 2, 4, 4, , , false\n",
                printed("simple", false, printer -> printer.status(List.of(status))));
        assertEquals("null\n", printed("json", false, printer -> printer.status(List.of())));
    }

    @Test
    @Tag("CT-40")
    void healthIsPrintedInAllFormats() {
        var good = List.of(new Endpoints.Health("h:1", true, "1ms", ""));
        assertEquals(
                "h:1 is healthy: successfully committed proposal: took = 1ms\n",
                printed("simple", false, printer -> printer.health(good)));
        var bad = List.of(new Endpoints.Health("h:1", false, "1ms", "context deadline exceeded"));
        assertEquals(
                "h:1 is unhealthy: failed to commit proposal: context deadline exceeded\n",
                printed("simple", false, printer -> printer.health(bad)));
        assertEquals(
                "[{\"endpoint\":\"h:1\",\"health\":false,\"took\":\"1ms\",\"error\":\"context deadline"
                        + " exceeded\"}]\n",
                printed("json", false, printer -> printer.health(bad)));
    }

    @Test
    @Tag("CT-46")
    void alarmsAreInProtobufsText() {
        var alarms =
                AlarmResponse.newBuilder()
                        .addAlarms(
                                AlarmMember.newBuilder()
                                        .setMemberID(-1)
                                        .setAlarm(AlarmType.NOSPACE))
                        .build();
        assertEquals(
                "memberID:18446744073709551615 alarm:NOSPACE\n",
                printed("simple", false, printer -> printer.alarm(alarms)));
    }

    @Test
    @Tag("CT-55")
    void permissionsAreGroupedByWhatTheyAllow() {
        var role =
                AuthRoleGetResponse.newBuilder()
                        .addPerm(permission(Permission.Type.READWRITE, "\0", "\0"))
                        .addPerm(permission(Permission.Type.READ, "a", "b"))
                        .addPerm(permission(Permission.Type.WRITE, "k", ""))
                        .build();
        assertEquals(
                """
                Role r
                KV Read:
                \t[\0, <open ended>
                \t[a, b) (prefix a)
                KV Write:
                \t[\0, <open ended>
                \tk
                """,
                printed("simple", false, printer -> printer.roleGet("r", role)));
        assertEquals(
                """
                Role root
                KV Read:
                \t[, <open ended>
                KV Write:
                \t[, <open ended>
                """,
                printed(
                        "simple",
                        false,
                        printer ->
                                printer.roleGet("root", AuthRoleGetResponse.getDefaultInstance())));
    }

    private static Permission permission(Permission.Type type, String key, String end) {
        return Permission.newBuilder()
                .setPermType(type)
                .setKey(Ranges.key(key))
                .setRangeEnd(Ranges.key(end))
                .build();
    }

    @Test
    @Tag("CT-07")
    void aFormatWithoutWordsForAnAnswerSaysSo() {
        for (String format : List.of("table", "fields")) {
            Exit exit =
                    assertThrows(
                            Exit.class,
                            () ->
                                    printed(
                                            format,
                                            false,
                                            printer ->
                                                    printer.userList(
                                                            AuthUserListResponse
                                                                    .getDefaultInstance())));
            assertEquals(4, exit.code());
            assertEquals(format + " not supported as output format", exit.getMessage());
        }
        var put = PutResponse.newBuilder().setHeader(HEADER).build();
        assertEquals(
                Bytes.of(put.toByteArray()),
                printed("protobuf", false, printer -> printer.put(put)));
    }
}
