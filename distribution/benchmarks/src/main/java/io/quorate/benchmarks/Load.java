package io.quorate.benchmarks;

import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A closed loop: each client has one call under way and sends the next from the answer's callback,
 * so the only client threads are the connections' readers. Calls that end in the measured window
 * count.
 */
final class Load {
    private static final int GRACE_SECONDS = 60;

    private final Options options;
    private final byte[][] requests;
    private final MethodDescriptor<byte[], byte[]> method;
    private final CompletableFuture<Void> failed = new CompletableFuture<>();
    private final AtomicLong measured = new AtomicLong();
    private final CountDownLatch reachedTotal = new CountDownLatch(1);
    private volatile Phase phase = Phase.WARM_UP;

    private enum Phase {
        WARM_UP,
        MEASURE,
        STOP
    }

    /**
     * What one workload gave.
     *
     * @param nanos length of the measured window
     * @param cpuNanos CPU time the server used in it
     */
    record Measurement(Histogram latencies, long nanos, long cpuNanos, long rssBytes) {
        double perSecond() {
            return latencies.count() * 1e9 / nanos;
        }

        double cpuMicrosPerCall() {
            return cpuNanos / 1e3 / Math.max(1, latencies.count());
        }
    }

    private Load(Options options, Workload workload) {
        this.options = options;
        this.requests = workload.requests(options);
        this.method = Connections.unary(workload.method());
    }

    static Measurement run(
            Options options, Workload workload, ServerProcess server, Connections connections)
            throws IOException {
        try {
            return new Load(options, workload).measure(server, connections);
        } catch (ExecutionException e) {
            throw new IOException("a call of " + workload.title() + " failed", e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new IOException(e);
        }
    }

    private Measurement measure(ServerProcess server, Connections connections)
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < options.clients(); i++) {
            clients.add(new Client(connections.of(i), i));
        }
        clients.forEach(Client::next);
        pass(options.warmUp().toNanos());
        long cpu = server.cpuNanos();
        long begin = System.nanoTime();
        phase = Phase.MEASURE;
        if (options.total() > 0) awaitTotal();
        else pass(options.duration().toNanos());
        phase = Phase.STOP;
        long nanos = System.nanoTime() - begin;
        cpu = server.cpuNanos() - cpu;
        Histogram all = new Histogram();
        for (Client client : clients) {
            all.add(client.done.get(GRACE_SECONDS, TimeUnit.SECONDS));
        }
        return new Measurement(all, nanos, cpu, server.residentBytes());
    }

    /** Lets the clients work for a while; ends at once when a call fails. */
    private void pass(long nanos) throws InterruptedException, ExecutionException {
        try {
            failed.get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException expected) {
            // No call has failed.
        }
    }

    private void awaitTotal() throws InterruptedException, ExecutionException {
        while (!reachedTotal.await(1, TimeUnit.SECONDS)) {
            if (failed.isDone()) failed.get();
        }
    }

    private final class Client implements StreamObserver<byte[]> {
        private final Channel channel;
        private final SplittableRandom random;
        private final Histogram latencies = new Histogram();
        private final CompletableFuture<Histogram> done = new CompletableFuture<>();
        private long sentNanos;

        Client(Channel channel, int seed) {
            this.channel = channel;
            this.random = new SplittableRandom(seed);
        }

        void next() {
            sentNanos = System.nanoTime();
            byte[] request = requests[random.nextInt(requests.length)];
            ClientCalls.asyncUnaryCall(
                    channel.newCall(method, Connections.IN_READER), request, this);
        }

        @Override
        public void onNext(byte[] answer) {}

        @Override
        public void onError(Throwable cause) {
            failed.completeExceptionally(cause);
            done.completeExceptionally(cause);
        }

        @Override
        public void onCompleted() {
            if (phase == Phase.MEASURE) {
                latencies.record(System.nanoTime() - sentNanos);
                if (measured.incrementAndGet() == options.total()) reachedTotal.countDown();
            }
            if (phase == Phase.STOP) done.complete(latencies);
            else next();
        }
    }
}
