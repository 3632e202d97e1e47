package io.quorate.benchmarks;

import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** An open stream whose answers are told in the connection's reader. */
final class StreamCall extends ClientCall.Listener<byte[]> {
    private final ClientCall<byte[], byte[]> call;
    private final Consumer<byte[]> answered;
    private final CompletableFuture<Void> failed;

    StreamCall(
            Channel channel,
            MethodDescriptor<byte[], byte[]> method,
            Consumer<byte[]> answered,
            CompletableFuture<Void> failed) {
        this.call = channel.newCall(method, Connections.IN_READER);
        this.answered = answered;
        this.failed = failed;
        call.start(this, new Metadata());
        call.request(Integer.MAX_VALUE);
    }

    void send(byte[] request) {
        call.sendMessage(request);
    }

    @Override
    public void onMessage(byte[] answer) {
        answered.accept(answer);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        // Also when the server ends it well: these streams end with their connection.
        failed.completeExceptionally(status.asRuntimeException());
    }
}
