package io.quorate.engine.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.grpc.SendBatch;

import java.util.function.Supplier;

/**
 * How one request is answered with one message or one status.
 *
 * <p>Calls run on virtual threads of their own and wait there. The answer is sent from that thread
 * and never from the one that completes a future: sending may wait for a slow client, and whoever
 * completes futures applies the log for all clients.
 */
final class Unary {
    private Unary() {}

    static <A> void answer(StreamObserver<A> observer, Supplier<A> work) {
        // Without a handler, answering a client that has gone would throw.
        ((ServerCallStreamObserver<A>) observer).setOnCancelHandler(() -> {});
        A answer;
        try {
            answer = work.get();
        } catch (RuntimeException failure) {
            observer.onError(Failures.status(failure).asRuntimeException());
            return;
        }
        SendBatch.run(() -> {
            observer.onNext(answer);
            observer.onCompleted();
        });
    }
}
