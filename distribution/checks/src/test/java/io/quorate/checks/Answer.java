package io.quorate.checks;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.CompactionResponse;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.HashKVResponse;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseLeasesResponse;
import io.quorate.api.proto.LeaseRevokeResponse;
import io.quorate.api.proto.LeaseStatus;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RangeStreamResponse;
import io.quorate.api.proto.RequestOp;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.api.proto.ResponseOp;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.api.proto.mvcc.KeyValue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What a server answered, in the form in which two servers must agree byte for byte.
 *
 * <p>Taken out, because two right servers differ in it: {@code cluster_id}, {@code member_id} and
 * {@code raft_term} of headers, the remaining TTL of a lease, the order of leases in a list and of
 * the keys of a lease, the order among equals of a sorted range (row KV-15) together with the
 * choice of them that a limit makes, the sizes of the pieces of a streamed range, and the words of
 * gRPC's own refusal of a message that is too large.
 */
record Answer(String code, String text) {
    private static final int SECONDS_MAX = 60;

    /** Sends {@code operation}; the returned call is complete when the server has answered. */
    static CompletableFuture<Answer> of(EtcdClient client, Operation operation) {
        return switch (operation) {
            case Operation.Range(var request) ->
                    unary(client.kv.range(request), answer -> canonical(request, answer));
            case Operation.RangeStream(var request) -> stream(client, request);
            case Operation.Put(var request) -> unary(client.kv.put(request), Answer::canonical);
            case Operation.Delete(var request) ->
                    unary(client.kv.deleteRange(request), Answer::canonical);
            case Operation.Txn(var request) ->
                    unary(client.kv.txn(request), answer -> canonical(request, answer));
            case Operation.Compact(var request) ->
                    unary(client.kv.compact(request), Answer::canonical);
            case Operation.Grant(var request) ->
                    unary(client.lease.leaseGrant(request), Answer::canonical);
            case Operation.Revoke(var request) ->
                    unary(client.lease.leaseRevoke(request), Answer::canonical);
            case Operation.TimeToLive(var request) ->
                    unary(client.lease.leaseTimeToLive(request), Answer::canonical);
            case Operation.Leases(var request) ->
                    unary(client.lease.leaseLeases(request), Answer::canonical);
            case Operation.HashKv(var request) ->
                    unary(client.maintenance.hashKV(request), Answer::canonical);
        };
    }

    boolean ok() {
        return code.equals("OK");
    }

    /** The revision of the answer's header, or 0 when there is none. */
    long revision() {
        var found = java.util.regex.Pattern.compile("^header \\{ revision: (\\d+)").matcher(text);
        return found.find() ? Long.parseLong(found.group(1)) : 0;
    }

    @Override
    public String toString() {
        return code + " " + text;
    }

    private static Answer ok(Message message) {
        return new Answer("OK", print(message));
    }

    /** One line of text; two messages print alike exactly when they are equal. */
    static String print(Message message) {
        return TextFormat.printer().emittingSingleLine(true).printToString(message);
    }

    static Answer failed(Throwable cause) {
        Status status = Status.fromThrowable(cause);
        boolean ofTheLibrary =
                status.getCode() == Status.Code.RESOURCE_EXHAUSTED
                        && !String.valueOf(status.getDescription()).startsWith("etcdserver: ");
        return new Answer(
                status.getCode().name(),
                ofTheLibrary ? "(refused by gRPC)" : String.valueOf(status.getDescription()));
    }

    private static <T extends Message> CompletableFuture<Answer> unary(
            ListenableFuture<T> call, java.util.function.Function<T, Message> canonical) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        call.addListener(
                () -> {
                    try {
                        answer.complete(ok(canonical.apply(call.get())));
                    } catch (ExecutionException e) {
                        answer.complete(failed(e.getCause()));
                    } catch (InterruptedException | RuntimeException e) {
                        answer.completeExceptionally(e);
                    }
                },
                Runnable::run);
        return answer.orTimeout(SECONDS_MAX, TimeUnit.SECONDS);
    }

    private static CompletableFuture<Answer> stream(EtcdClient client, RangeRequest request) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        client.kvAsync.rangeStream(
                request,
                new StreamObserver<RangeStreamResponse>() {
                    private final RangeResponse.Builder merged = RangeResponse.newBuilder();
                    private int headers;

                    @Override
                    public void onNext(RangeStreamResponse piece) {
                        if (piece.getRangeResponse().hasHeader()) headers++;
                        merged.mergeFrom(piece.getRangeResponse());
                    }

                    @Override
                    public void onError(Throwable cause) {
                        answer.complete(failed(cause));
                    }

                    @Override
                    public void onCompleted() {
                        Answer whole = ok(canonical(request, merged.build()));
                        answer.complete(new Answer("OK", whole.text + " headers: " + headers));
                    }
                });
        return answer.orTimeout(SECONDS_MAX, TimeUnit.SECONDS);
    }

    private static ResponseHeader canonical(ResponseHeader header) {
        return header.toBuilder().clearClusterId().clearMemberId().clearRaftTerm().build();
    }

    private static PutResponse canonical(PutResponse answer) {
        return answer.toBuilder().setHeader(canonical(answer.getHeader())).build();
    }

    private static DeleteRangeResponse canonical(DeleteRangeResponse answer) {
        return answer.toBuilder().setHeader(canonical(answer.getHeader())).build();
    }

    private static CompactionResponse canonical(CompactionResponse answer) {
        return answer.toBuilder().setHeader(canonical(answer.getHeader())).build();
    }

    private static LeaseGrantResponse canonical(LeaseGrantResponse answer) {
        return answer.toBuilder().setHeader(canonical(answer.getHeader())).build();
    }

    private static LeaseRevokeResponse canonical(LeaseRevokeResponse answer) {
        return answer.toBuilder().setHeader(canonical(answer.getHeader())).build();
    }

    private static HashKVResponse canonical(HashKVResponse answer) {
        return answer.toBuilder().setHeader(canonical(answer.getHeader())).build();
    }

    private static LeaseTimeToLiveResponse canonical(LeaseTimeToLiveResponse answer) {
        List<ByteString> keys = new ArrayList<>(answer.getKeysList());
        keys.sort(ByteString.unsignedLexicographicalComparator());
        return answer.toBuilder()
                .setHeader(canonical(answer.getHeader()))
                .setTTL(Math.min(answer.getTTL(), 0))
                .clearKeys()
                .addAllKeys(keys)
                .build();
    }

    private static LeaseLeasesResponse canonical(LeaseLeasesResponse answer) {
        List<LeaseStatus> leases = new ArrayList<>(answer.getLeasesList());
        leases.sort(Comparator.comparingLong(LeaseStatus::getID));
        return answer.toBuilder()
                .setHeader(canonical(answer.getHeader()))
                .clearLeases()
                .addAllLeases(leases)
                .build();
    }

    private static TxnResponse canonical(TxnRequest request, TxnResponse answer) {
        TxnResponse.Builder canonical = answer.toBuilder();
        if (answer.hasHeader()) canonical.setHeader(canonical(answer.getHeader()));
        List<RequestOp> taken =
                answer.getSucceeded() ? request.getSuccessList() : request.getFailureList();
        // An answer of another length than its branch is left as it is: it differs by itself.
        for (int i = 0; i < Math.min(taken.size(), answer.getResponsesCount()); i++) {
            RequestOp op = taken.get(i);
            ResponseOp.Builder inner = canonical.getResponsesBuilder(i);
            if (op.hasRequestRange() && inner.hasResponseRange()) {
                inner.setResponseRange(canonical(op.getRequestRange(), inner.getResponseRange()));
            } else if (op.hasRequestTxn() && inner.hasResponseTxn()) {
                inner.setResponseTxn(canonical(op.getRequestTxn(), inner.getResponseTxn()));
            }
        }
        return canonical.build();
    }

    static RangeResponse canonical(RangeRequest request, RangeResponse answer) {
        RangeResponse.Builder canonical = answer.toBuilder();
        if (answer.hasHeader()) canonical.setHeader(canonical(answer.getHeader()));
        if (request.getSortTarget() == RangeRequest.SortTarget.KEY) return canonical.build();
        canonical.clearKvs().addAllKvs(equalsByKey(request, answer));
        return canonical.build();
    }

    /**
     * The pairs with equals of the sort target ordered by key; of the equals that a limit cut
     * through only the target is kept.
     */
    private static List<KeyValue> equalsByKey(RangeRequest request, RangeResponse answer) {
        List<KeyValue> pairs = answer.getKvsList();
        List<KeyValue> canonical = new ArrayList<>();
        for (int from = 0; from < pairs.size(); ) {
            Object target = target(request, pairs.get(from));
            int to = from;
            while (to < pairs.size() && target(request, pairs.get(to)).equals(target)) to++;
            List<KeyValue> equals = new ArrayList<>(pairs.subList(from, to));
            if (to == pairs.size() && answer.getMore()) {
                equals.replaceAll(pair -> onlyTarget(request, pair));
            } else {
                equals.sort(
                        Comparator.comparing(
                                KeyValue::getKey, ByteString.unsignedLexicographicalComparator()));
            }
            canonical.addAll(equals);
            from = to;
        }
        return canonical;
    }

    private static Object target(RangeRequest request, KeyValue pair) {
        return switch (request.getSortTarget()) {
            case VERSION -> pair.getVersion();
            case CREATE -> pair.getCreateRevision();
            case MOD -> pair.getModRevision();
            // With keys_only the values sorted by are not in the answer: all are equals.
            case VALUE -> pair.getValue();
            case KEY, UNRECOGNIZED -> pair.getKey();
        };
    }

    private static KeyValue onlyTarget(RangeRequest request, KeyValue pair) {
        return switch (request.getSortTarget()) {
            case VERSION -> KeyValue.newBuilder().setVersion(pair.getVersion()).build();
            case CREATE ->
                    KeyValue.newBuilder().setCreateRevision(pair.getCreateRevision()).build();
            case MOD -> KeyValue.newBuilder().setModRevision(pair.getModRevision()).build();
            case VALUE -> KeyValue.newBuilder().setValue(pair.getValue()).build();
            case KEY, UNRECOGNIZED -> pair;
        };
    }

    /** The answer, or a failed test when it does not come. */
    static Answer await(CompletableFuture<Answer> call, String who, Operation operation) {
        try {
            return call.get();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } catch (ExecutionException e) {
            boolean late = e.getCause() instanceof TimeoutException;
            String what = late ? "no answer after " + SECONDS_MAX + " s" : "broken answer";
            throw new AssertionError(who + ": " + what + " to " + print(operation.request()), e);
        }
    }
}
