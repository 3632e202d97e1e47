package io.quorate.benchmarks;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients with one call under way each. Calls that end in the measured window count; those that the
 * server refuses because it has too many are counted apart, and their clients go on a little later.
 *
 * <p>In a closed loop a client sends the next call from the answer's callback, so the only client
 * threads are the connections' readers. A server that stalls is then asked less: what was not sent
 * meanwhile is missing from the latencies ("coordinated omission"), which {@code corrected} adds.
 *
 * <p>In an open loop calls are due at a steady rate, whatever the server does. A due call that
 * finds no idle client waits, and its latency begins when it was due. What is still waiting at the
 * end counts with the time it has waited. {@code from sending} is what a closed loop would say.
 */
final class Load implements Running {
    private static final int GRACE_SECONDS = 60;

    /** SE-26: the member applies more slowly than it commits. */
    private static final String TOO_MANY = "etcdserver: too many requests";

    private static final Executor LATER =
            CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS);

    private final Workload workload;
    private final String title;
    private final long total;
    private final double rate;
    private final List<Client> clients = new ArrayList<>();
    private final List<Tally> tallies = new ArrayList<>();
    private final CompletableFuture<Void> failed = new CompletableFuture<>();
    private final CompletableFuture<Void> idle = new CompletableFuture<>();
    private final AtomicInteger underWay = new AtomicInteger();
    private final AtomicLong measured = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong lastEndNanos = new AtomicLong();
    private final CompletableFuture<Void> reachedTotal = new CompletableFuture<>();

    /** Of an open loop; both are guarded by the first. */
    private final Deque<Client> free = new ArrayDeque<>();

    private final Deque<Long> waiting = new ArrayDeque<>();

    private volatile Phase phase = Phase.WARM_UP;
    private long lastGapNanos;

    private enum Phase {
        WARM_UP,
        MEASURE,
        STOP
    }

    /**
     * Begins with the warm-up.
     *
     * @param title as it is reported
     * @param total after so many calls it is finished; 0 = never
     */
    Load(Workload workload, String title, Setup setup, Connections connections, long total) {
        this.workload = workload;
        this.title = title;
        this.total = total;
        this.rate = setup.rate();
        workload.begin(connections, failed);
        Map<Channel, Tally> byChannel = new IdentityHashMap<>();
        for (int i = 0; i < setup.clients(); i++) {
            Channel channel = connections.of(i);
            Tally tally = byChannel.computeIfAbsent(channel, any -> new Tally(rate > 0));
            clients.add(new Client(channel, workload.script(i), tally));
        }
        tallies.addAll(byChannel.values());
        if (rate == 0) {
            underWay.set(clients.size());
            clients.forEach(client -> client.send(System.nanoTime()));
        } else {
            free.addAll(clients);
            Thread.ofPlatform().daemon().name("open-loop").start(this::sendWhatIsDue);
        }
    }

    private void sendWhatIsDue() {
        Pace pace = new Pace(rate, System.nanoTime());
        // The sender counts as one under way, so that nobody is idle before it has ended.
        underWay.incrementAndGet();
        for (long call = 0; phase != Phase.STOP; call++) {
            long due = pace.dueNanos(call);
            Pause.until(due);
            Client client;
            synchronized (free) {
                client = free.poll();
                if (client == null) waiting.add(due);
                else underWay.incrementAndGet();
            }
            if (client != null) client.send(due);
        }
        ended();
    }

    @Override
    public void measure() {
        lastEndNanos.set(System.nanoTime());
        workload.measure(true);
        phase = Phase.MEASURE;
    }

    @Override
    public Histogram end() {
        phase = Phase.STOP;
        long now = System.nanoTime();
        lastGapNanos = now - lastEndNanos.get();
        workload.measure(false);
        Histogram all = new Histogram();
        for (Tally tally : tallies) {
            synchronized (tally) {
                all.add(tally.fromDue);
            }
        }
        synchronized (free) {
            for (long due : waiting) all.record(Math.max(0, now - due));
        }
        return all;
    }

    @Override
    public Map<String, Histogram> details() {
        Map<String, Histogram> details = new LinkedHashMap<>(workload.details());
        if (rate > 0) {
            Histogram fromSending = new Histogram();
            for (Tally tally : tallies) {
                synchronized (tally) {
                    fromSending.add(tally.fromSending);
                }
            }
            details.put(title + ", from sending", fromSending);
        }
        return details;
    }

    /** The longest time in the window in which no client had an answer; after the end. */
    long longestGapNanos() {
        long longest = lastGapNanos;
        for (Tally tally : tallies) {
            synchronized (tally) {
                longest = Math.max(longest, tally.longestGapNanos);
            }
        }
        return longest;
    }

    @Override
    public long refused() {
        return refused.get();
    }

    @Override
    public CompletableFuture<Void> failed() {
        return failed;
    }

    @Override
    public CompletableFuture<Void> finished() {
        return reachedTotal;
    }

    @Override
    public int closedLoops() {
        return rate == 0 ? clients.size() : 0;
    }

    @Override
    public void drain() {
        idle.orTimeout(GRACE_SECONDS, TimeUnit.SECONDS).join();
    }

    private void ended() {
        if (underWay.decrementAndGet() == 0) idle.complete(null);
    }

    /**
     * What the clients of a connection saw; they are called by its reader, one after the other. One
     * for each client would be 60 MB with a thousand, which the tool's own collections then copy.
     */
    private static final class Tally {
        private final Histogram fromDue = new Histogram();
        private final Histogram fromSending; // null for closed loops
        private long longestGapNanos;

        Tally(boolean open) {
            fromSending = open ? new Histogram() : null;
        }
    }

    private final class Client implements StreamObserver<byte[]> {
        private final Channel channel;
        private final Workload.Script script;
        private final Tally tally;
        private long dueNanos;
        private long sentNanos;

        Client(Channel channel, Workload.Script script, Tally tally) {
            this.channel = channel;
            this.script = script;
            this.tally = tally;
        }

        void send(long dueNanos) {
            this.dueNanos = dueNanos;
            byte[] request = script.next();
            sentNanos = System.nanoTime();
            ClientCalls.asyncUnaryCall(
                    channel.newCall(script.method(), Connections.IN_READER), request, this);
        }

        @Override
        public void onNext(byte[] answer) {
            script.answered(answer);
        }

        @Override
        public void onError(Throwable cause) {
            if (TOO_MANY.equals(Status.fromThrowable(cause).getDescription())) {
                if (phase == Phase.MEASURE) refused.incrementAndGet();
                LATER.execute(this::goOn);
                return;
            }
            failed.completeExceptionally(cause);
            idle.completeExceptionally(cause);
        }

        @Override
        public void onCompleted() {
            if (phase == Phase.MEASURE) count(System.nanoTime());
            goOn();
        }

        private void goOn() {
            if (phase == Phase.STOP) ended();
            else if (rate == 0) send(System.nanoTime());
            else sendNextOrRest();
        }

        private void count(long now) {
            long gap = now - lastEndNanos.getAndSet(now);
            synchronized (tally) {
                tally.longestGapNanos = Math.max(tally.longestGapNanos, gap);
                if (rate == 0) {
                    tally.fromDue.record(now - sentNanos);
                } else {
                    tally.fromDue.record(Math.max(0, now - dueNanos));
                    tally.fromSending.record(now - sentNanos);
                }
            }
            if (measured.incrementAndGet() == total) reachedTotal.complete(null);
        }

        private void sendNextOrRest() {
            Long due;
            synchronized (free) {
                due = waiting.poll();
                if (due == null) free.add(this);
            }
            if (due == null) ended();
            else send(due);
        }
    }
}
