package io.quorate.engine.node;

import io.quorate.engine.raft.Entry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The newest entries of the log in the heap, from their append until they are applied, so that
 * apply and replication do not read back from disk what was just written. Contiguous; a ring that
 * grows. One thread.
 */
final class EntryCache {
    private static final int INITIAL_SLOTS = 1024;

    private Entry[] slots = new Entry[INITIAL_SLOTS];
    private long first = 1;
    private long end = 1;

    /** Adds entries; those held from the first new index on are replaced. */
    void append(List<Entry> entries) {
        long start = entries.getFirst().index();
        if (start < first || start > end) {
            clear(start);
        }
        for (long index = start; index < end; index++) {
            slots[slot(index)] = null;
        }
        end = start;
        for (Entry entry : entries) {
            if (end - first == slots.length) {
                grow();
            }
            slots[slot(end)] = entry;
            end++;
        }
    }

    /** Forgets all; the next entry is this one. */
    void dropAll(long next) {
        clear(next);
    }

    /** Forgets the entries up to this index. */
    void dropThrough(long index) {
        for (; first <= index && first < end; first++) {
            slots[slot(first)] = null;
        }
    }

    boolean holds(long index) {
        return index >= first && index < end;
    }

    Entry get(long index) {
        return slots[slot(index)];
    }

    /** Entries [low, high), at least one, up to {@code maxBytes} of payload. All are held. */
    List<Entry> read(long low, long high, long maxBytes) {
        List<Entry> result = new ArrayList<>((int) (high - low));
        long bytes = 0;
        for (long index = low; index < high; index++) {
            Entry entry = get(index);
            bytes += entry.data().length;
            if (bytes > maxBytes && index > low) {
                break;
            }
            result.add(entry);
        }
        return result;
    }

    private void clear(long start) {
        Arrays.fill(slots, null);
        first = start;
        end = start;
    }

    private void grow() {
        Entry[] larger = new Entry[slots.length * 2];
        for (long index = first; index < end; index++) {
            larger[(int) (index & larger.length - 1)] = get(index);
        }
        slots = larger;
    }

    private int slot(long index) {
        return (int) (index & slots.length - 1);
    }
}
