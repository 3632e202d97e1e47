package io.quorate.benchmarks;

import io.grpc.stub.StreamObserver;

import java.util.concurrent.CompletableFuture;

/**
 * For calls of which only a failure matters.
 *
 * @param failed completed with it
 */
record Failures(CompletableFuture<Void> failed) implements StreamObserver<byte[]> {
    @Override
    public void onNext(byte[] answer) {}

    @Override
    public void onError(Throwable cause) {
        failed.completeExceptionally(cause);
    }

    @Override
    public void onCompleted() {}
}
