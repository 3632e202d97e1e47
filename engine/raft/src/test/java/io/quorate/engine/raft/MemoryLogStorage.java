package io.quorate.engine.raft;

import java.util.ArrayList;
import java.util.List;

/** A stable log in memory, which outlives the nodes that use it. */
final class MemoryLogStorage implements LogStorage {
    private HardState hardState = HardState.EMPTY;
    private Snapshot snapshot = Snapshot.NONE;
    // The entry before the first one held; entries.get(i) has index before.index + 1 + i.
    private EntryId before = new EntryId(0, 0);
    private final List<Entry> entries = new ArrayList<>();
    private boolean snapshotPending;

    @Override
    public InitialState initialState() {
        return new InitialState(hardState, snapshot.conf());
    }

    @Override
    public List<Entry> entries(long low, long high, long maxBytes)
            throws CompactedException, UnavailableException {
        if (low <= before.index()) throw new CompactedException();
        if (high > lastIndex() + 1) throw new UnavailableException();
        int from = (int) (low - before.index() - 1);
        int to = (int) (high - before.index() - 1);
        return List.copyOf(Entry.limit(entries.subList(from, to), maxBytes));
    }

    @Override
    public long term(long index) throws CompactedException, UnavailableException {
        if (index < before.index()) throw new CompactedException();
        if (index > lastIndex()) throw new UnavailableException();
        if (index == before.index()) return before.term();
        return entries.get((int) (index - before.index() - 1)).term();
    }

    @Override
    public long lastIndex() {
        return before.index() + entries.size();
    }

    @Override
    public long firstIndex() {
        return before.index() + 1;
    }

    @Override
    public Snapshot snapshot() throws SnapshotPendingException {
        if (snapshotPending) throw new SnapshotPendingException();
        return snapshot;
    }

    void setSnapshotPending(boolean pending) {
        snapshotPending = pending;
    }

    HardState hardState() {
        return hardState;
    }

    void setHardState(HardState newHardState) {
        hardState = newHardState;
    }

    /** Appends entries, dropping what stands from the first of them on. */
    void append(List<Entry> more) {
        for (var entry : more) {
            if (entry.index() <= before.index()) continue;
            if (entry.index() > lastIndex() + 1) {
                throw new IllegalStateException("a gap before entry " + entry.index());
            }
            int at = (int) (entry.index() - before.index() - 1);
            while (entries.size() > at) entries.removeLast();
            entries.add(entry);
        }
    }

    /** The log becomes this snapshot. */
    void applySnapshot(Snapshot newSnapshot) {
        if (!snapshot.isEmpty() && newSnapshot.index() <= snapshot.index()) {
            throw new IllegalStateException("snapshot is older than the one here");
        }
        snapshot = newSnapshot;
        before = new EntryId(newSnapshot.term(), newSnapshot.index());
        entries.clear();
    }

    /** Notes a snapshot of this member's own state; the log stays. */
    void createSnapshot(long index, ConfState conf, byte[] data) {
        try {
            snapshot = new Snapshot(index, term(index), conf, data);
        } catch (CompactedException | UnavailableException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Drops entries up to this index. */
    void compact(long index) {
        try {
            long term = term(index);
            entries.subList(0, (int) (index - before.index())).clear();
            before = new EntryId(term, index);
        } catch (CompactedException | UnavailableException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Stores what a STORAGE_APPEND message carries. */
    void store(Message append) {
        var stored = new HardState(append.term(), append.vote(), append.commit());
        if (!stored.isEmpty()) hardState = stored;
        if (append.snapshot() != null) applySnapshot(append.snapshot());
        append(append.entries());
    }
}
