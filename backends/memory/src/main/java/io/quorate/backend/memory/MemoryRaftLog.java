package io.quorate.backend.memory;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StorageException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A log in the heap; a unit is as durable as it gets when append returns. */
final class MemoryRaftLog implements RaftLog {
    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    // All fields are guarded by this.
    private final ArrayList<LogEntry> entries = new ArrayList<>();
    private Identity identity;
    private HardState hardState = HardState.EMPTY;
    private long baseIndex;
    private long baseTerm;
    private long bytes;
    private boolean closed;

    @Override
    public synchronized Identity identity() {
        requireOpen();
        return identity;
    }

    @Override
    public synchronized void initialize(Identity given) {
        requireOpen();
        if (identity != null && !identity.equals(given)) {
            throw new IllegalArgumentException("the log belongs to " + identity);
        }
        identity = given;
    }

    @Override
    public synchronized long baseIndex() {
        requireOpen();
        return baseIndex;
    }

    @Override
    public synchronized long baseTerm() {
        requireOpen();
        return baseTerm;
    }

    @Override
    public synchronized long lastIndex() {
        requireOpen();
        return baseIndex + entries.size();
    }

    @Override
    public synchronized long durableIndex() {
        return lastIndex();
    }

    @Override
    public synchronized HardState hardState() {
        requireOpen();
        return hardState;
    }

    @Override
    public synchronized long term(long index) {
        requireOpen();
        if (index == baseIndex) return baseTerm;
        requireHeld(index);
        return entry(index).term();
    }

    @Override
    public synchronized CompletableFuture<Void> append(
            List<LogEntry> added, HardState hardStateOrNull) {
        requireOpen();
        if (!added.isEmpty()) {
            requireContiguous(added);
            dropFrom(added.getFirst().index());
            for (LogEntry entry : added) {
                entries.add(entry);
                bytes += entry.data().length;
            }
        }
        if (hardStateOrNull != null) hardState = hardStateOrNull;
        return DONE;
    }

    @Override
    public synchronized List<LogEntry> read(long from, long toExclusive, long maxBytes) {
        requireOpen();
        if (from >= toExclusive) return List.of();
        requireHeld(from);
        requireHeld(toExclusive - 1);
        List<LogEntry> result = new ArrayList<>();
        long taken = 0;
        for (long index = from; index < toExclusive; index++) {
            LogEntry entry = entry(index);
            taken += entry.data().length;
            if (taken > maxBytes && !result.isEmpty()) break;
            result.add(entry);
        }
        return result;
    }

    @Override
    public synchronized void compact(long index) {
        requireOpen();
        if (index <= baseIndex) return;
        requireHeld(index);
        long term = entry(index).term();
        List<LogEntry> dropped = entries.subList(0, (int) (index - baseIndex));
        for (LogEntry entry : dropped) bytes -= entry.data().length;
        dropped.clear();
        baseIndex = index;
        baseTerm = term;
    }

    @Override
    public synchronized void reset(long index, long term) {
        requireOpen();
        entries.clear();
        bytes = 0;
        baseIndex = index;
        baseTerm = term;
        long commit = Math.max(hardState.commit(), index);
        hardState = new HardState(hardState.term(), hardState.vote(), commit);
    }

    @Override
    public synchronized long sizeOnDisk() {
        requireOpen();
        return bytes;
    }

    @Override
    public synchronized void close() {
        closed = true;
        entries.clear();
    }

    private LogEntry entry(long index) {
        return entries.get((int) (index - baseIndex - 1));
    }

    private void dropFrom(long index) {
        int kept = (int) (index - baseIndex - 1);
        List<LogEntry> dropped = entries.subList(kept, entries.size());
        for (LogEntry entry : dropped) bytes -= entry.data().length;
        dropped.clear();
    }

    private void requireContiguous(List<LogEntry> added) {
        long first = added.getFirst().index();
        if (first > lastIndex() + 1) {
            throw new IllegalArgumentException(
                    "entry " + first + " leaves a gap after " + lastIndex());
        }
        if (first <= Math.max(baseIndex, Math.min(hardState.commit(), lastIndex()))) {
            throw new IllegalArgumentException(
                    "entry " + first + " would replace a committed entry");
        }
        for (LogEntry entry : added) {
            if (entry.index() != first++) {
                throw new IllegalArgumentException(
                        "entry " + entry.index() + " where " + (first - 1) + " was due");
            }
        }
    }

    private void requireHeld(long index) {
        if (index <= baseIndex || index > baseIndex + entries.size()) {
            throw new IllegalArgumentException(
                    "entry "
                            + index
                            + " is not held; the log holds ("
                            + baseIndex
                            + ", "
                            + (baseIndex + entries.size())
                            + "]");
        }
    }

    private void requireOpen() {
        if (closed) throw new StorageException.Closed("raft log memory");
    }
}
