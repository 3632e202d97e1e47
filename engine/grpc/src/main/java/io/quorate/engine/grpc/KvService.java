package io.quorate.engine.grpc;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.CompactionRequest;
import io.quorate.api.proto.CompactionResponse;
import io.quorate.api.proto.DeleteRangeRequest;
import io.quorate.api.proto.DeleteRangeResponse;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.PutResponse;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RangeStreamResponse;
import io.quorate.api.proto.TxnRequest;
import io.quorate.api.proto.TxnResponse;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.RangeQuery;
import io.quorate.engine.state.RequestChecks;
import io.quorate.engine.state.Result;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Keys and values (KV-*, TX-*). A request is checked, becomes a command or a query, and the result
 * becomes the answer; what a command means is decided by the state alone.
 */
final class KvService extends KVGrpc.KVImplBase {
    private final Node node;
    private final Callers callers;
    private final ServiceSettings settings;
    private final Answers answers;
    private final ReadTimes times;

    KvService(
            Node node,
            Callers callers,
            ServiceSettings settings,
            Answers answers,
            ReadTimes times) {
        this.node = node;
        this.callers = callers;
        this.settings = settings;
        this.answers = answers;
        this.times = times;
    }

    @Override
    public void range(RangeRequest request, StreamObserver<RangeResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    RangeQuery query = Requests.range(request);
                    RequestChecks.check(query);
                    BooleanSupplier abandoned = abandoned(observer);
                    return answers.range(
                            times.range(() -> {
                                awaitReadable(request.getSerializable());
                                return readAs(
                                        caller -> callers.auth().requireRead(caller, query),
                                        () ->
                                                times.search(() ->
                                                        node.state().range(query, abandoned)));
                            }));
                });
    }

    @Override
    public void rangeStream(RangeRequest request, StreamObserver<RangeStreamResponse> observer) {
        ServerCallStreamObserver<RangeStreamResponse> stream =
                (ServerCallStreamObserver<RangeStreamResponse>) observer;
        RangeStreaming streaming = new RangeStreaming(answers, stream);
        stream.setOnCancelHandler(() -> {});
        stream.setOnReadyHandler(streaming);
        try {
            RangeQuery query = Requests.range(request);
            RequestChecks.checkStream(query);
            awaitReadable(request.getSerializable());
            Caller caller = callers.current();
            callers.auth().requireRead(caller, query);
            streaming.begin(
                    node.state().rangeStream(query, settings.maxRequestBytes()),
                    () -> callers.auth().requireCurrent(caller));
        } catch (RuntimeException failure) {
            observer.onError(Failures.status(failure).asRuntimeException());
        }
    }

    @Override
    public void put(PutRequest request, StreamObserver<PutResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Command.Put put = Requests.put(request);
                    RequestChecks.check(put);
                    return answers.put((Result.Put) propose(put));
                });
    }

    @Override
    public void deleteRange(
            DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Command.DeleteRange delete = Requests.deleteRange(request);
                    RequestChecks.check(delete);
                    return answers.deleteRange((Result.DeleteRange) propose(delete));
                });
    }

    @Override
    public void txn(TxnRequest request, StreamObserver<TxnResponse> observer) {
        Unary.answer(observer, () -> answers.txn(txn(request)));
    }

    @Override
    public void compact(CompactionRequest request, StreamObserver<CompactionResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    callers.requireRoot();
                    return answers.compact(compact(Requests.compact(request)));
                });
    }

    /** TX-22: without a write in either branch the log has nothing to learn. */
    private Result.Txn txn(TxnRequest request) {
        Command.Txn txn = Requests.txn(request);
        RequestChecks.check(txn, settings.maxTxnOps());
        if (!RequestChecks.isReadOnly(txn)) {
            return (Result.Txn) propose(txn);
        }
        awaitReadable(Requests.serializable(request));
        return readAs(
                caller -> node.state().requirePermission(caller, txn),
                () -> times.readOnlyTxn(() -> node.state().txn(txn)));
    }

    private Result.Compact compact(Command.Compact compact) {
        Result.Compact result = (Result.Compact) propose(compact);
        if (compact.physical()) {
            node.state().compacted(compact.revision()).join();
        }
        return result;
    }

    private Result propose(Command command) {
        return node.propose(command, callers.current()).join();
    }

    /**
     * A read by who may. The check afterwards is for one who has lost his right meanwhile, and
     * whose read might have seen what came after that.
     */
    private <T> T readAs(Consumer<Caller> check, Supplier<T> read) {
        Caller caller = callers.current();
        check.accept(caller);
        T answer = read.get();
        callers.auth().requireCurrent(caller);
        return answer;
    }

    /**
     * KV-24. The context tells at once; the observer of some servers only when the call's thread is
     * free to hear it.
     */
    private static BooleanSupplier abandoned(StreamObserver<?> observer) {
        Context context = Context.current();
        ServerCallStreamObserver<?> call = (ServerCallStreamObserver<?>) observer;
        return () -> context.isCancelled() || call.isCancelled();
    }

    /** KV-21, KV-22. */
    private void awaitReadable(boolean serializable) {
        if (!serializable) {
            node.linearizablePoint().join();
        }
    }
}
