package io.quorate.api.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;

import io.quorate.api.proto.Compare;
import io.quorate.api.proto.DowngradeInfo;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberListResponse;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.ResponseOp;
import io.quorate.api.proto.StatusResponse;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Optional;
import java.util.Random;

final class ApiJsonTest {
    private static final ResponseHeader HEADER =
            ResponseHeader.newBuilder()
                    .setClusterId(Long.parseUnsignedLong("17368989521238926805"))
                    .setMemberId(Long.parseUnsignedLong("17628310501313495538"))
                    .setRevision(4)
                    .setRaftTerm(2)
                    .build();

    private static KeyValue keyValue() {
        return KeyValue.newBuilder()
                .setKey(ByteString.copyFromUtf8("a"))
                .setCreateRevision(3)
                .setModRevision(3)
                .setVersion(1)
                .setValue(ByteString.copyFromUtf8("1"))
                .build();
    }

    // The expected texts of this test are what etcd 3.7.3 and its etcdctl printed.

    @Test
    @Tag("CT-08")
    void etcdctlShapeHasPlainNumbersAndLeavesZeroesOut() {
        var got =
                RangeResponse.newBuilder().setHeader(HEADER).addKvs(keyValue()).setCount(1).build();
        assertEquals(
                "{\"header\":{\"cluster_id\":17368989521238926805,\"member_id\":17628310501313495538,"
                        + "\"revision\":4,\"raft_term\":2},\"kvs\":[{\"key\":\"YQ==\","
                        + "\"create_revision\":3,\"mod_revision\":3,\"version\":1,\"value\":\"MQ==\"}],"
                        + "\"count\":1}",
                ApiJson.go(got));
    }

    @Test
    @Tag("CT-08")
    void etcdctlShapeKeepsEmptyMessagesAndOddNames() {
        var status =
                StatusResponse.newBuilder()
                        .setVersion("3.7.3")
                        .setDbSize(20480)
                        .setDowngradeInfo(DowngradeInfo.getDefaultInstance())
                        .build();
        assertEquals(
                "{\"version\":\"3.7.3\",\"dbSize\":20480,\"downgradeInfo\":{}}",
                ApiJson.go(status));
        var members =
                MemberListResponse.newBuilder()
                        .addMembers(
                                Member.newBuilder()
                                        .setID(7)
                                        .setName("<m&1>")
                                        .addPeerURLs("http://h"))
                        .build();
        assertEquals(
                "{\"members\":[{\"ID\":7,\"name\":\"\\u003cm\\u00261\\u003e\",\"peerURLs\":[\"http://h\"]}]}",
                ApiJson.go(members));
    }

    @Test
    @Tag("CT-08")
    void etcdctlShapeWrapsTheResponsesOfATransaction() {
        var txn =
                TxnResponse.newBuilder()
                        .setSucceeded(true)
                        .addResponses(
                                ResponseOp.newBuilder()
                                        .setResponsePut(
                                                PutResponse.newBuilder()
                                                        .setHeader(
                                                                ResponseHeader.newBuilder()
                                                                        .setRevision(4))))
                        .addResponses(ResponseOp.getDefaultInstance())
                        .build();
        assertEquals(
                "{\"succeeded\":true,\"responses\":[{\"Response\":{\"response_put\":{\"header\":{\"revision\":4}}}},"
                        + "{\"Response\":{}}]}",
                ApiJson.go(txn));
    }

    @Test
    @Tag("CT-08")
    void etcdctlShapeHasEnumsAsNumbers() {
        Event deleted = Event.newBuilder().setType(Event.EventType.DELETE).build();
        assertEquals("{\"type\":1}", ApiJson.go(deleted));
        assertEquals("{\"type\":\"DELETE\"}", ApiJson.gateway(deleted));
    }

    @Test
    @Tag("GW-04")
    @Tag("GW-23")
    @Tag("SE-27")
    void gatewayShapeHasStringsForWideIntegers() {
        var put = PutResponse.newBuilder().setHeader(HEADER).build();
        assertEquals(
                "{\"header\":{\"cluster_id\":\"17368989521238926805\","
                        + "\"member_id\":\"17628310501313495538\",\"revision\":\"4\",\"raft_term\":\"2\"}}",
                ApiJson.gateway(put));
        assertEquals(
                "{\"ID\":\"5\",\"TTL\":\"10\"}",
                ApiJson.gateway(LeaseGrantResponse.newBuilder().setID(5).setTTL(10).build()));
    }

    @Test
    @Tag("GW-24")
    void gatewayReadsATransactionInBothSpellings() throws JsonException {
        var read = TxnRequest.newBuilder();
        ApiJson.parseGateway(
                "{\"compare\":[{\"key\":\"Zm9v\",\"result\":\"EQUAL\",\"target\":\"CREATE\",\"create_revision\":\"0\"}],"
                        + "\"success\":[{\"requestPut\":{\"key\":\"Zm9v\",\"value\":\"YmFy\"}}]}",
                read);
        var expected =
                TxnRequest.newBuilder()
                        .addCompare(
                                Compare.newBuilder()
                                        .setKey(ByteString.copyFromUtf8("foo"))
                                        .setResult(Compare.CompareResult.EQUAL)
                                        .setTarget(Compare.CompareTarget.CREATE)
                                        .setCreateRevision(0))
                        .addSuccess(
                                RequestOp.newBuilder()
                                        .setRequestPut(
                                                PutRequest.newBuilder()
                                                        .setKey(ByteString.copyFromUtf8("foo"))
                                                        .setValue(ByteString.copyFromUtf8("bar"))))
                        .build();
        assertEquals(expected, read.build());
    }

    @ParameterizedTest
    @Tag("GW-05")
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "`{\"key\":\"YQ\"}`",
                "`{\"key\":\"YQ==\",\"foo\":[1,{\"a\":2}]}`",
                "`{\"key\":\"YQ==\",\"sort_order\":\"X\"}`",
                "`{\"key\":\"YQ==\",\"limit\":null}`",
                "`\n{ \"key\" : \"\\u0059Q==\" }\n`",
            })
    void lenientInEveryWayTheGatewayIs(String text) throws JsonException {
        var read = RangeRequest.newBuilder();
        ApiJson.parseGateway(text, read);
        assertEquals(
                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8("a")).build(),
                read.build());
    }

    @ParameterizedTest
    @Tag("GW-04")
    @CsvSource({
        "5,5",
        "\"5\",5",
        "1.0,1",
        "1e2,100",
        "-1,-1",
        "9223372036854775807,9223372036854775807"
    })
    void integersComeInManyForms(String text, long value) throws JsonException {
        var read = RangeRequest.newBuilder();
        ApiJson.parseGateway("{\"limit\":" + text + "}", read);
        assertEquals(value, read.getLimit());
    }

    @Test
    @Tag("GW-04")
    void enumsComeByNameAndByNumber() throws JsonException {
        for (String order : List.of("\"DESCEND\"", "2", "2.0")) {
            var read = RangeRequest.newBuilder();
            ApiJson.parseGateway("{\"sortOrder\":" + order + "}", read);
            assertEquals(RangeRequest.SortOrder.DESCEND, read.getSortOrder());
        }
        var odd = RangeRequest.newBuilder();
        ApiJson.parseGateway("{\"sort_order\":7}", odd);
        assertEquals(7, odd.getSortOrderValue());
    }

    @ParameterizedTest
    @Tag("GW-09")
    @CsvSource(
            quoteCharacter = '`',
            delimiter = '|',
            value = {
                "{\"key\":\"YQ==\",\"limit\":\"1x\"}|proto: (line 1:23): invalid value for int64 field limit: \"1x\"",
                "{\"key\":5}|proto: (line 1:8): invalid value for bytes field key: 5",
                "{\"key\":\"!!\"}|proto: (line 1:8): invalid value for bytes field key: \"!!\"",
                "{\"key\":\"YQ==\",\"limit\":1.5}|proto: (line 1:23): invalid value for int64 field limit: 1.5",
                "{\"keysOnly\":\"true\"}|proto: (line 1:13): invalid value for bool field keysOnly: \"true\"",
                "{\"limit\":99999999999999999999}|proto: (line 1:10): invalid value for int64 field limit: 99999999999999999999",
                "{\"key\":\"YQ==\",\"key\":\"YQ==\"}|proto: (line 1:15): duplicate field \"key\"",
                "{\"key\":\"YQ==\",\"range_end\":\"AA==\",\"rangeEnd\":\"AA==\"}|proto: (line 1:34): duplicate field \"rangeEnd\"",
                "null|proto: syntax error (line 1:1): unexpected token null",
                "[|unexpected EOF",
            })
    void refusesInProtojsonsWords(String text, String message) {
        var refused =
                assertThrows(
                        JsonException.class,
                        () -> ApiJson.parseGateway(text, RangeRequest.newBuilder()));
        assertEquals(message, refused.getMessage());
    }

    @Test
    @Tag("GW-24")
    void twoOfAOneofAreRefused() {
        var refused =
                assertThrows(
                        JsonException.class,
                        () ->
                                ApiJson.parseGateway(
                                        "{\"create_request\":{},\"cancel_request\":{}}",
                                        WatchRequest.newBuilder()));
        assertEquals(
                "proto: (line 1:22): error parsing \"cancel_request\", oneof"
                        + " etcdserverpb.WatchRequest.request_union is already set",
                refused.getMessage());
    }

    @Test
    @Tag("GW-16")
    void bodiesHoldSeveralValues() throws JsonException {
        var values = new JsonValues(" {\"a\":1}\n{\"b\":[1, 2]}[]  ");
        assertEquals(Optional.of("{\"a\":1}"), values.next());
        assertEquals(Optional.of("{\"b\":[1, 2]}"), values.next());
        assertEquals(Optional.of("[]"), values.next());
        assertEquals(Optional.empty(), values.next());
        var broken = new JsonValues("{\"a\":1} x");
        assertEquals(Optional.of("{\"a\":1}"), broken.next());
        assertEquals(
                "invalid character 'x' looking for beginning of value",
                assertThrows(JsonException.class, broken::next).getMessage());
    }

    @Test
    void deepNestingIsRefusedNotAStackOverflow() {
        String deep = "[".repeat(200_000);
        assertThrows(JsonException.class, () -> new JsonValues(deep).next());
    }

    /** Replay with -Dseed=N. */
    @Test
    @Tag("GW-04")
    void everyMessageOfTheApiComesBackFromTheGatewayShape() throws JsonException {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        FileDescriptor rpc = RangeRequest.getDescriptor().getFile();
        for (Descriptor type : rpc.getMessageTypes()) {
            for (int i = 0; i < 30; i++) {
                Message message = random(type, random, 4);
                var read = DynamicMessage.newBuilder(type);
                ApiJson.parseGateway(ApiJson.gateway(message), read);
                assertEquals(message, read.build(), () -> "seed " + seed);
            }
        }
    }

    private static Message random(Descriptor type, Random random, int depth) {
        var message = DynamicMessage.newBuilder(type);
        for (FieldDescriptor field : type.getFields()) {
            if (random.nextBoolean()
                    || depth == 0 && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                continue;
            }
            if (field.isRepeated()) {
                for (int i = random.nextInt(3); i > 0; i--) {
                    message.addRepeatedField(field, value(field, random, depth));
                }
            } else {
                message.setField(field, value(field, random, depth));
            }
        }
        return message.build();
    }

    private static Object value(FieldDescriptor field, Random random, int depth) {
        return switch (field.getJavaType()) {
            case INT -> random.nextInt();
            case LONG -> random.nextLong();
            case BOOLEAN -> random.nextBoolean();
            case STRING -> text(random);
            case BYTE_STRING -> {
                byte[] bytes = new byte[random.nextInt(20)];
                random.nextBytes(bytes);
                yield ByteString.copyFrom(bytes);
            }
            case ENUM -> {
                EnumDescriptor type = field.getEnumType();
                yield type.findValueByNumberCreatingIfUnknown(random.nextInt(6));
            }
            case MESSAGE -> random(field.getMessageType(), random, depth - 1);
            case FLOAT, DOUBLE -> throw new AssertionError(field);
        };
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            int c = random.nextBoolean() ? random.nextInt(128) : random.nextInt(0x1_0000);
            text.append(Character.isSurrogate((char) c) ? '\u20ac' : (char) c);
        }
        return text.toString();
    }
}
