package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.EVERYTHING;
import static io.quorate.engine.grpc.Texts.all;
import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.bytes;
import static io.quorate.engine.grpc.Texts.delete;
import static io.quorate.engine.grpc.Texts.get;
import static io.quorate.engine.grpc.Texts.put;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.mvcc.KeyValue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;

/** Range, Put, DeleteRange and Compact as a client meets them. */
class KvServiceTest {
    private static final Status.Code INVALID = Status.Code.INVALID_ARGUMENT;
    private static final Status.Code OUT_OF_RANGE = Status.Code.OUT_OF_RANGE;
    private static final String NO_KEY = "etcdserver: key is not provided";
    private static final String BAD_SORT = "etcdserver: invalid sort option";
    private static final String COMPACTED =
            "etcdserver: mvcc: required revision has been compacted";
    private static final String FUTURE = "etcdserver: mvcc: required revision is a future revision";

    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("KV-20")
    @Tag("KV-22")
    @Tag("SE-09")
    @Tag("SE-27")
    @Tag("SE-28")
    @Tag("SE-32")
    void whatWasPutIsReadWithWhoAnsweredAndWhen() {
        PutResponse put = server.kv.put(put("k", "v"));
        RangeResponse range = server.kv.range(get("k"));

        ResponseHeader header = put.getHeader();
        assertEquals(server.node.clusterId(), header.getClusterId());
        assertEquals(server.node.memberId(), header.getMemberId());
        assertEquals(server.node.term(), header.getRaftTerm());
        assertNotEquals(0, header.getRaftTerm());
        assertEquals(2, header.getRevision());
        assertEquals(header, range.getHeader());
        assertEquals(
                List.of(
                        KeyValue.newBuilder()
                                .setKey(bytes("k"))
                                .setValue(bytes("v"))
                                .setCreateRevision(2)
                                .setModRevision(2)
                                .setVersion(1)
                                .build()),
                range.getKvsList());
        assertEquals(1, range.getCount());
        assertFalse(range.getMore());
    }

    @Test
    @Tag("KV-21")
    void aSerializableReadAnswersWithTheSameFields() {
        server.kv.put(put("k", "v"));
        assertEquals(
                server.kv.range(get("k")),
                server.kv.range(get("k").toBuilder().setSerializable(true).build()));
    }

    @Test
    @Tag("KV-02")
    @Tag("ER-01")
    void aRequestNeedsAKey() {
        assertRefused(INVALID, NO_KEY, () -> server.kv.range(RangeRequest.getDefaultInstance()));
        assertRefused(INVALID, NO_KEY, () -> server.kv.put(PutRequest.getDefaultInstance()));
        assertRefused(
                INVALID,
                NO_KEY,
                () -> server.kv.deleteRange(DeleteRangeRequest.getDefaultInstance()));
        assertRefused(
                INVALID,
                NO_KEY,
                () -> server.kv.rangeStream(RangeRequest.getDefaultInstance()).next());
    }

    @Test
    @Tag("KV-03")
    @Tag("ER-08")
    void sortsThatNobodyKnowsAreRefused() {
        RangeRequest.Builder range = get("k").toBuilder();
        assertRefused(INVALID, BAD_SORT, () -> server.kv.range(range.setSortOrderValue(3).build()));
        range.clearSortOrder();
        assertRefused(
                INVALID, BAD_SORT, () -> server.kv.range(range.setSortTargetValue(-1).build()));
    }

    @Test
    @Tag("KV-09")
    @Tag("KV-10")
    @Tag("KV-11")
    @Tag("KV-12")
    @Tag("KV-13")
    @Tag("KV-14")
    @Tag("KV-16")
    void allFieldsOfARangeReachTheState() {
        server.kv.put(put("a", "3"));
        server.kv.put(put("b", "2"));
        server.kv.put(put("c", "1"));
        server.kv.put(put("a", "4"));

        RangeResponse two = server.kv.range(all().toBuilder().setLimit(2).build());
        assertEquals("ab", keys(two));
        assertTrue(two.getMore());
        assertEquals(3, two.getCount());
        RangeRequest.Builder sorted =
                all().toBuilder().setSortTarget(RangeRequest.SortTarget.VALUE);
        assertEquals("cba", keys(server.kv.range(sorted.build())));
        sorted.setSortTarget(RangeRequest.SortTarget.MOD)
                .setSortOrder(RangeRequest.SortOrder.DESCEND);
        assertEquals("acb", keys(server.kv.range(sorted.build())));
        assertEquals("ac", keys(server.kv.range(all().toBuilder().setMinModRevision(4).build())));
        assertEquals("bc", keys(server.kv.range(all().toBuilder().setMaxModRevision(4).build())));
        assertEquals(
                "bc", keys(server.kv.range(all().toBuilder().setMinCreateRevision(3).build())));
        assertEquals(
                "ab", keys(server.kv.range(all().toBuilder().setMaxCreateRevision(3).build())));
        RangeResponse old = server.kv.range(get("a").toBuilder().setRevision(2).build());
        assertEquals(bytes("3"), old.getKvs(0).getValue());
        assertEquals(5, old.getHeader().getRevision());
        RangeResponse names = server.kv.range(all().toBuilder().setKeysOnly(true).build());
        assertEquals("abc", keys(names));
        assertEquals(ByteString.EMPTY, names.getKvs(0).getValue());
        RangeResponse count = server.kv.range(all().toBuilder().setCountOnly(true).build());
        assertEquals(0, count.getKvsCount());
        assertEquals(3, count.getCount());
    }

    @Test
    @Tag("KV-18")
    @Tag("KV-19")
    @Tag("KV-40")
    @Tag("KV-41")
    @Tag("KV-42")
    @Tag("KV-44")
    @Tag("ER-09")
    @Tag("ER-10")
    void compactionDrawsALineThatReadsCannotCross() {
        server.kv.put(put("k", "1"));
        server.kv.put(put("k", "2"));
        server.kv.put(put("k", "3"));
        CompactionRequest.Builder compact =
                CompactionRequest.newBuilder().setRevision(3).setPhysical(true);

        assertEquals(4, server.kv.compact(compact.build()).getHeader().getRevision());

        RangeRequest.Builder read = get("k").toBuilder();
        assertRefused(OUT_OF_RANGE, COMPACTED, () -> server.kv.range(read.setRevision(2).build()));
        assertEquals(bytes("2"), server.kv.range(read.setRevision(3).build()).getKvs(0).getValue());
        assertRefused(OUT_OF_RANGE, FUTURE, () -> server.kv.range(read.setRevision(5).build()));
        assertRefused(OUT_OF_RANGE, COMPACTED, () -> server.kv.compact(compact.build()));
        assertRefused(
                OUT_OF_RANGE, FUTURE, () -> server.kv.compact(compact.setRevision(9).build()));
    }

    @Test
    @Tag("KV-43")
    void theFirstCompactionMayBeOfNothing() {
        CompactionRequest nothing = CompactionRequest.getDefaultInstance();
        assertEquals(1, server.kv.compact(nothing).getHeader().getRevision());
        assertRefused(OUT_OF_RANGE, COMPACTED, () -> server.kv.compact(nothing));
    }

    @Test
    @Tag("KV-33")
    @Tag("KV-34")
    @Tag("KV-35")
    @Tag("ER-02")
    @Tag("ER-03")
    @Tag("ER-04")
    @Tag("ER-12")
    void putsThatContradictThemselvesAreRefused() {
        PutRequest.Builder put = put("k", "v").toBuilder();
        assertRefused(
                INVALID,
                "etcdserver: value is provided",
                () -> server.kv.put(put.setIgnoreValue(true).build()));
        put.clearValue();
        assertRefused(INVALID, "etcdserver: key not found", () -> server.kv.put(put.build()));
        put.clear().mergeFrom(put("k", "v"));
        assertRefused(
                INVALID,
                "etcdserver: lease is provided",
                () -> server.kv.put(put.setLease(7).setIgnoreLease(true).build()));
        assertRefused(
                INVALID,
                "etcdserver: key not found",
                () -> server.kv.put(put.clearLease().build()));
        assertRefused(
                Status.Code.NOT_FOUND,
                "etcdserver: requested lease not found",
                () -> server.kv.put(put.setLease(7).clearIgnoreLease().build()));
        assertEquals(1, server.kv.range(all()).getHeader().getRevision());
    }

    @Test
    @Tag("KV-32")
    @Tag("KV-33")
    @Tag("KV-37")
    void aPutTellsWhatWasBefore() {
        PutRequest.Builder put = put("k", "1").toBuilder().setPrevKv(true);
        assertFalse(server.kv.put(put.build()).hasPrevKv());
        put.clearValue().setIgnoreValue(true);
        assertEquals(bytes("1"), server.kv.put(put.build()).getPrevKv().getValue());
        KeyValue kept = server.kv.range(get("k")).getKvs(0);
        assertEquals(bytes("1"), kept.getValue());
        assertEquals(2, kept.getVersion());
        assertFalse(server.kv.put(put("k", "2")).hasPrevKv());
    }

    @Test
    @Tag("KV-38")
    @Tag("KV-39")
    void aDeletionTellsHowManyAndWhatTheyWere() {
        server.kv.put(put("a", "1"));
        server.kv.put(put("b", "2"));
        DeleteRangeRequest everything =
                DeleteRangeRequest.newBuilder()
                        .setKey(EVERYTHING)
                        .setRangeEnd(EVERYTHING)
                        .setPrevKv(true)
                        .build();

        DeleteRangeResponse first = server.kv.deleteRange(everything);
        DeleteRangeResponse second = server.kv.deleteRange(everything);

        assertEquals(2, first.getDeleted());
        assertEquals("ab", keys(first.getPrevKvsList()));
        assertEquals(4, first.getHeader().getRevision());
        assertEquals(0, second.getDeleted());
        assertEquals(4, second.getHeader().getRevision());
        assertEquals(0, server.kv.deleteRange(delete("a")).getPrevKvsCount());
    }

    @Test
    @Tag("SE-15")
    @Tag("SE-16")
    void keysAndValuesAreAnyBytes() {
        ByteString odd = ByteString.copyFrom(new byte[] {0, (byte) 0xff, (byte) 0xc0, 10});
        server.kv.put(PutRequest.newBuilder().setKey(odd).setValue(odd).build());
        KeyValue kv = server.kv.range(RangeRequest.newBuilder().setKey(odd).build()).getKvs(0);
        assertEquals(odd, kv.getKey());
        assertEquals(odd, kv.getValue());
    }

    @Test
    @Tag("SE-40")
    @Tag("ER-25")
    void aRequestAboveTheLimitIsRefusedAndChangesNothing() {
        ByteString large = ByteString.copyFrom(new byte[ServiceSettings.DEFAULT_MAX_REQUEST_BYTES]);
        PutRequest put = PutRequest.newBuilder().setKey(bytes("k")).setValue(large).build();
        assertRefused(INVALID, "etcdserver: request is too large", () -> server.kv.put(put));
        assertEquals(0, server.kv.range(get("k")).getCount());
    }

    @Test
    @Tag("ER-48")
    void aStoppedMemberSaysSo() {
        server.node.close();
        assertRefused(
                Status.Code.UNAVAILABLE,
                "etcdserver: server stopped",
                () -> server.kv.put(put("k", "v")));
        assertRefused(
                Status.Code.UNAVAILABLE,
                "etcdserver: server stopped",
                () -> server.kv.range(get("k")));
    }

    /** Without a network, so that the client is gone for certain when the read begins. */
    @Test
    @Tag("KV-24")
    @Tag("ER-62")
    void aReadForAClientThatHasGoneIsNotCarriedOut() {
        server.kv.put(put("k", "v"));
        KvService service =
                new KvService(
                        server.node,
                        new Callers(server.node, ServiceSettings.DEFAULT.certificateUser()),
                        ServiceSettings.DEFAULT,
                        new Answers(server.node),
                        new ReadTimes(server.metrics, System::nanoTime));
        Outcome outcome = new Outcome();
        Context.CancellableContext call = Context.current().withCancellation();
        call.cancel(null);

        call.run(() -> service.range(get("k"), outcome));
        assertEquals(Status.Code.CANCELLED, outcome.status.getCode());
        assertEquals("etcdserver: request canceled", outcome.status.getDescription());
        service.range(get("k"), outcome);
        assertEquals(Status.Code.OK, outcome.status.getCode());
    }

    /** An observer of a call whose server does not tell it of the client's end. */
    private static final class Outcome extends ServerCallStreamObserver<RangeResponse> {
        private Status status;

        @Override
        public void onNext(RangeResponse answer) {}

        @Override
        public void onError(Throwable failure) {
            status = Status.fromThrowable(failure);
        }

        @Override
        public void onCompleted() {
            status = Status.OK;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {}

        @Override
        public void setCompression(String compression) {}

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setOnReadyHandler(Runnable handler) {}

        @Override
        public void disableAutoInboundFlowControl() {}

        @Override
        public void request(int count) {}

        @Override
        public void setMessageCompression(boolean enable) {}
    }

    private static String keys(RangeResponse range) {
        return keys(range.getKvsList());
    }

    private static String keys(List<KeyValue> kvs) {
        StringBuilder keys = new StringBuilder();
        kvs.forEach(kv -> keys.append(kv.getKey().toStringUtf8()));
        return keys.toString();
    }
}
