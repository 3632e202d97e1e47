package io.quorate.engine.bolt;

import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * Counts which of many keys are there, in 16 bytes of heap for each whatever its length: a key
 * stands as the first 128 bits of its SHA-256. Open addressing with linear probing.
 */
final class LiveKeys {
    private static final int WORDS = 2;

    private final MessageDigest sha = BoltFile.sha256();
    private long[] table = new long[1 << 12];
    private int count;

    int count() {
        return count;
    }

    void add(byte[] key) {
        if (count * 2L >= table.length / WORDS) grow();
        ByteBuffer digest = ByteBuffer.wrap(sha.digest(key));
        if (insert(digest.getLong(), digest.getLong())) count++;
    }

    void remove(byte[] key) {
        ByteBuffer digest = ByteBuffer.wrap(sha.digest(key));
        int slot = find(digest.getLong(), digest.getLong());
        if (isFree(slot)) return;
        count--;
        close(slot);
    }

    private boolean insert(long high, long low) {
        // Two zero words mark a free slot; no digest is ever expected to be that.
        int slot = find(high, low);
        if (!isFree(slot)) return false;
        table[slot] = high;
        table[slot + 1] = low;
        return true;
    }

    /** The slot of the key, or the free one where it would be. */
    private int find(long high, long low) {
        int slot = home(low);
        while (!isFree(slot) && (table[slot] != high || table[slot + 1] != low)) slot = next(slot);
        return slot;
    }

    /** Frees a slot and moves up what was pushed past it. */
    private void close(int freed) {
        int hole = freed;
        for (int slot = next(hole); !isFree(slot); slot = next(slot)) {
            int home = home(table[slot + 1]);
            boolean between =
                    hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;
            if (between) continue;
            table[hole] = table[slot];
            table[hole + 1] = table[slot + 1];
            hole = slot;
        }
        table[hole] = 0;
        table[hole + 1] = 0;
    }

    private void grow() {
        long[] old = table;
        table = new long[Math.multiplyExact(old.length, 2)];
        for (int slot = 0; slot < old.length; slot += WORDS) {
            if ((old[slot] | old[slot + 1]) != 0) insert(old[slot], old[slot + 1]);
        }
    }

    private boolean isFree(int slot) {
        return (table[slot] | table[slot + 1]) == 0;
    }

    private int home(long low) {
        return (int) low & table.length - WORDS;
    }

    private int next(int slot) {
        return slot + WORDS & table.length - 1;
    }
}
