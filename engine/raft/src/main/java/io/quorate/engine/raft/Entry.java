package io.quorate.engine.raft;

import java.util.List;

/**
 * One entry of the log.
 *
 * @param term term of the leader that made it
 * @param index position, from 1
 * @param type what {@code data} is
 * @param data never changed once here; empty for the entry a new leader starts its term with
 */
public record Entry(long term, long index, EntryType type, byte[] data) {
    /**
     * Bytes this entry takes in etcd's encoding, at least 1. The bounds on messages and on entries
     * being applied are counted in it, so that empty entries count as well.
     */
    public int encodedBytes() {
        return 5 + varintBytes(term) + varintBytes(index) + varintBytes(data.length) + data.length;
    }

    static long encodedBytes(List<Entry> entries) {
        long sum = 0;
        for (int i = 0; i < entries.size(); i++) sum += entries.get(i).encodedBytes();
        return sum;
    }

    /** Bytes of the data alone, which is what a backlog of proposals is measured in. */
    static long dataBytes(List<Entry> entries) {
        long sum = 0;
        for (int i = 0; i < entries.size(); i++) sum += entries.get(i).data().length;
        return sum;
    }

    /** The longest prefix of so many encoded bytes, but at least one entry if there is one. */
    static List<Entry> limit(List<Entry> entries, long maxBytes) {
        long sum = 0;
        for (int i = 0; i < entries.size(); i++) {
            sum += entries.get(i).encodedBytes();
            if (sum > maxBytes && i > 0) return entries.subList(0, i);
        }
        return entries;
    }

    private static int varintBytes(long value) {
        return (Long.SIZE - Long.numberOfLeadingZeros(value | 1) + 6) / 7;
    }
}
