package io.quorate.engine.raft;

import java.util.Arrays;

/**
 * The sliding window of append messages on their way to one follower: a ring of (last index, bytes)
 * that grows on demand. The byte bound is soft: the message that crosses it is still sent.
 */
final class Inflights {
    private final int maxMessages;
    private final long maxBytes;
    private long[] indexes = new long[4];
    private long[] sizes = new long[4];
    private int start;
    private int count;
    private long bytes;

    /**
     * @param maxMessages from 1
     * @param maxBytes 0 for no bound
     */
    Inflights(int maxMessages, long maxBytes) {
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
    }

    boolean isFull() {
        return count == maxMessages || (maxBytes != 0 && bytes >= maxBytes);
    }

    int count() {
        return count;
    }

    /** Notes a message that ends with the entry at {@code lastIndex}; indexes ascend. */
    void add(long lastIndex, long messageBytes) {
        if (isFull()) throw new IllegalStateException("cannot add into a full window");
        if (count == indexes.length) grow();
        int at = (start + count) % indexes.length;
        indexes[at] = lastIndex;
        sizes[at] = messageBytes;
        count++;
        bytes += messageBytes;
    }

    /** Forgets the messages that end at or before {@code index}: they have arrived. */
    void freeUpTo(long index) {
        while (count > 0 && indexes[start] <= index) {
            bytes -= sizes[start];
            start = (start + 1) % indexes.length;
            count--;
        }
    }

    void clear() {
        start = 0;
        count = 0;
        bytes = 0;
    }

    private void grow() {
        indexes = unrolled(indexes);
        sizes = unrolled(sizes);
        start = 0;
    }

    private long[] unrolled(long[] ring) {
        var longer = Arrays.copyOfRange(ring, start, start + 2 * ring.length);
        System.arraycopy(ring, 0, longer, ring.length - start, start);
        return longer;
    }
}
