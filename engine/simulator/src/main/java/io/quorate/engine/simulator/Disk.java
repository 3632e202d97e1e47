package io.quorate.engine.simulator;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * What a machine keeps over a crash: its log and its state. One fsync of the log runs at a time and
 * covers what was written before it began. A crash keeps a prefix of what no fsync covers, of the
 * log and of the commits of the state, each chosen by itself.
 */
final class Disk {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000 * MICRO;
    private static final int LAZY_COMMITS_MAX = 512;

    private final Timeline timeline;
    private final RandomGenerator random;
    private final String name;
    private final Platter platter;
    private LogImage log = new LogImage();
    private final SimulatedLog.Pending pending = new SimulatedLog.Pending();
    // Oldest first: the durable state, those that are not, the last of them the present one.
    private final Deque<SimulatedStore.Root> states = new ArrayDeque<>();
    private Life life;
    private int inSync;
    private long sync;
    private long stalledUntil;
    // Null for nothing.
    private Timeline.Action uponWrite;

    Disk(Timeline timeline, RandomGenerator random, String name, Platter platter) {
        this.platter = platter;
        this.timeline = timeline;
        this.random = random;
        this.name = name;
        states.add(SimulatedStore.Root.EMPTY);
    }

    /** From now on this life uses the disk. */
    void mount(Life user) {
        life = user;
    }

    /** The durable log. */
    LogImage log() {
        return log;
    }

    SimulatedStore.Root state() {
        return states.getLast();
    }

    SimulatedStore.Root durableState() {
        return states.getFirst();
    }

    /** Nothing gets durable before then. */
    void stall(long nanos) {
        stalledUntil = timeline.now() + nanos;
    }

    /** The power fails. */
    void crash() {
        log = pending.crash(log, platter);
        inSync = 0;
        sync++;
        for (int lost = random.nextInt(states.size()); lost > 0; lost--) {
            states.removeLast();
        }
        while (states.size() > 1) {
            states.removeFirst();
        }
        life = null;
    }

    // ---- the log

    /** Does this soon after the next write to the log, most likely before it is durable. */
    void onNextWrite(Timeline.Action action) {
        uponWrite = action;
    }

    CompletableFuture<Void> write(LogImage.Op op) {
        CompletableFuture<Void> durable = pending.add(op);
        if (uponWrite != null) {
            timeline.after(random.nextLong(MILLI), uponWrite);
            uponWrite = null;
        }
        sync();
        return durable;
    }

    private void sync() {
        if (inSync == 0 && pending.size() > 0) {
            inSync = pending.size();
            timeline.after(latency(), new Synced(this, sync));
        }
    }

    private void synced() {
        List<CompletableFuture<Void>> done = pending.keep(inSync, log, platter);
        inSync = 0;
        sync++;
        timeline.after(0, life, new Completed(name, done));
        sync();
    }

    /** All that was written is durable on return. */
    void flush() {
        inSync = pending.size();
        synced();
    }

    private long latency() {
        long stalled = Math.max(0, stalledUntil - timeline.now());
        return stalled + 50 * MICRO + random.nextLong(2 * MILLI);
    }

    private record Synced(Disk disk, long sync) implements Timeline.Action {
        @Override
        public void run() {
            if (sync == disk.sync) {
                disk.synced();
            }
        }

        @Override
        public String toString() {
            return disk.name + ": log synced";
        }
    }

    private record Completed(String name, List<CompletableFuture<Void>> durable)
            implements Timeline.Action {
        @Override
        public void run() {
            durable.forEach(future -> future.complete(null));
        }

        @Override
        public String toString() {
            return name + ": " + durable.size() + " writes durable";
        }
    }

    // ---- the state

    void commit(SimulatedStore.Root next) {
        states.add(next);
        // Backends force by themselves at times.
        if (states.size() > LAZY_COMMITS_MAX || random.nextInt(64) == 0) {
            for (int forced = 1 + random.nextInt(states.size() - 1); forced > 0; forced--) {
                states.removeFirst();
            }
        }
    }

    CompletableFuture<Void> forceState() {
        CompletableFuture<Void> durable = new CompletableFuture<>();
        timeline.after(5 * latency(), life, new Forced(this, state(), durable));
        return durable;
    }

    private record Forced(Disk disk, SimulatedStore.Root state, CompletableFuture<Void> durable)
            implements Timeline.Action {
        @Override
        public void run() {
            // Other forces, or an install, may have got further meanwhile.
            while (disk.states.contains(state) && disk.durableState() != state) {
                disk.states.removeFirst();
            }
            durable.complete(null);
        }

        @Override
        public String toString() {
            return disk.name + ": state durable at " + state.applied().index();
        }
    }

    void install(SimulatedStore.Root installed) {
        states.clear();
        states.add(installed);
    }
}
