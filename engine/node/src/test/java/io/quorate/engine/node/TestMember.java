package io.quorate.engine.node;

import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.KeyValue;
import io.quorate.engine.state.RangeQuery;
import io.quorate.engine.state.RangeResult;
import io.quorate.engine.state.Result;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/** A member whose clock and ticks are in the hands of the test. */
final class TestMember implements AutoCloseable {
    static final NodeConfig CONFIG =
            NodeConfig.single(
                    "default",
                    List.of("http://localhost:2379"),
                    List.of("http://localhost:2380"),
                    "etcd-cluster");

    private static final AtomicLong WALL_MILLIS = new AtomicLong(1_700_000_000_000L);

    final MetricRegistry metrics = new MetricRegistry();
    final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    final Node node;

    private final AtomicLong nanos = new AtomicLong(1);
    private Runnable ticks;

    TestMember(RaftLog log, StateStore store) {
        this(CONFIG, log, store);
    }

    TestMember(NodeConfig config, RaftLog log, StateStore store) {
        this(config, log, store, Workers.threads());
    }

    TestMember(NodeConfig config, RaftLog log, StateStore store, Workers workers) {
        Ticker ticker =
                (period, tick) -> {
                    ticks = tick;
                    return () -> {};
                };
        // Each life of a member starts at another time, as in reality.
        Instant start = Instant.ofEpochMilli(WALL_MILLIS.addAndGet(1000));
        InstantSource wall = InstantSource.fixed(start);
        node =
                Node.start(
                        config,
                        ClusterSettings.ALONE,
                        log,
                        store,
                        metrics,
                        failure::complete,
                        new NodeRuntime(
                                nanos::get,
                                wall,
                                ticker,
                                RandomGenerator.of("L64X128MixRandom"),
                                workers));
    }

    static NodeConfig checkpointEvery(long snapshotCount, long catchUpEntries) {
        return new NodeConfig(
                CONFIG.name(),
                CONFIG.clientUrls(),
                CONFIG.peerUrls(),
                CONFIG.initialCluster(),
                CONFIG.token(),
                snapshotCount,
                catchUpEntries,
                CONFIG.logBytesMax(),
                CONFIG.tick(),
                CONFIG.electionTicks(),
                CONFIG.maxRequestBytes(),
                CONFIG.preVote(),
                CONFIG.leaseCheckpoint());
    }

    static NodeConfig named(String name, Map<String, List<String>> initialCluster, String token) {
        return new NodeConfig(
                name,
                CONFIG.clientUrls(),
                initialCluster.getOrDefault(name, List.of()),
                initialCluster,
                token,
                CONFIG.snapshotCount(),
                CONFIG.catchUpEntries(),
                CONFIG.logBytesMax(),
                CONFIG.tick(),
                CONFIG.electionTicks(),
                CONFIG.maxRequestBytes(),
                CONFIG.preVote(),
                CONFIG.leaseCheckpoint());
    }

    /** Waits until the member has published itself. */
    TestMember ready() {
        await(node.ready());
        return this;
    }

    void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
        ticks.run();
    }

    void tick() {
        ticks.run();
    }

    CompletableFuture<Result> put(String key, String value) {
        return node.propose(putCommand(key, value));
    }

    static Command.Put putCommand(String key, String value) {
        return new Command.Put(bytes(key), bytes(value), 0, false, false, false);
    }

    /** The key as a linearizable read sees it, or null. */
    KeyValue get(String key) {
        await(node.linearizablePoint());
        return getLocally(key);
    }

    KeyValue getLocally(String key) {
        List<KeyValue> found = range(bytes(key), new byte[0]).kvs();
        return found.isEmpty() ? null : found.getFirst();
    }

    RangeResult all() {
        await(node.linearizablePoint());
        return range(new byte[] {0}, new byte[] {0});
    }

    private RangeResult range(byte[] from, byte[] to) {
        return node.state()
                .range(
                        new RangeQuery(
                                from,
                                to,
                                0,
                                0,
                                RangeQuery.Order.NONE,
                                RangeQuery.SortTarget.KEY,
                                false,
                                false,
                                0,
                                0,
                                0,
                                0));
    }

    String metricsText() {
        StringBuilder out = new StringBuilder();
        try {
            metrics.text(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString();
    }

    @Override
    public void close() {
        node.close();
    }

    static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("no outcome", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new AssertionError(e.getCause());
        }
    }

    /** The error that a future ends with. */
    static EtcdError refusal(CompletableFuture<?> future) {
        try {
            throw new AssertionError("not refused: " + await(future));
        } catch (EtcdException e) {
            return e.error();
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
