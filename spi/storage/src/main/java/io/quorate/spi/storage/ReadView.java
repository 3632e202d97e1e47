package io.quorate.spi.storage;

import io.quorate.spi.plugin.Stable;

/** The state as of one commit. Safe for several threads; must be closed, from any thread. */
@Stable(since = "1.0")
public interface ReadView extends AutoCloseable {
    /** The position that this view shows. */
    Applied applied();

    /**
     * The value, or null. The array is the caller's to read, not to change.
     *
     * @throws StorageException.Closed after close
     * @throws StorageException.Corruption when the bytes are not what was written
     */
    byte[] get(Keyspace keyspace, byte[] key);

    /**
     * Keys in [from, toExclusive), unsigned lexicographic; a null bound is open. A cursor is used
     * by one thread and is valid until the view closes.
     */
    Cursor cursor(Keyspace keyspace, byte[] from, byte[] toExclusive, boolean descending);

    @Override
    void close();
}
