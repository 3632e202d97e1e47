package io.quorate.engine.state;

import java.nio.charset.StandardCharsets;

/**
 * One change of one key. Shared by all watches that see it, and so are its arrays: they are not to
 * be changed.
 */
public final class WatchEvent {
    private final byte[] key;
    private final long revision;
    private final boolean delete;

    /** The stored row: of a put the key-value itself, of a delete the key alone. */
    private final byte[] row;

    /**
     * Leads to the version before; null for an event that was read from the store. The entry
     * itself, not the one before: compaction cuts behind it, so an event keeps no history alive.
     */
    private final IndexEntry entry;

    /** Encoded once, by the first who asks; all who do write the same bytes. */
    private byte[] keyValue;

    /** Looked up by the first who asks; all who do find the same. */
    private volatile Previous previous;

    private WatchEvent(byte[] key, long revision, boolean delete, byte[] row, IndexEntry entry) {
        this.key = key;
        this.revision = revision;
        this.delete = delete;
        this.row = row;
        this.entry = entry;
        this.keyValue = delete ? null : row;
    }

    static WatchEvent of(IndexEntry entry) {
        return new WatchEvent(entry.key, entry.main, entry.tombstone, entry.row(), entry);
    }

    static WatchEvent read(byte[] key, long revision, boolean delete, byte[] row) {
        return new WatchEvent(key, revision, delete, row, null);
    }

    public byte[] key() {
        return key;
    }

    /** The revision that made the change; several events of a transaction have the same. */
    public long revision() {
        return revision;
    }

    public boolean isDelete() {
        return delete;
    }

    /** Whether it is a put of a key that was not there before (WA-18). */
    public boolean isCreate() {
        return !delete && new RowCodec().read(row).created() == revision;
    }

    /**
     * The key-value in the wire form of mvccpb.KeyValue: for a put all of it (WA-16), for a delete
     * the key and the revision of the delete (WA-17).
     */
    public byte[] keyValue() {
        byte[] encoded = keyValue;
        if (encoded == null) {
            encoded = RowCodec.encode(key, 0, revision, 0, new byte[0], 0);
            keyValue = encoded;
        }
        return encoded;
    }

    /** As {@link #keyValue()}, decoded. */
    public KeyValue decoded() {
        return RowCodec.decode(keyValue());
    }

    /**
     * The key-value before the change in the wire form of mvccpb.KeyValue, for watches that asked
     * for it ({@link WatchMessage.Events#previous}); null when the key was not there, or when that
     * version has been compacted (WA-15).
     */
    public byte[] previousKeyValue() {
        Previous found = previous;
        return found == null ? null : found.row;
    }

    boolean knowsPrevious() {
        return previous != null;
    }

    /**
     * @param before the row, null for none
     */
    void setPrevious(byte[] before) {
        previous = new Previous(before);
    }

    IndexEntry entry() {
        return entry;
    }

    /** About what it holds in the heap. */
    int bytes() {
        return row.length + key.length + 64;
    }

    @Override
    public String toString() {
        return (delete ? "DELETE " : "PUT ")
                + new String(key, StandardCharsets.UTF_8)
                + "@"
                + revision;
    }

    private record Previous(byte[] row) {}
}
