package io.quorate.engine.node;

import io.quorate.engine.raft.ConfState;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.EntryType;
import io.quorate.engine.raft.HardState;
import io.quorate.engine.raft.LogStorage;
import io.quorate.engine.raft.Snapshot;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Raft's view of a {@link RaftLog}, and the one place that writes to it. All calls come from the
 * raft thread.
 *
 * <p>A unit that carries nothing but a higher commit index is not written: the commit index is
 * volatile in Raft (figure 2) and is found again after a restart, while a unit of its own would
 * cost an fsync per group of proposals. It travels with the next unit and with {@link #saveCommit}.
 */
final class RaftLogStorage implements LogStorage {
    private static final EntryType[] TYPES = EntryType.values();
    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    private final RaftLog log;
    private final ConfState conf;
    private final OutgoingSnapshots snapshots;
    private final EntryCache cache = new EntryCache();
    private HardState written;
    private HardState latest;
    // Units become durable in the order of their writes.
    private CompletableFuture<Void> lastUnit = DONE;

    /**
     * @param appliedIndex what the state has applied: committed for sure, even if the log does not
     *     say so
     * @param conf membership as of that index
     * @param snapshots where raft gets snapshots from
     */
    RaftLogStorage(RaftLog log, long appliedIndex, ConfState conf, OutgoingSnapshots snapshots) {
        this.log = log;
        this.snapshots = snapshots;
        this.conf = conf;
        io.quorate.spi.storage.HardState saved = log.hardState();
        this.written = new HardState(saved.term(), saved.vote(), saved.commit());
        this.latest =
                new HardState(saved.term(), saved.vote(), Math.max(saved.commit(), appliedIndex));
    }

    /**
     * Appends entries, a hard state (or null), or both, as one unit.
     *
     * @return completes when this unit is durable, at once when nothing had to be written; units
     *     before it may still be on their way, so the caller answers raft in the order of its calls
     */
    CompletableFuture<Void> append(List<Entry> entries, HardState hardStateOrNull) {
        if (hardStateOrNull != null) {
            latest = hardStateOrNull;
        }
        boolean vital =
                !entries.isEmpty()
                        || latest.term() != written.term()
                        || latest.vote() != written.vote();
        return vital ? write(entries) : DONE;
    }

    /** Writes the commit index if it has not travelled with a unit yet. */
    CompletableFuture<Void> saveCommit() {
        return latest.equals(written) ? DONE : write(List.of());
    }

    private CompletableFuture<Void> write(List<Entry> entries) {
        List<LogEntry> unit = new ArrayList<>(entries.size());
        for (Entry entry : entries) {
            unit.add(
                    new LogEntry(
                            entry.index(), entry.term(), entry.type().ordinal(), entry.data()));
        }
        io.quorate.spi.storage.HardState hardState =
                latest.equals(written)
                        ? null
                        : new io.quorate.spi.storage.HardState(
                                latest.term(), latest.vote(), latest.commit());
        CompletableFuture<Void> durable = log.append(unit, hardState);
        written = latest;
        lastUnit = durable;
        if (!entries.isEmpty()) {
            cache.append(entries);
        }
        return durable;
    }

    /** The entries up to this index were applied; they are read from disk from now on. */
    void applied(long index) {
        cache.dropThrough(index);
    }

    /** See {@link RaftLog#compact}. */
    void compact(long index) {
        log.compact(index);
    }

    long sizeOnDisk() {
        return log.sizeOnDisk();
    }

    @Override
    public InitialState initialState() {
        return new InitialState(latest, conf);
    }

    @Override
    public List<Entry> entries(long low, long high, long maxBytes)
            throws CompactedException, UnavailableException {
        if (low <= log.baseIndex()) {
            throw new CompactedException();
        }
        if (high > log.lastIndex() + 1) {
            throw new UnavailableException();
        }
        if (cache.holds(low) && cache.holds(high - 1)) {
            return cache.read(low, high, maxBytes);
        }
        List<Entry> entries = new ArrayList<>();
        for (LogEntry entry : log.read(low, high, maxBytes)) {
            entries.add(new Entry(entry.term(), entry.index(), TYPES[entry.type()], entry.data()));
        }
        return entries;
    }

    @Override
    public long term(long index) throws CompactedException, UnavailableException {
        if (cache.holds(index)) {
            return cache.get(index).term();
        }
        if (index < log.baseIndex()) {
            throw new CompactedException();
        }
        if (index > log.lastIndex()) {
            throw new UnavailableException();
        }
        return log.term(index);
    }

    @Override
    public long lastIndex() {
        return log.lastIndex();
    }

    @Override
    public long firstIndex() {
        return log.baseIndex() + 1;
    }

    @Override
    public Snapshot snapshot() throws SnapshotPendingException {
        return snapshots.take();
    }

    /**
     * Keeps term and vote while a snapshot is on its way into the state. Its commit index is not
     * written: the log does not reach so far before {@link #reset}.
     *
     * @return completes when they, and all units before, are durable
     */
    CompletableFuture<Void> appendBeforeSnapshot(HardState hardStateOrNull) {
        if (hardStateOrNull != null) {
            latest =
                    new HardState(hardStateOrNull.term(), hardStateOrNull.vote(), written.commit());
        }
        return latest.equals(written) ? lastUnit : write(List.of());
    }

    /** Begins the log anew behind a snapshot that is in place; see {@link RaftLog#reset}. */
    void reset(long index, long term) {
        log.reset(index, term);
        cache.dropAll(index + 1);
        io.quorate.spi.storage.HardState saved = log.hardState();
        written = new HardState(saved.term(), saved.vote(), saved.commit());
        latest = written;
    }
}
