package io.quorate.engine.raft;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/**
 * The tail of the log, and perhaps a snapshot, that are not known to be on stable storage.
 *
 * <pre>
 *      stable storage        handed out, being written      not handed out
 * ... ---------------- | ------------------------------ | -------------- last
 *                      offset                           offsetInProgress
 * </pre>
 *
 * Storage may hold other entries at and after {@code offset}; the ones here replace them. Entries
 * are handed out as views that stay as they are: the array behind them is only ever appended to,
 * and a truncation starts a new one.
 */
final class Unstable {
    private final Tracer trace;

    private Entry[] array = new Entry[0];
    private int start;
    private int end;
    private long offset;
    private long offsetInProgress;
    private Snapshot snapshot;
    private boolean snapshotInProgress;

    Unstable(long offset, Tracer trace) {
        this.offset = offset;
        this.offsetInProgress = offset;
        this.trace = trace;
    }

    /** Index of the first entry here, or of the one to come. */
    long offset() {
        return offset;
    }

    long offsetInProgress() {
        return offsetInProgress;
    }

    int size() {
        return end - start;
    }

    /** The snapshot, written or not, or null. */
    Snapshot snapshot() {
        return snapshot;
    }

    /** The snapshot that is yet to be handed out, or null. */
    Snapshot nextSnapshot() {
        return snapshotInProgress ? null : snapshot;
    }

    /** Whether the last entry or the snapshot tells where the log ends; else storage does. */
    boolean knowsLast() {
        return size() > 0 || snapshot != null;
    }

    long lastIndex() {
        return size() > 0 ? offset + size() - 1 : snapshot.index();
    }

    /** Term of the entry or snapshot at this index, or -1 when it is not here. */
    long term(long index) {
        if (index >= offset && index < offset + size()) {
            return array[start + (int) (index - offset)].term();
        }
        return snapshot != null && snapshot.index() == index ? snapshot.term() : -1;
    }

    boolean hasNext() {
        return offset + size() > offsetInProgress;
    }

    /** The entries that are yet to be handed out. */
    List<Entry> next() {
        return hasNext() ? slice(offsetInProgress, offset + size()) : List.of();
    }

    /** Entries [low, high), all of them here. */
    List<Entry> slice(long low, long high) {
        if (low > high || low < offset || high > offset + size()) {
            throw new IllegalStateException(
                    "unstable.slice[%d,%d) out of bound [%d,%d]"
                            .formatted(low, high, offset, offset + size()));
        }
        int from = start + (int) (low - offset);
        return new View(array, from, (int) (high - low));
    }

    /** Everything here was handed out to be written. */
    void acceptInProgress() {
        offsetInProgress = offset + size();
        if (snapshot != null) snapshotInProgress = true;
    }

    /**
     * Entries up to this one are on stable storage, and no write that is under way will touch them.
     */
    void stableTo(EntryId id) {
        long index = id.index();
        long known = term(index);
        if (known < 0) {
            trace.info("entry at index %d missing from unstable log; ignoring", index);
            return;
        }
        if (index < offset) {
            trace.info("entry at index %d matched unstable snapshot; ignoring", index);
            return;
        }
        if (known != id.term()) {
            // The entry was replaced while its write was under way.
            trace.info(
                    "entry at (index,term)=(%d,%d) mismatched with "
                            + "entry at (%d,%d) in unstable log; ignoring",
                    index, id.term(), index, known);
            return;
        }
        start += (int) (index + 1 - offset);
        offset = index + 1;
        offsetInProgress = Math.max(offsetInProgress, offset);
        // The array may pin much memory; what was handed out keeps it alive if need be.
        if (size() == 0) clear();
    }

    void snapshotStable(long index) {
        if (snapshot != null && snapshot.index() == index) {
            snapshot = null;
            snapshotInProgress = false;
        }
    }

    /** The log now starts with this snapshot. */
    void restore(Snapshot newSnapshot) {
        clear();
        offset = newSnapshot.index() + 1;
        offsetInProgress = offset;
        snapshot = newSnapshot;
        snapshotInProgress = false;
    }

    /** Appends entries without gaps, and drops what stood from the first of them on. */
    void truncateAndAppend(List<Entry> entries) {
        long from = entries.getFirst().index();
        if (from == offset + size()) {
            append(entries);
        } else if (from <= offset) {
            trace.info("replace the unstable entries from index %d", from);
            clear();
            offset = from;
            offsetInProgress = from;
            append(entries);
        } else {
            trace.info("truncate the unstable entries before index %d", from);
            int keep = (int) (from - offset);
            array = Arrays.copyOfRange(array, start, start + keep + entries.size());
            start = 0;
            end = keep;
            // What of the kept entries is being written stays so; the rest is new.
            offsetInProgress = Math.min(offsetInProgress, from);
            append(entries);
        }
    }

    private void append(List<Entry> entries) {
        int more = entries.size();
        if (end + more > array.length) {
            int live = size();
            int capacity = Math.max(live + more, Math.max(8, live * 2));
            array = Arrays.copyOfRange(array, start, start + capacity);
            Arrays.fill(array, live, array.length, null);
            start = 0;
            end = live;
        }
        for (int i = 0; i < more; i++) array[end++] = entries.get(i);
    }

    private void clear() {
        array = new Entry[0];
        start = 0;
        end = 0;
    }

    /** A window on an array whose slots in it do not change any more. */
    private static final class View extends AbstractList<Entry> implements RandomAccess {
        private final Entry[] array;
        private final int from;
        private final int size;

        View(Entry[] array, int from, int size) {
            this.array = array;
            this.from = from;
            this.size = size;
        }

        @Override
        public Entry get(int index) {
            if (index < 0 || index >= size) throw new IndexOutOfBoundsException(index);
            return array[from + index];
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public List<Entry> subList(int low, int high) {
            if (low < 0 || low > high || high > size) throw new IndexOutOfBoundsException(high);
            return new View(array, from + low, high - low);
        }
    }
}
