package io.quorate.benchmarks;

import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/** So many calls in order of their numbers, some of them under way at any time. */
final class Loop {
    private final Connections connections;
    private final MethodDescriptor<byte[], byte[]> method;
    private final long count;
    private final int clients;
    private final LongFunction<byte[]> request;
    private final AtomicLong next = new AtomicLong();

    Loop(
            Connections connections,
            MethodDescriptor<byte[], byte[]> method,
            long count,
            int clients,
            LongFunction<byte[]> request) {
        this.connections = connections;
        this.method = method;
        this.count = count;
        this.clients = clients;
        this.request = request;
    }

    Histogram run() {
        Client[] all = new Client[clients];
        for (int i = 0; i < clients; i++) all[i] = new Client(connections.of(i));
        for (Client client : all) client.next();
        Histogram latencies = new Histogram();
        for (Client client : all) latencies.add(client.done.join());
        return latencies;
    }

    private final class Client implements StreamObserver<byte[]> {
        private final Channel channel;
        private final Histogram latencies = new Histogram();
        private final CompletableFuture<Histogram> done = new CompletableFuture<>();
        private long sentNanos;

        Client(Channel channel) {
            this.channel = channel;
        }

        void next() {
            long i = next.getAndIncrement();
            if (i >= count) {
                done.complete(latencies);
                return;
            }
            byte[] message = request.apply(i);
            sentNanos = System.nanoTime();
            ClientCalls.asyncUnaryCall(
                    channel.newCall(method, Connections.IN_READER), message, this);
        }

        @Override
        public void onNext(byte[] answer) {}

        @Override
        public void onError(Throwable cause) {
            done.completeExceptionally(cause);
        }

        @Override
        public void onCompleted() {
            latencies.record(System.nanoTime() - sentNanos);
            next();
        }
    }
}
