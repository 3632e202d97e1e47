package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.EVERYTHING;
import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.bytes;
import static io.quorate.engine.grpc.Texts.delete;
import static io.quorate.engine.grpc.Texts.exists;
import static io.quorate.engine.grpc.Texts.get;
import static io.quorate.engine.grpc.Texts.op;
import static io.quorate.engine.grpc.Texts.put;
import static io.quorate.engine.grpc.Texts.then;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.ResponseOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.Collections;

/** Transactions as a client meets them. */
class KvTxnTest {
    private static final Status.Code INVALID = Status.Code.INVALID_ARGUMENT;
    private static final String TOO_MANY = "etcdserver: too many operations in txn request";
    private static final String DUPLICATE = "etcdserver: duplicate key given in txn request";
    private static final String NO_KEY = "etcdserver: key is not provided";

    private final TestServer server = new TestServer(ServiceSettings.DEFAULT);

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("TX-01")
    @Tag("TX-16")
    @Tag("TX-17")
    @Tag("TX-19")
    @Tag("TX-23")
    @Tag("SE-29")
    void operationsAreAnsweredInOrderUnderOneRevision() {
        server.kv.put(put("gone", "x"));
        TxnRequest nested = then(op(put("c", "3")));
        TxnResponse txn =
                server.kv.txn(
                        then(op(put("a", "1")), op(get("a")), op(delete("gone")), op(nested)));

        assertTrue(txn.getSucceeded());
        assertEquals(3, txn.getHeader().getRevision());
        assertEquals(server.node.memberId(), txn.getHeader().getMemberId());
        ResponseHeader revisionAlone = ResponseHeader.newBuilder().setRevision(3).build();
        ResponseOp put = txn.getResponses(0);
        assertEquals(revisionAlone, put.getResponsePut().getHeader());
        ResponseOp range = txn.getResponses(1);
        assertEquals(revisionAlone, range.getResponseRange().getHeader());
        assertEquals(bytes("1"), range.getResponseRange().getKvs(0).getValue());
        ResponseOp delete = txn.getResponses(2);
        assertEquals(revisionAlone, delete.getResponseDeleteRange().getHeader());
        assertEquals(1, delete.getResponseDeleteRange().getDeleted());
        TxnResponse inner = txn.getResponses(3).getResponseTxn();
        assertTrue(inner.hasHeader());
        assertEquals(ResponseHeader.getDefaultInstance(), inner.getHeader());
        assertEquals(revisionAlone, inner.getResponses(0).getResponsePut().getHeader());
        assertEquals(4, txn.getResponsesCount());
    }

    @Test
    @Tag("TX-09")
    @Tag("TX-10")
    @Tag("TX-11")
    @Tag("TX-12")
    @Tag("TX-14")
    void comparesReachTheState() {
        server.kv.put(put("k", "v"));
        Compare.Builder compare = Compare.newBuilder().setKey(bytes("k"));
        assertTrue(holds(compare.setTarget(Compare.CompareTarget.VALUE).setValue(bytes("v"))));
        assertFalse(holds(compare.setResult(Compare.CompareResult.NOT_EQUAL)));
        assertTrue(holds(compare.setResult(Compare.CompareResult.LESS).setValue(bytes("w"))));
        assertTrue(holds(compare.setResult(Compare.CompareResult.GREATER).setValue(bytes("u"))));
        compare.setResult(Compare.CompareResult.EQUAL);
        assertTrue(holds(compare.setTarget(Compare.CompareTarget.CREATE).setCreateRevision(2)));
        assertTrue(holds(compare.setTarget(Compare.CompareTarget.MOD).setModRevision(2)));
        assertTrue(holds(compare.setTarget(Compare.CompareTarget.VERSION).setVersion(1)));
        assertTrue(holds(compare.setTarget(Compare.CompareTarget.LEASE).setLease(0)));
        // Of another member of the union, so it counts as 0.
        assertFalse(holds(compare.setTarget(Compare.CompareTarget.VERSION)));
        server.kv.put(put("l", "v"));
        compare.setKey(EVERYTHING).setRangeEnd(EVERYTHING).setVersion(1);
        assertTrue(holds(compare));
        server.kv.put(put("l", "v"));
        assertFalse(holds(compare));
    }

    private boolean holds(Compare.Builder compare) {
        return server.kv.txn(TxnRequest.newBuilder().addCompare(compare).build()).getSucceeded();
    }

    @Test
    void aCompareThatIsNotKnownDoesNotHoldByAccident() {
        TxnRequest.Builder txn = TxnRequest.newBuilder().addSuccess(op(put("k", "v")));
        txn.addCompareBuilder().setKey(bytes("k")).setResultValue(9);
        assertRefused(
                INVALID,
                "etcdserverpb.Compare.result 9 is not known to this server; use one of those in"
                        + " its API",
                () -> server.kv.txn(txn.build()));
        txn.getCompareBuilder(0).clearResult().setTargetValue(8);
        assertRefused(
                INVALID,
                "etcdserverpb.Compare.target 8 is not known to this server; use one of those in"
                        + " its API",
                () -> server.kv.txn(txn.build()));
        assertEquals(0, server.kv.range(get("k")).getCount());
    }

    @Test
    @Tag("TX-02")
    @Tag("TX-03")
    @Tag("TX-04")
    @Tag("SE-43")
    @Tag("ER-05")
    void theBudgetOfOperationsHoldsForEachBranchAndForWhatIsNested() {
        TxnRequest full =
                TxnRequest.newBuilder()
                        .addAllSuccess(Collections.nCopies(128, op(get("k"))))
                        .addAllFailure(Collections.nCopies(128, op(get("k"))))
                        .addAllCompare(Collections.nCopies(128, exists("k")))
                        .build();
        assertEquals(128, server.kv.txn(full).getResponsesCount());
        assertRefused(
                INVALID,
                TOO_MANY,
                () -> server.kv.txn(full.toBuilder().addCompare(exists("k")).build()));
        assertRefused(
                INVALID,
                TOO_MANY,
                () -> server.kv.txn(full.toBuilder().addFailure(op(get("k"))).build()));
        RequestOp[] nested = Collections.nCopies(127, op(get("k"))).toArray(RequestOp[]::new);
        assertTrue(server.kv.txn(then(op(then(nested)))).getSucceeded());
        assertRefused(INVALID, TOO_MANY, () -> server.kv.txn(then(op(then(nested)), op(get("k")))));
    }

    @Test
    @Tag("TX-05")
    @Tag("TX-06")
    @Tag("TX-24")
    @Tag("ER-06")
    void aKeyIsChangedOnceOnEveryPath() {
        assertRefused(
                INVALID,
                DUPLICATE,
                () -> server.kv.txn(then(op(put("k", "1")), op(put("k", "2")))));
        assertRefused(
                INVALID, DUPLICATE, () -> server.kv.txn(then(op(put("k", "1")), op(delete("k")))));
        assertRefused(
                INVALID,
                DUPLICATE,
                () -> server.kv.txn(then(op(put("k", "1")), op(then(op(put("k", "2")))))));
        TxnRequest exclusive =
                TxnRequest.newBuilder()
                        .addSuccess(op(put("k", "1")))
                        .addFailure(op(put("k", "2")))
                        .build();
        assertTrue(server.kv.txn(exclusive).getSucceeded());
    }

    @Test
    @Tag("KV-02")
    @Tag("KV-03")
    @Tag("TX-08")
    @Tag("TX-13")
    @Tag("TX-20")
    @Tag("TX-21")
    void oneBadOperationRefusesTheWholeTransaction() {
        RequestOp good = op(put("good", "v"));
        assertRefused(INVALID, NO_KEY, () -> server.kv.txn(then(good, op(put("", "v")))));
        assertRefused(INVALID, NO_KEY, () -> server.kv.txn(then(good, op(get("")))));
        assertRefused(INVALID, NO_KEY, () -> server.kv.txn(then(good, op(delete("")))));
        assertRefused(
                INVALID,
                NO_KEY,
                () ->
                        server.kv.txn(
                                TxnRequest.newBuilder()
                                        .addSuccess(good)
                                        .addCompare(exists(""))
                                        .build()));
        assertRefused(
                INVALID,
                "etcdserver: key not found",
                () -> server.kv.txn(then(good, RequestOp.getDefaultInstance())));
        RangeRequest.Builder range = get("k").toBuilder();
        assertRefused(
                INVALID,
                "etcdserver: invalid sort option",
                () -> server.kv.txn(then(good, op(range.setSortOrderValue(7).build()))));
        assertRefused(
                Status.Code.OUT_OF_RANGE,
                "etcdserver: mvcc: required revision is a future revision",
                () ->
                        server.kv.txn(
                                then(good, op(range.clearSortOrder().setRevision(99).build()))));
        assertRefused(
                Status.Code.NOT_FOUND,
                "etcdserver: requested lease not found",
                () -> server.kv.txn(then(good, op(put("k", "v").toBuilder().setLease(1).build()))));
        assertEquals(1, server.kv.range(get("good")).getHeader().getRevision());
    }

    @Test
    @Tag("TX-18")
    @Tag("TX-22")
    @Tag("TX-25")
    void readsAreNotWrittenToTheLog() {
        server.kv.put(put("k", "v"));
        long committed = server.node.committedIndex();
        RangeRequest local = get("k").toBuilder().setSerializable(true).build();

        TxnResponse read = server.kv.txn(then(op(get("k")), op(get("none"))));
        TxnResponse localRead = server.kv.txn(then(op(local)));
        TxnResponse empty = server.kv.txn(TxnRequest.getDefaultInstance());

        assertEquals(2, read.getHeader().getRevision());
        assertEquals(1, read.getResponses(0).getResponseRange().getCount());
        assertEquals(1, localRead.getResponses(0).getResponseRange().getCount());
        assertTrue(empty.getSucceeded());
        assertEquals(0, empty.getResponsesCount());
        assertEquals(committed, server.node.committedIndex());
        // A nested transaction counts as a write, whatever it holds.
        server.kv.txn(then(op(then(op(get("k"))))));
        assertEquals(committed + 1, server.node.committedIndex());
    }

    @Test
    @Tag("TX-27")
    void kubernetesUpdatesInOneRoundTrip() {
        long created = server.kv.put(put("pod", "1")).getHeader().getRevision();
        TxnRequest update =
                TxnRequest.newBuilder()
                        .addCompare(
                                Compare.newBuilder()
                                        .setKey(bytes("pod"))
                                        .setTarget(Compare.CompareTarget.MOD)
                                        .setModRevision(created))
                        .addSuccess(op(put("pod", "2")))
                        .addFailure(op(get("pod")))
                        .build();

        TxnResponse first = server.kv.txn(update);
        TxnResponse second = server.kv.txn(update);

        assertTrue(first.getSucceeded());
        assertEquals(created + 1, first.getHeader().getRevision());
        assertFalse(second.getSucceeded());
        assertEquals(created + 1, second.getHeader().getRevision());
        assertEquals(bytes("2"), second.getResponses(0).getResponseRange().getKvs(0).getValue());
    }
}
