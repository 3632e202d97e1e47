package io.quorate.backend.file;

import io.quorate.spi.storage.LogEntry;

import java.util.Arrays;

/**
 * Where each entry of the log is, its term, and the entry itself while it is among the recent ones.
 * Twenty-odd bytes for an entry that is on disk only. Not safe for several threads.
 */
final class LogIndex {
    private final long cacheBytesMax;
    private long baseIndex;
    private long baseTerm;
    private int head; // position of baseIndex + 1 in the arrays
    private int count;
    private long[] terms = new long[64];
    private int[] lengths = new int[64];
    private WalSegment[] segments = new WalSegment[64]; // null until written
    private int[] offsets = new int[64];
    private LogEntry[] cached = new LogEntry[64];
    private long cachedBytes;
    private long firstCached = 1; // entries below are not cached

    LogIndex(long cacheBytesMax, long baseIndex, long baseTerm) {
        this.cacheBytesMax = cacheBytesMax;
        this.baseIndex = baseIndex;
        this.baseTerm = baseTerm;
        firstCached = baseIndex + 1;
    }

    /** Entries taken away by {@link #dropFrom}, to be put back when their successors failed. */
    record Suffix(
            long[] terms, int[] lengths, WalSegment[] segments, int[] offsets, LogEntry[] cached) {}

    long baseIndex() {
        return baseIndex;
    }

    long baseTerm() {
        return baseTerm;
    }

    long lastIndex() {
        return baseIndex + count;
    }

    boolean holds(long index) {
        return index > baseIndex && index <= lastIndex();
    }

    long term(long index) {
        return index == baseIndex ? baseTerm : terms[at(index)];
    }

    int dataLength(long index) {
        return lengths[at(index)];
    }

    WalSegment segment(long index) {
        return segments[at(index)];
    }

    int offset(long index) {
        return offsets[at(index)];
    }

    /** The entry, or null when it must be read from its segment. */
    LogEntry cached(long index) {
        return cached[at(index)];
    }

    /** Adds the next entry, which is not on disk yet. */
    void add(LogEntry entry) {
        int at = grow();
        terms[at] = entry.term();
        lengths[at] = entry.data().length;
        cached[at] = entry;
        cachedBytes += entry.data().length;
        count++;
    }

    /** Adds the next entry as found on disk. */
    void addOnDisk(long term, int dataLength, WalSegment segment, int offset) {
        int at = grow();
        terms[at] = term;
        lengths[at] = dataLength;
        segments[at] = segment;
        offsets[at] = offset;
        count++;
        firstCached = lastIndex() + 1;
    }

    /** Notes where an entry is going to be, unless another has taken its place since. */
    void place(LogEntry entry, WalSegment segment, int offset) {
        if (!holds(entry.index())) return;
        int at = at(entry.index());
        if (cached[at] != entry) return;
        segments[at] = segment;
        offsets[at] = offset;
    }

    /** Forgets the oldest cached entries that are durable until the cache is within its bound. */
    void evict(long durableIndex) {
        while (cachedBytes > cacheBytesMax && firstCached <= durableIndex) {
            int at = at(firstCached);
            if (cached[at] != null) cachedBytes -= lengths[at];
            cached[at] = null;
            firstCached++;
        }
    }

    /** Removes the entries from this index on. */
    Suffix dropFrom(long index) {
        int from = at(index);
        int to = head + count;
        Suffix dropped =
                new Suffix(
                        Arrays.copyOfRange(terms, from, to),
                        Arrays.copyOfRange(lengths, from, to),
                        Arrays.copyOfRange(segments, from, to),
                        Arrays.copyOfRange(offsets, from, to),
                        Arrays.copyOfRange(cached, from, to));
        for (int i = from; i < to; i++) if (cached[i] != null) cachedBytes -= lengths[i];
        Arrays.fill(segments, from, to, null);
        Arrays.fill(cached, from, to, null);
        count = from - head;
        firstCached = Math.min(firstCached, index);
        return dropped;
    }

    /** Puts back what {@link #dropFrom} removed, at the end. */
    void restore(Suffix suffix) {
        for (int i = 0; i < suffix.terms.length; i++) {
            int at = grow();
            terms[at] = suffix.terms[i];
            lengths[at] = suffix.lengths[i];
            segments[at] = suffix.segments[i];
            offsets[at] = suffix.offsets[i];
            cached[at] = suffix.cached[i];
            if (cached[at] != null) cachedBytes += lengths[at];
            count++;
        }
    }

    /** Forgets the entries up to this index, which is held. */
    void dropTo(long index) {
        long term = term(index);
        int dropped = (int) (index - baseIndex);
        int to = head + dropped;
        for (int i = head; i < to; i++) if (cached[i] != null) cachedBytes -= lengths[i];
        Arrays.fill(segments, head, to, null);
        Arrays.fill(cached, head, to, null);
        head = to;
        count -= dropped;
        baseIndex = index;
        baseTerm = term;
        firstCached = Math.max(firstCached, index + 1);
    }

    private int at(long index) {
        return head + (int) (index - baseIndex - 1);
    }

    /** Makes room for one more entry and returns its place. */
    private int grow() {
        int end = head + count;
        if (end < terms.length) return end;
        // Half empty: moving down is enough. Each move or copy pays for as many adds.
        int capacity = head >= terms.length / 2 ? terms.length : terms.length * 2;
        terms = Arrays.copyOf(Arrays.copyOfRange(terms, head, end), capacity);
        lengths = Arrays.copyOf(Arrays.copyOfRange(lengths, head, end), capacity);
        segments = Arrays.copyOf(Arrays.copyOfRange(segments, head, end), capacity);
        offsets = Arrays.copyOf(Arrays.copyOfRange(offsets, head, end), capacity);
        cached = Arrays.copyOf(Arrays.copyOfRange(cached, head, end), capacity);
        head = 0;
        return count;
    }
}
