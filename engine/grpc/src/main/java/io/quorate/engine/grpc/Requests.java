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
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.RangeQuery;

import java.util.ArrayList;
import java.util.List;

/**
 * Messages into commands. Each method refuses what can be refused without looking at the state, in
 * etcd's order: when a request has two faults, clients are told the same one (KV-02, KV-03, KV-33,
 * KV-34, TX-02 to TX-08, TX-13).
 */
final class Requests {
    private Requests() {}

    static RangeQuery range(RangeRequest request) {
        refuseIf(request.getKey().isEmpty(), EtcdError.KEY_NOT_PROVIDED);
        refuseIf(
                request.getSortOrder() == RangeRequest.SortOrder.UNRECOGNIZED
                        || request.getSortTarget() == RangeRequest.SortTarget.UNRECOGNIZED,
                EtcdError.INVALID_SORT_OPTION);
        return new RangeQuery(
                Bytes.of(request.getKey()),
                Bytes.of(request.getRangeEnd()),
                request.getLimit(),
                request.getRevision(),
                order(request.getSortOrder()),
                target(request.getSortTarget()),
                request.getKeysOnly(),
                request.getCountOnly(),
                request.getMinModRevision(),
                request.getMaxModRevision(),
                request.getMinCreateRevision(),
                request.getMaxCreateRevision());
    }

    static Command.Put put(PutRequest request) {
        refuseIf(request.getKey().isEmpty(), EtcdError.KEY_NOT_PROVIDED);
        refuseIf(
                request.getIgnoreValue() && !request.getValue().isEmpty(),
                EtcdError.VALUE_PROVIDED);
        refuseIf(request.getIgnoreLease() && request.getLease() != 0, EtcdError.LEASE_PROVIDED);
        return new Command.Put(
                Bytes.of(request.getKey()),
                Bytes.of(request.getValue()),
                request.getLease(),
                request.getPrevKv(),
                request.getIgnoreValue(),
                request.getIgnoreLease());
    }

    static Command.DeleteRange deleteRange(DeleteRangeRequest request) {
        refuseIf(request.getKey().isEmpty(), EtcdError.KEY_NOT_PROVIDED);
        return new Command.DeleteRange(
                Bytes.of(request.getKey()), Bytes.of(request.getRangeEnd()), request.getPrevKv());
    }

    static Command.Compact compact(CompactionRequest request) {
        return new Command.Compact(request.getRevision(), request.getPhysical());
    }

    /**
     * @param opsMax most compares, and most operations of either branch; what one level takes is
     *     gone for those nested in it (TX-03)
     */
    static Command.Txn txn(TxnRequest request, int opsMax) {
        int ops =
                Math.max(
                        request.getCompareCount(),
                        Math.max(request.getSuccessCount(), request.getFailureCount()));
        refuseIf(ops > opsMax, EtcdError.TOO_MANY_OPS);
        List<Command.Compare> compares = new ArrayList<>(request.getCompareCount());
        for (io.quorate.api.proto.Compare compare : request.getCompareList()) {
            compares.add(compare(compare));
        }
        return new Command.Txn(
                compares,
                ops(request.getSuccessList(), opsMax - ops),
                ops(request.getFailureList(), opsMax - ops));
    }

    /** Whether a transaction changes nothing whatever its compares say (TX-22). */
    static boolean readOnly(TxnRequest request) {
        return request.getSuccessList().stream().allMatch(RequestOp::hasRequestRange)
                && request.getFailureList().stream().allMatch(RequestOp::hasRequestRange);
    }

    /** Whether a read-only transaction is content with this member's state (TX-22). */
    static boolean serializable(TxnRequest request) {
        return request.getSuccessList().stream().allMatch(Requests::serializable)
                && request.getFailureList().stream().allMatch(Requests::serializable);
    }

    private static boolean serializable(RequestOp op) {
        return op.getRequestRange().getSerializable();
    }

    private static List<Command.Op> ops(List<RequestOp> requests, int opsMax) {
        List<Command.Op> ops = new ArrayList<>(requests.size());
        for (RequestOp request : requests) {
            ops.add(op(request, opsMax));
        }
        return ops;
    }

    private static Command.Op op(RequestOp request, int opsMax) {
        return switch (request.getRequestCase()) {
            case REQUEST_RANGE -> new Command.RangeOp(range(request.getRequestRange()));
            case REQUEST_PUT -> new Command.PutOp(put(request.getRequestPut()));
            case REQUEST_DELETE_RANGE ->
                    new Command.DeleteRangeOp(deleteRange(request.getRequestDeleteRange()));
            case REQUEST_TXN -> new Command.TxnOp(txn(request.getRequestTxn(), opsMax));
            case REQUEST_NOT_SET -> throw EtcdError.KEY_NOT_FOUND.exception();
        };
    }

    private static Command.Compare compare(io.quorate.api.proto.Compare compare) {
        refuseIf(compare.getKey().isEmpty(), EtcdError.KEY_NOT_PROVIDED);
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

    private static RangeQuery.Order order(RangeRequest.SortOrder order) {
        return switch (order) {
            case NONE -> RangeQuery.Order.NONE;
            case ASCEND -> RangeQuery.Order.ASCEND;
            case DESCEND -> RangeQuery.Order.DESCEND;
            case UNRECOGNIZED -> throw EtcdError.INVALID_SORT_OPTION.exception();
        };
    }

    private static RangeQuery.SortTarget target(RangeRequest.SortTarget target) {
        return switch (target) {
            case KEY -> RangeQuery.SortTarget.KEY;
            case VERSION -> RangeQuery.SortTarget.VERSION;
            case CREATE -> RangeQuery.SortTarget.CREATE;
            case MOD -> RangeQuery.SortTarget.MOD;
            case VALUE -> RangeQuery.SortTarget.VALUE;
            case UNRECOGNIZED -> throw EtcdError.INVALID_SORT_OPTION.exception();
        };
    }

    private static void refuseIf(boolean wrong, EtcdError error) {
        if (wrong) {
            throw error.exception();
        }
    }
}
