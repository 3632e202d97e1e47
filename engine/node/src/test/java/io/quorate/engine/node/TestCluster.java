package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.engine.metrics.MetricRegistry;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.KeyValue;
import io.quorate.engine.state.Member;
import io.quorate.engine.state.RangeQuery;
import io.quorate.engine.state.Result;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageProvider;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * Several replicas in one process, with real threads and short ticks, over a {@link TestNetwork}.
 *
 * <p>All get their ticks together, and the next when they have taken the last and heard what it
 * made the others send. So on a machine that is short of processors their time passes more slowly,
 * and no leader is taken for lost that only waits for its turn.
 */
final class TestCluster implements AutoCloseable {
    private static final Duration TICK = Duration.ofMillis(20);
    private static final long PATIENCE_NANOS = Duration.ofSeconds(60).toNanos();

    /** Time goes on without one who takes no tick for so long. */
    private static final long TICK_SECONDS_MAX = 5;

    final TestNetwork network = new TestNetwork();
    final Map<String, Replica> replicas = new TreeMap<>();
    private final Map<String, List<String>> initial;
    private final long snapshotCount;
    private final long catchUpEntries;
    private boolean forceNewCluster;
    private volatile boolean timeStands;
    private final Map<Replica, Runnable> ticking = new ConcurrentHashMap<>();
    private final ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory());

    private TestCluster(
            Map<String, List<String>> initial, long snapshotCount, long catchUpEntries) {
        this.initial = initial;
        this.snapshotCount = snapshotCount;
        this.catchUpEntries = catchUpEntries;
        long nanos = TICK.toNanos();
        clock.scheduleWithFixedDelay(this::tick, nanos, nanos, TimeUnit.NANOSECONDS);
    }

    private void tick() {
        if (timeStands) return;
        ticking.values().forEach(Runnable::run);
        // To the others, and their answers back.
        for (int way = 0; way < 2; way++) {
            // What a turn makes a member send leaves it after the turn has looked at all events.
            settled(replica -> replica.node.inspect());
            settled(replica -> replica.node.inspect());
            settled(replica -> network.arrivals(replica.id()));
        }
    }

    /** Waits for something of each member that gets ticks; for who stops meanwhile it may fail. */
    private void settled(Function<Replica, CompletableFuture<?>> step) {
        ticking.keySet().stream()
                .filter(replica -> replica.node != null)
                .map(step)
                .toList()
                .forEach(future ->
                        future.handle((done, stopped) -> null)
                                .completeOnTimeout(null, TICK_SECONDS_MAX, TimeUnit.SECONDS)
                                .join());
    }

    /** Members a, b, c … in the heap, ready. */
    static TestCluster of(int members) {
        return of(members, NodeConfig.DEFAULT_SNAPSHOT_COUNT);
    }

    /**
     * @param snapshotCount entries after which the log is cut, with next to nothing kept
     */
    static TestCluster of(int members, long snapshotCount) {
        TestCluster cluster = unstarted(members, snapshotCount);
        cluster.foundInMemory();
        return cluster;
    }

    /**
     * @param catchUpEntries that stay when the log is cut
     */
    static TestCluster cutting(int members, long snapshotCount, long catchUpEntries) {
        TestCluster cluster = unstarted(members, snapshotCount, catchUpEntries);
        cluster.foundInMemory();
        return cluster;
    }

    private void foundInMemory() {
        initial.keySet().forEach(name -> start(name, memory(), null));
        awaitReady();
    }

    /** As {@link #of}, for members that the caller starts. */
    static TestCluster unstarted(int members, long snapshotCount) {
        return unstarted(
                members,
                snapshotCount,
                snapshotCount == NodeConfig.DEFAULT_SNAPSHOT_COUNT
                        ? NodeConfig.DEFAULT_CATCH_UP_ENTRIES
                        : 1);
    }

    private static TestCluster unstarted(int members, long snapshotCount, long catchUpEntries) {
        Map<String, List<String>> initial = new TreeMap<>();
        for (int i = 0; i < members; i++) {
            initial.put(String.valueOf((char) ('a' + i)), List.of("http://member:" + (100 + i)));
        }
        return new TestCluster(initial, snapshotCount, catchUpEntries);
    }

    /** No member gets a tick any more. */
    void stopTicks() {
        timeStands = true;
    }

    void awaitReady() {
        replicas.values().forEach(r -> TestMember.await(r.node.ready()));
    }

    static StorageProvider memory() {
        return new MemoryStorageProvider();
    }

    /** Starts a founding member on the storage given. */
    Replica start(String name, StorageProvider storage, Path directory) {
        return start(name, log(storage, directory), state(storage, directory));
    }

    /** Starts a founding member on log and state given. */
    Replica start(String name, RaftLog log, StateStore state) {
        return start(name, initial.get(name), log, state, Optional.empty());
    }

    /** Starts one that goes on alone with what it has. */
    Replica startForced(String name, StorageProvider storage, Path directory) {
        forceNewCluster = true;
        try {
            return start(name, storage, directory);
        } finally {
            forceNewCluster = false;
        }
    }

    static RaftLog log(StorageProvider storage, Path directory) {
        return storage.openLog(TestStorage.env(part(directory, "log")));
    }

    static StateStore state(StorageProvider storage, Path directory) {
        return storage.openState(TestStorage.env(part(directory, "state")));
    }

    private static Path part(Path directory, String name) {
        if (directory == null) {
            return null;
        }
        try {
            return Files.createDirectories(directory.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a member that was added at run time. */
    Replica join(Member added, String name, StorageProvider storage, Path directory) {
        RunningCluster running =
                new RunningCluster(leader().node.clusterId(), leader().node.state().members());
        return start(
                name,
                added.peerUrls(),
                log(storage, directory),
                state(storage, directory),
                Optional.of(running));
    }

    private Replica start(
            String name,
            List<String> peerUrls,
            RaftLog log,
            StateStore state,
            Optional<RunningCluster> running) {
        Replica replica = new Replica(name, peerUrls, log, state, running);
        replicas.put(name, replica);
        return replica;
    }

    /** The one that leads with a majority; waits for it. */
    Replica leader() {
        List<Replica> found = new ArrayList<>();
        until(() -> {
            found.clear();
            replicas.values().stream().filter(this::leadsMajority).forEach(found::add);
            return found.size() == 1;
        });
        return found.getFirst();
    }

    /** The one that leads once somebody else than this one does. */
    Replica leaderOtherThan(Replica old) {
        until(() -> leader() != old);
        return leader();
    }

    private boolean leadsMajority(Replica candidate) {
        long followers =
                replicas.values().stream()
                        .filter(r -> r.node.leader() == candidate.id())
                        .filter(r -> r.node.term() == candidate.node.term())
                        .count();
        long voters = candidate.node.state().members().stream().filter(m -> !m.learner()).count();
        return candidate.node.leader() == candidate.id() && followers > voters / 2;
    }

    /** Any but the leader. */
    List<Replica> followers() {
        Replica leader = leader();
        return replicas.values().stream().filter(r -> r != leader).toList();
    }

    /** Waits for something that is going to be true. */
    static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("it did not become so");
            }
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
    }

    /** Waits until all have applied the same, and tells whether they hold the same keys (T24). */
    boolean allAgree() {
        long last = leader().node.committedIndex();
        until(() -> replicas.values().stream().allMatch(r -> r.node.appliedIndex() >= last));
        return replicas.values().stream().map(r -> r.node.state().hashKv(0)).distinct().count()
                == 1;
    }

    @Override
    public void close() {
        List.copyOf(replicas.values()).forEach(Replica::close);
        clock.shutdown();
        network.close();
    }

    /** One member. */
    final class Replica implements AutoCloseable {
        final String name;
        final MetricRegistry metrics = new MetricRegistry();
        final CompletableFuture<Throwable> failure = new CompletableFuture<>();
        final CompletableFuture<Void> removed = new CompletableFuture<>();
        final RaftLog log;
        final Node node;

        private Replica(
                String name,
                List<String> peerUrls,
                RaftLog log,
                StateStore state,
                Optional<RunningCluster> running) {
            this.name = name;
            this.log = log;
            NodeConfig config =
                    new NodeConfig(
                            name,
                            List.of("http://client-of-" + name + ":2379"),
                            peerUrls,
                            initial,
                            "test",
                            snapshotCount,
                            catchUpEntries,
                            NodeConfig.DEFAULT_LOG_BYTES_MAX,
                            TICK,
                            NodeConfig.DEFAULT_ELECTION_TICKS,
                            NodeConfig.DEFAULT_MAX_REQUEST_BYTES,
                            true,
                            false);
            ClusterSettings settings =
                    new ClusterSettings(
                            Optional.of(network.port()), false, 1, running, forceNewCluster, false);
            node =
                    Node.start(
                            config,
                            settings,
                            log,
                            state,
                            metrics,
                            new NodeListener() {
                                @Override
                                public void failed(Throwable cause) {
                                    failure.complete(cause);
                                }

                                @Override
                                public void removed() {
                                    removed.complete(null);
                                }
                            },
                            new NodeRuntime(
                                    System::nanoTime,
                                    InstantSource.system(),
                                    this::startTicks,
                                    RandomGenerator.getDefault(),
                                    Workers.threads()));
        }

        private Ticker.Handle startTicks(Duration period, Runnable tick) {
            assertEquals(TICK, period);
            ticking.put(this, tick);
            return () -> ticking.remove(this);
        }

        long id() {
            return node.memberId();
        }

        /**
         * The value of a row of the metrics, 0 when it is not there.
         *
         * @param row with its labels
         */
        double metric(String row) {
            StringBuilder page = new StringBuilder();
            try {
                metrics.text(page);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return page.toString()
                    .lines()
                    .filter(line -> line.startsWith(row + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(row.length() + 1)))
                    .findFirst()
                    .orElse(0);
        }

        CompletableFuture<Result> put(String key, String value) {
            return node.propose(TestMember.putCommand(key, value));
        }

        /** The value by a linearizable read; null for none. */
        String get(String key) {
            TestMember.await(node.linearizablePoint());
            return getLocally(key);
        }

        String getLocally(String key) {
            List<KeyValue> found = range(TestMember.bytes(key), new byte[0]);
            return found.isEmpty() ? null : TestMember.text(found.getFirst().value());
        }

        List<KeyValue> range(String from, String to) {
            return range(TestMember.bytes(from), TestMember.bytes(to));
        }

        private List<KeyValue> range(byte[] from, byte[] to) {
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
                                    0))
                    .kvs();
        }

        long revision() {
            return node.state().revision();
        }

        Member add(String url, boolean learner) {
            Member member =
                    new Member(
                            MemberIds.joiningMember(List.of(url), System.nanoTime()),
                            "",
                            List.of(url),
                            List.of(),
                            learner);
            TestMember.await(node.reconfigure(new Command.MemberAdd(member)));
            return member;
        }

        @Override
        public void close() {
            replicas.remove(name, this);
            node.close();
        }
    }
}
