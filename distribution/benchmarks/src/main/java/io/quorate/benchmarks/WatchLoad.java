package io.quorate.benchmarks;

import com.google.protobuf.ByteString;

import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.WatchRequest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Many watchers of one key. A put is sent; when the last watcher has its event the next put
 * follows. Counted is the time from sending the put to each event, so {@code max} and the high
 * quantiles tell how long the fan-out took, and {@code calls/s} are events.
 */
final class WatchLoad implements Running {
    private static final ByteString KEY = ByteString.copyFromUtf8("watched");
    private static final int SECONDS_MAX = 60;

    private final MethodDescriptor<byte[], byte[]> put =
            Connections.unary(KVGrpc.getPutMethod().getFullMethodName());
    private final CompletableFuture<Void> failed = new CompletableFuture<>();
    private final List<Histogram> latencies = new ArrayList<>();
    private final AtomicInteger missing = new AtomicInteger();
    private final CountDownLatch created;
    private final Channel writer;
    private final byte[] request;
    private final int watchers;
    private volatile long sentNanos;
    private volatile boolean measuring;

    WatchLoad(int watchers, int valueBytes, Connections connections) throws IOException {
        this.watchers = watchers;
        created = new CountDownLatch(watchers);
        writer = connections.of(0);
        request =
                PutRequest.newBuilder()
                        .setKey(KEY)
                        .setValue(ByteString.copyFrom(new byte[valueBytes]))
                        .build()
                        .toByteArray();
        byte[] create =
                WatchRequest.newBuilder()
                        .setCreateRequest(WatchCreateRequest.newBuilder().setKey(KEY))
                        .build()
                        .toByteArray();
        MethodDescriptor<byte[], byte[]> watch =
                Connections.stream(WatchGrpc.getWatchMethod().getFullMethodName());
        List<StreamCall> streams = new ArrayList<>();
        for (int i = 0; i < connections.size(); i++) {
            Histogram mine = new Histogram();
            latencies.add(mine);
            streams.add(new StreamCall(connections.of(i), watch, a -> answered(mine), failed));
        }
        for (int i = 0; i < watchers; i++) {
            streams.get(i % streams.size()).send(create);
        }
        awaitCreated();
        next();
    }

    private void awaitCreated() throws IOException {
        try {
            if (!created.await(SECONDS_MAX, TimeUnit.SECONDS)) {
                throw new IOException(created.getCount() + " watches were not created");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** The first answers say "created"; then each is one event of one watcher. */
    private void answered(Histogram mine) {
        if (created.getCount() > 0) {
            created.countDown();
            return;
        }
        if (measuring) {
            synchronized (mine) {
                mine.record(System.nanoTime() - sentNanos);
            }
        }
        if (missing.decrementAndGet() == 0) {
            next();
        }
    }

    private void next() {
        missing.set(watchers);
        sentNanos = System.nanoTime();
        ClientCalls.asyncUnaryCall(
                writer.newCall(put, Connections.IN_READER), request, new Failures(failed));
    }

    @Override
    public void measure() {
        measuring = true;
    }

    @Override
    public Histogram end() {
        measuring = false;
        Histogram all = new Histogram();
        for (Histogram mine : latencies) {
            synchronized (mine) {
                all.add(mine);
            }
        }
        return all;
    }

    @Override
    public CompletableFuture<Void> failed() {
        return failed;
    }
}
