package io.quorate.engine.grpc;

import io.quorate.api.proto.CompactionResponse;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.ResponseOp;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.RangeResult;
import io.quorate.engine.state.Result;

/** Results into messages. */
final class Answers {
    private final Node node;

    Answers(Node node) {
        this.node = node;
    }

    /** Who answers, at which term, with the store's revision (SE-27, SE-28). */
    ResponseHeader header(long revision) {
        return ResponseHeader.newBuilder()
                .setClusterId(node.clusterId())
                .setMemberId(node.memberId())
                .setRaftTerm(node.term())
                .setRevision(revision)
                .build();
    }

    RangeResponse range(RangeResult result) {
        return range(result, header(result.revision()));
    }

    PutResponse put(Result.Put result) {
        return put(result, header(result.revision()));
    }

    DeleteRangeResponse deleteRange(Result.DeleteRange result) {
        return deleteRange(result, header(result.revision()));
    }

    TxnResponse txn(Result.Txn result) {
        return txn(result, header(result.revision()));
    }

    CompactionResponse compact(Result.Compact result) {
        return CompactionResponse.newBuilder().setHeader(header(result.revision())).build();
    }

    /** The keys alone. */
    static RangeResponse.Builder keys(RangeResult result) {
        RangeResponse.Builder response = RangeResponse.newBuilder();
        for (io.quorate.engine.state.KeyValue kv : result.kvs()) {
            response.addKvs(keyValue(kv));
        }
        return response;
    }

    private static RangeResponse range(RangeResult result, ResponseHeader header) {
        return keys(result)
                .setHeader(header)
                .setMore(result.more())
                .setCount(result.count())
                .build();
    }

    private static PutResponse put(Result.Put result, ResponseHeader header) {
        PutResponse.Builder response = PutResponse.newBuilder().setHeader(header);
        if (result.previous() != null) {
            response.setPrevKv(keyValue(result.previous()));
        }
        return response.build();
    }

    private static DeleteRangeResponse deleteRange(
            Result.DeleteRange result, ResponseHeader header) {
        DeleteRangeResponse.Builder response =
                DeleteRangeResponse.newBuilder().setHeader(header).setDeleted(result.deleted());
        for (io.quorate.engine.state.KeyValue kv : result.previous()) {
            response.addPrevKvs(keyValue(kv));
        }
        return response.build();
    }

    private static TxnResponse txn(Result.Txn result, ResponseHeader header) {
        TxnResponse.Builder response =
                TxnResponse.newBuilder().setHeader(header).setSucceeded(result.succeeded());
        for (Result.OpResult op : result.results()) {
            response.addResponses(op(op));
        }
        return response.build();
    }

    /**
     * TX-19: inside a transaction a header tells the revision alone, and that of a nested one
     * nothing.
     */
    private static ResponseOp op(Result.OpResult result) {
        ResponseOp.Builder op = ResponseOp.newBuilder();
        return switch (result) {
            case Result.RangeOpResult(var range) ->
                    op.setResponseRange(range(range, revisionAlone(range.revision()))).build();
            case Result.PutOpResult(var put) ->
                    op.setResponsePut(put(put, revisionAlone(put.revision()))).build();
            case Result.DeleteRangeOpResult(var delete) ->
                    op.setResponseDeleteRange(deleteRange(delete, revisionAlone(delete.revision())))
                            .build();
            case Result.TxnOpResult(var txn) ->
                    op.setResponseTxn(txn(txn, ResponseHeader.getDefaultInstance())).build();
        };
    }

    private static ResponseHeader revisionAlone(long revision) {
        return ResponseHeader.newBuilder().setRevision(revision).build();
    }

    static KeyValue keyValue(io.quorate.engine.state.KeyValue kv) {
        return KeyValue.newBuilder()
                .setKey(Bytes.of(kv.key()))
                .setCreateRevision(kv.createRevision())
                .setModRevision(kv.modRevision())
                .setVersion(kv.version())
                .setValue(Bytes.of(kv.value()))
                .setLease(kv.lease())
                .build();
    }
}
