package io.quorate.engine.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.Compare;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;

import org.junit.jupiter.api.function.Executable;

/** Short words for requests and for what must be refused. */
final class Texts {
    static final ByteString EVERYTHING = ByteString.copyFrom(new byte[] {0});

    private Texts() {}

    static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    static PutRequest put(String key, String value) {
        return PutRequest.newBuilder().setKey(bytes(key)).setValue(bytes(value)).build();
    }

    static RangeRequest get(String key) {
        return RangeRequest.newBuilder().setKey(bytes(key)).build();
    }

    static RangeRequest all() {
        return RangeRequest.newBuilder().setKey(EVERYTHING).setRangeEnd(EVERYTHING).build();
    }

    static DeleteRangeRequest delete(String key) {
        return DeleteRangeRequest.newBuilder().setKey(bytes(key)).build();
    }

    static RequestOp op(RangeRequest range) {
        return RequestOp.newBuilder().setRequestRange(range).build();
    }

    static RequestOp op(PutRequest put) {
        return RequestOp.newBuilder().setRequestPut(put).build();
    }

    static RequestOp op(DeleteRangeRequest delete) {
        return RequestOp.newBuilder().setRequestDeleteRange(delete).build();
    }

    static RequestOp op(TxnRequest txn) {
        return RequestOp.newBuilder().setRequestTxn(txn).build();
    }

    static TxnRequest then(RequestOp... ops) {
        return TxnRequest.newBuilder().addAllSuccess(java.util.List.of(ops)).build();
    }

    static Compare exists(String key) {
        return Compare.newBuilder()
                .setKey(bytes(key))
                .setTarget(Compare.CompareTarget.VERSION)
                .setResult(Compare.CompareResult.GREATER)
                .setVersion(0)
                .build();
    }

    static void assertRefused(Status.Code code, String text, Executable call) {
        StatusRuntimeException refusal = assertThrows(StatusRuntimeException.class, call);
        assertEquals(text, refusal.getStatus().getDescription());
        assertEquals(code, refusal.getStatus().getCode());
    }
}
