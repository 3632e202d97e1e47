package io.quorate.engine.raft;

import java.util.ArrayList;
import java.util.List;

/**
 * The log as the algorithm sees it: what storage holds, overlaid by what is still unstable, and how
 * far it is committed and applied.
 *
 * <pre>
 *   applied  <=  applying  <=  committed  <=  lastIndex
 *   first index of storage  <=  unstable offset  <=  lastIndex + 1
 * </pre>
 */
final class RaftLogView {
    static final long NO_LIMIT = Long.MAX_VALUE;

    /** Term of an index that is compacted away or not there yet. */
    static final long UNKNOWN_TERM = -1;

    private final LogStorage storage;
    private final Unstable unstable;
    private final Tracer trace;
    private final long maxApplyingBytes;
    private final boolean applyUnstable;

    private long committed;
    private long applying;
    private long applied;
    // Encoded bytes of entries handed out for apply and not reported applied.
    private long applyingBytes;
    private boolean applyingPaused;

    /**
     * @param maxApplyingBytes bound on entries handed out for apply and not reported applied, from
     *     1
     * @param applyUnstable whether committed entries that are not stable here may be handed out
     */
    RaftLogView(LogStorage storage, long maxApplyingBytes, boolean applyUnstable, Tracer trace) {
        this.storage = storage;
        this.unstable = new Unstable(storage.lastIndex() + 1, trace);
        this.maxApplyingBytes = maxApplyingBytes;
        this.applyUnstable = applyUnstable;
        this.trace = trace;
        // What was compacted away was committed and applied.
        committed = storage.firstIndex() - 1;
        applying = committed;
        applied = committed;
    }

    long committed() {
        return committed;
    }

    long applied() {
        return applied;
    }

    Unstable unstable() {
        return unstable;
    }

    /**
     * Takes up where this member stood before a restart.
     *
     * @param storedCommit commit index of the stored hard state, 0 for none
     * @param stateApplied last index that the state holds, 0 to start from the compacted index
     */
    void restart(long storedCommit, long stateApplied) {
        // The commit index is not forced to disk, so the state may have outlived it. What was
        // applied was committed.
        long index = Math.max(storedCommit, stateApplied);
        if (index > lastIndex() || (storedCommit != 0 && index < committed)) {
            throw new IllegalStateException(
                    "commit index %d (applied %d) is out of range [%d, %d]; the log, the hard state"
                                    .formatted(storedCommit, stateApplied, committed, lastIndex())
                            + " and the state do not belong together, or the log lost its tail");
        }
        committed = Math.max(committed, index);
        if (stateApplied > 0) appliedTo(stateApplied, 0);
    }

    long firstIndex() {
        var snapshot = unstable.snapshot();
        return snapshot != null ? snapshot.index() + 1 : storage.firstIndex();
    }

    long lastIndex() {
        return unstable.knowsLast() ? unstable.lastIndex() : storage.lastIndex();
    }

    EntryId lastEntryId() {
        long index = lastIndex();
        long term = term(index);
        if (term == UNKNOWN_TERM) {
            throw new IllegalStateException("the log has no term for its last index " + index);
        }
        return new EntryId(term, index);
    }

    /** Term at this index, {@link #UNKNOWN_TERM} outside [firstIndex - 1, lastIndex]. */
    long term(long index) {
        long term = unstable.term(index);
        if (term >= 0) return term;
        if (index + 1 < firstIndex() || index > lastIndex()) return UNKNOWN_TERM;
        try {
            return storage.term(index);
        } catch (LogStorage.CompactedException | LogStorage.UnavailableException e) {
            return UNKNOWN_TERM;
        }
    }

    long termOrZero(long index) {
        return Math.max(term(index), 0);
    }

    /** Whether this log holds that entry; terms and indexes name entries (Raft §5.3). */
    boolean matches(EntryId id) {
        return term(id.index()) == id.term();
    }

    /** Whether a log that ends with this entry is at least as up to date as ours (Raft §5.4.1). */
    boolean isUpToDate(EntryId last) {
        var ours = lastEntryId();
        return last.term() > ours.term()
                || last.term() == ours.term() && last.index() >= ours.index();
    }

    /**
     * Takes entries from a leader when this log holds the entry before them (Raft §5.3).
     *
     * @param leaderCommit the leader's commit index; ours follows as far as the logs are known to
     *     match
     * @return index up to which the logs match now, or -1 when the entry before is not here
     */
    long maybeAppend(EntryId previous, List<Entry> entries, long leaderCommit) {
        if (!matches(previous)) return -1;
        long lastNew = previous.index() + entries.size();
        int from = firstNotHeld(entries);
        if (from < entries.size()) append(entries.subList(from, entries.size()));
        commitTo(Math.min(leaderCommit, lastNew));
        return lastNew;
    }

    // Position of the first entry that this log does not hold or holds with another term. Skipping
    // the ones before it matters: an old append must not cut off what a newer one brought.
    private int firstNotHeld(List<Entry> entries) {
        for (int i = 0; i < entries.size(); i++) {
            var entry = entries.get(i);
            if (matches(EntryId.of(entry))) continue;
            if (entry.index() <= lastIndex()) {
                trace.info(
                        "found conflict at index %d [existing term: %d, conflicting term: %d]",
                        entry.index(), termOrZero(entry.index()), entry.term());
            }
            return i;
        }
        return entries.size();
    }

    /** Appends entries, which replace what stands at their indexes; returns the last index. */
    long append(List<Entry> entries) {
        if (entries.isEmpty()) return lastIndex();
        long after = entries.getFirst().index() - 1;
        if (after < committed) {
            throw new IllegalStateException(
                    "entry %d would replace a committed entry [committed(%d)]"
                            .formatted(after + 1, committed));
        }
        unstable.truncateAndAppend(entries);
        return lastIndex();
    }

    /**
     * The highest index up to {@code index} where this log may match another one of which only
     * (index, term) is known: terms never fall within a log, so ours must not be greater. A term of
     * 0 in the answer means unknown.
     */
    EntryId findConflictByTerm(long index, long term) {
        for (long i = index; i > 0; i--) {
            long ours = term(i);
            if (ours == UNKNOWN_TERM) return new EntryId(0, i);
            if (ours <= term) return new EntryId(ours, i);
        }
        return new EntryId(0, 0);
    }

    void commitTo(long index) {
        if (index <= committed) return;
        if (index > lastIndex()) {
            throw new IllegalStateException(
                    "tocommit(%d) is out of range [lastIndex(%d)]. Was the raft log corrupted,"
                                    .formatted(index, lastIndex())
                            + " truncated, or lost?");
        }
        committed = index;
    }

    /** Commits up to this entry if it is one of this log's and not committed yet. */
    boolean maybeCommit(EntryId id) {
        if (id.index() <= committed || id.term() == 0 || !matches(id)) return false;
        commitTo(id.index());
        return true;
    }

    /** Whether there are entries to hand out for apply. */
    boolean hasNextCommitted() {
        // A snapshot comes first; what to apply on top of it is known once it is in place.
        return !applyingPaused && unstable.snapshot() == null && applying < maxAppliable();
    }

    /** Entries to hand out for apply. */
    List<Entry> nextCommitted() {
        if (!hasNextCommitted()) return List.of();
        try {
            return slice(applying + 1, maxAppliable() + 1, maxApplyingBytes - applyingBytes);
        } catch (LogStorage.CompactedException e) {
            throw new IllegalStateException(
                    "the log was compacted past what is applied (%d)".formatted(applied), e);
        }
    }

    // Committed means stable on a majority, which need not include this member.
    private long maxAppliable() {
        return applyUnstable ? committed : Math.min(committed, unstable.offset() - 1);
    }

    /** Entries were handed out for apply. */
    void acceptApplying(List<Entry> entries) {
        applying = entries.getLast().index();
        applyingBytes += Entry.encodedBytes(entries);
        // When not all fitted, the next one would cross the bound.
        applyingPaused = applyingBytes >= maxApplyingBytes || applying < maxAppliable();
    }

    /**
     * Entries were applied.
     *
     * @param bytes their encoded bytes, as they were counted when handed out
     */
    void appliedTo(long index, long bytes) {
        if (index < applied || index > committed) {
            throw new IllegalStateException(
                    "applied(%d) is out of range [prevApplied(%d), committed(%d)]"
                            .formatted(index, applied, committed));
        }
        applied = index;
        applying = Math.max(applying, index);
        applyingBytes = Math.max(applyingBytes - bytes, 0);
        applyingPaused = applyingBytes >= maxApplyingBytes;
    }

    /** The newest snapshot there is. */
    Snapshot snapshot() throws LogStorage.SnapshotPendingException {
        var received = unstable.snapshot();
        return received != null ? received : storage.snapshot();
    }

    /** The log becomes this snapshot and nothing behind it. */
    void restore(Snapshot snapshot) {
        trace.info(
                "log [%s] starts to restore snapshot [index: %d, term: %d]",
                this, snapshot.index(), snapshot.term());
        committed = snapshot.index();
        unstable.restore(snapshot);
    }

    /** Entries from {@code low} to the end, up to so many encoded bytes but at least one. */
    List<Entry> entries(long low, long maxBytes) throws LogStorage.CompactedException {
        long last = lastIndex();
        return low > last ? List.of() : slice(low, last + 1, maxBytes);
    }

    /** Entries [low, high), up to so many encoded bytes but at least one. */
    List<Entry> slice(long low, long high, long maxBytes) throws LogStorage.CompactedException {
        if (low > high || high > lastIndex() + 1) {
            throw new IllegalStateException(
                    "slice[%d,%d) out of bound [%d,%d]"
                            .formatted(low, high, firstIndex(), lastIndex()));
        }
        if (low < firstIndex()) throw new LogStorage.CompactedException();
        if (low == high) return List.of();
        if (low >= unstable.offset()) return Entry.limit(unstable.slice(low, high), maxBytes);

        long cut = Math.min(high, unstable.offset());
        var stable = stored(low, cut, maxBytes);
        if (cut == high || stable.size() < cut - low) return stable;
        long bytes = Entry.encodedBytes(stable);
        if (bytes >= maxBytes) return stable;
        var rest = Entry.limit(unstable.slice(cut, high), maxBytes - bytes);
        // Here an entry that is too large alone does not come along.
        if (rest.size() == 1 && bytes + rest.getFirst().encodedBytes() > maxBytes) return stable;
        var all = new ArrayList<Entry>(stable.size() + rest.size());
        all.addAll(stable);
        all.addAll(rest);
        return all;
    }

    private List<Entry> stored(long low, long high, long maxBytes)
            throws LogStorage.CompactedException {
        try {
            var entries = storage.entries(low, high, maxBytes);
            if (entries.isEmpty() || entries.getFirst().index() != low) {
                throw new IllegalStateException(
                        "storage returned %d entries for [%d,%d), not from %d on"
                                .formatted(entries.size(), low, high, low));
            }
            return entries;
        } catch (LogStorage.UnavailableException e) {
            throw new IllegalStateException(
                    "entries[%d:%d) are unavailable from storage".formatted(low, high), e);
        }
    }

    @Override
    public String toString() {
        return "committed=%d, applied=%d, applying=%d, unstable.offset=%d, "
                        .formatted(committed, applied, applying, unstable.offset())
                + "unstable.offsetInProgress=%d, len(unstable.Entries)=%d"
                        .formatted(unstable.offsetInProgress(), unstable.size());
    }
}
