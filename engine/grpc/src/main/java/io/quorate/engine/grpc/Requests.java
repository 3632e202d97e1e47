package io.quorate.engine.grpc;

import com.google.protobuf.Message;

import io.grpc.Status;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.RangeQuery;

import java.util.ArrayList;
import java.util.List;

/**
 * Messages into commands. What a request may hold is {@link io.quorate.engine.state.RequestChecks}'
 * to say; only numbers that no command could carry are refused here.
 */
final class Requests {
    private static final Command.Op EMPTY = new Command.EmptyOp();

    private Requests() {}

    /**
     * @throws io.quorate.engine.state.EtcdException for an unknown sort (KV-03)
     */
    static RangeQuery range(RangeRequest request) {
        return new RangeQuery(
                Bytes.of(request.getKey()),
                Bytes.of(request.getRangeEnd()),
                request.getLimit(),
                request.getRevision(),
                RangeQuery.Order.of(request.getSortOrderValue()),
                RangeQuery.SortTarget.of(request.getSortTargetValue()),
                request.getKeysOnly(),
                request.getCountOnly(),
                request.getMinModRevision(),
                request.getMaxModRevision(),
                request.getMinCreateRevision(),
                request.getMaxCreateRevision());
    }

    static Command.Put put(PutRequest request) {
        return new Command.Put(
                Bytes.of(request.getKey()),
                Bytes.of(request.getValue()),
                request.getLease(),
                request.getPrevKv(),
                request.getIgnoreValue(),
                request.getIgnoreLease());
    }

    static Command.DeleteRange deleteRange(DeleteRangeRequest request) {
        return new Command.DeleteRange(
                Bytes.of(request.getKey()), Bytes.of(request.getRangeEnd()), request.getPrevKv());
    }

    static Command.Compact compact(CompactionRequest request) {
        return new Command.Compact(request.getRevision(), request.getPhysical());
    }

    /**
     * @throws io.quorate.engine.state.EtcdException for an unknown sort (KV-03)
     */
    static Command.Txn txn(TxnRequest request) {
        List<Command.Compare> compares = new ArrayList<>(request.getCompareCount());
        for (io.quorate.api.proto.Compare compare : request.getCompareList()) {
            compares.add(compare(compare));
        }
        return new Command.Txn(
                compares, ops(request.getSuccessList()), ops(request.getFailureList()));
    }

    /** Whether a transaction of ranges is content with this member's state (TX-22). */
    static boolean serializable(TxnRequest request) {
        return request.getSuccessList().stream().allMatch(Requests::serializable)
                && request.getFailureList().stream().allMatch(Requests::serializable);
    }

    private static boolean serializable(RequestOp op) {
        return op.getRequestRange().getSerializable();
    }

    private static List<Command.Op> ops(List<RequestOp> requests) {
        List<Command.Op> ops = new ArrayList<>(requests.size());
        for (RequestOp request : requests) {
            ops.add(op(request));
        }
        return ops;
    }

    private static Command.Op op(RequestOp request) {
        return switch (request.getRequestCase()) {
            case REQUEST_RANGE -> new Command.RangeOp(range(request.getRequestRange()));
            case REQUEST_PUT -> new Command.PutOp(put(request.getRequestPut()));
            case REQUEST_DELETE_RANGE ->
                    new Command.DeleteRangeOp(deleteRange(request.getRequestDeleteRange()));
            case REQUEST_TXN -> new Command.TxnOp(txn(request.getRequestTxn()));
            case REQUEST_NOT_SET -> EMPTY;
        };
    }

    private static Command.Compare compare(io.quorate.api.proto.Compare compare) {
        return new Command.Compare(
                Bytes.of(compare.getKey()),
                Bytes.of(compare.getRangeEnd()),
                target(compare),
                relation(compare),
                number(compare),
                Bytes.of(compare.getValue()));
    }

    /** The getters of an unset member of a union answer 0, which is what TX-14 wants. */
    private static long number(io.quorate.api.proto.Compare compare) {
        return switch (compare.getTarget()) {
            case VERSION -> compare.getVersion();
            case CREATE -> compare.getCreateRevision();
            case MOD -> compare.getModRevision();
            case LEASE -> compare.getLease();
            case VALUE, UNRECOGNIZED -> 0;
        };
    }

    private static Command.Target target(io.quorate.api.proto.Compare compare) {
        return switch (compare.getTarget()) {
            case VERSION -> Command.Target.VERSION;
            case CREATE -> Command.Target.CREATE;
            case MOD -> Command.Target.MOD;
            case VALUE -> Command.Target.VALUE;
            case LEASE -> Command.Target.LEASE;
            case UNRECOGNIZED -> throw unknown("target", compare.getTargetValue(), compare);
        };
    }

    private static Command.Relation relation(io.quorate.api.proto.Compare compare) {
        return switch (compare.getResult()) {
            case EQUAL -> Command.Relation.EQUAL;
            case GREATER -> Command.Relation.GREATER;
            case LESS -> Command.Relation.LESS;
            case NOT_EQUAL -> Command.Relation.NOT_EQUAL;
            case UNRECOGNIZED -> throw unknown("result", compare.getResultValue(), compare);
        };
    }

    /**
     * etcd takes a compare whose numbers it does not know for one that holds, so that a client
     * newer than the server has its write done unconditionally. That is refused here.
     */
    private static RuntimeException unknown(String field, int number, Message message) {
        return Status.INVALID_ARGUMENT
                .withDescription(
                        message.getDescriptorForType().getFullName()
                                + "."
                                + field
                                + " "
                                + number
                                + " is not known to this server; use one of those in its API")
                .asRuntimeException();
    }
}
