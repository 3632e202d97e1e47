package io.quorate.engine.node;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StorageException;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.random.RandomGenerator;

/**
 * A log in the heap whose disk can stall, fail and lose power. It remembers every operation; a
 * crash replays the durable ones and a random number of those after.
 */
final class SimulatedLog implements RaftLog {
    private final List<Op> ops = new ArrayList<>();
    private final List<LogEntry> entries = new ArrayList<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final ExecutorService disk =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    private int durableOps;
    private long durableIndex;
    private Identity identity;
    private HardState hardState = HardState.EMPTY;
    private long baseIndex;
    private long baseTerm;
    private boolean held;
    private StorageException failure;
    private boolean closed;

    /** The log as a crash at this moment may leave it. */
    synchronized SimulatedLog crash(RandomGenerator random) {
        SimulatedLog survivor = new SimulatedLog();
        int kept = durableOps + random.nextInt(ops.size() - durableOps + 1);
        for (Op op : ops.subList(0, kept)) {
            survivor.execute(op);
        }
        survivor.ops.addAll(ops.subList(0, kept));
        survivor.durableOps = kept;
        survivor.durableIndex = survivor.lastIndex();
        return survivor;
    }

    /** From now on nothing gets durable, until {@link #release}. */
    synchronized void hold() {
        held = true;
    }

    void release() {
        synchronized (this) {
            held = false;
            if (closed) {
                return;
            }
        }
        disk.execute(this::force);
    }

    /** The next force fails, and everything after it. */
    synchronized void failNextForce() {
        failure = new StorageException.Fatal("the simulated disk failed", null);
    }

    /** Sizes, in entries, of the units appended so far. */
    synchronized List<Integer> unitSizes() {
        return ops.stream()
                .filter(op -> op instanceof Append)
                .map(op -> ((Append) op).entries.size())
                .toList();
    }

    synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized Identity identity() {
        return identity;
    }

    @Override
    public synchronized void initialize(Identity value) {
        perform(new Initialize(value));
        allDurable();
    }

    @Override
    public synchronized long baseIndex() {
        return baseIndex;
    }

    @Override
    public synchronized long baseTerm() {
        return baseTerm;
    }

    @Override
    public synchronized long lastIndex() {
        return baseIndex + entries.size();
    }

    @Override
    public synchronized long durableIndex() {
        return durableIndex;
    }

    @Override
    public synchronized HardState hardState() {
        return hardState;
    }

    @Override
    public synchronized long term(long index) {
        return index == baseIndex ? baseTerm : entries.get(slot(index)).term();
    }

    @Override
    public synchronized CompletableFuture<Void> append(
            List<LogEntry> unit, HardState hardStateOrNull) {
        if (closed) {
            throw new StorageException.Closed("the simulated log");
        }
        if (!unit.isEmpty()
                && (unit.getFirst().index() > lastIndex() + 1
                        || unit.getFirst().index() <= hardState.commit())) {
            throw new IllegalArgumentException("a gap or a committed entry");
        }
        perform(new Append(List.copyOf(unit), hardStateOrNull));
        CompletableFuture<Void> durable = new CompletableFuture<>();
        waiting.add(new Waiting(ops.size(), lastIndex(), durable));
        disk.execute(this::force);
        return durable;
    }

    @Override
    public synchronized List<LogEntry> read(long from, long toExclusive, long maxBytes) {
        List<LogEntry> result = new ArrayList<>();
        long bytes = 0;
        for (long index = from; index < toExclusive; index++) {
            LogEntry entry = entries.get(slot(index));
            bytes += entry.data().length;
            if (bytes > maxBytes && !result.isEmpty()) {
                break;
            }
            result.add(entry);
        }
        return result;
    }

    @Override
    public synchronized void compact(long index) {
        perform(new Compact(index));
    }

    @Override
    public synchronized void reset(long index, long term) {
        perform(new Reset(index, term));
        allDurable();
    }

    @Override
    public synchronized long sizeOnDisk() {
        return entries.stream().mapToLong(entry -> entry.data().length + 24L).sum();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        disk.shutdown();
    }

    private void force() {
        List<Waiting> done = new ArrayList<>();
        StorageException thrown;
        synchronized (this) {
            if (held) {
                return;
            }
            thrown = failure;
            done.addAll(waiting);
            waiting.clear();
            if (thrown == null && !done.isEmpty()) {
                durableOps = Math.max(durableOps, done.getLast().ops);
                durableIndex = done.getLast().lastIndex;
            }
        }
        for (Waiting unit : done) {
            if (thrown == null) {
                unit.durable.complete(null);
            } else {
                unit.durable.completeExceptionally(thrown);
            }
        }
    }

    private void perform(Op op) {
        execute(op);
        ops.add(op);
    }

    private void allDurable() {
        durableOps = ops.size();
        durableIndex = lastIndex();
    }

    private void execute(Op op) {
        switch (op) {
            case Initialize(Identity value) -> identity = value;
            case Append(List<LogEntry> unit, HardState next) -> {
                if (!unit.isEmpty()) {
                    int from = slot(unit.getFirst().index());
                    entries.subList(from, entries.size()).clear();
                    entries.addAll(unit);
                }
                hardState = next == null ? hardState : next;
            }
            case Compact(long index) -> {
                long term = term(index);
                entries.subList(0, slot(index) + 1).clear();
                baseIndex = index;
                baseTerm = term;
            }
            case Reset(long index, long term) -> {
                entries.clear();
                baseIndex = index;
                baseTerm = term;
                hardState = new HardState(hardState.term(), hardState.vote(), index);
            }
        }
    }

    private int slot(long index) {
        return (int) (index - baseIndex - 1);
    }

    private sealed interface Op {}

    private record Initialize(Identity identity) implements Op {}

    private record Append(List<LogEntry> entries, HardState hardState) implements Op {}

    private record Compact(long index) implements Op {}

    private record Reset(long index, long term) implements Op {}

    private record Waiting(int ops, long lastIndex, CompletableFuture<Void> durable) {}
}
