package io.quorate.spi.storage;

import io.quorate.spi.plugin.Stable;

/** A whole state on its way in, as a sorted feed in bounded memory. Used by one thread. */
@Stable(since = "1.0")
public interface Install extends AutoCloseable {
    /**
     * Keyspaces in order of id, keys ascending inside each. Blocks to hold back a fast feeder. The
     * arrays belong to the store.
     *
     * @throws IllegalArgumentException for a key out of order
     */
    void put(Keyspace keyspace, byte[] key, byte[] value);

    /**
     * Swaps the new state in, atomically and durably. Views opened before still show the old one.
     */
    void commit();

    /** Without a commit, forgets everything fed. */
    @Override
    void close();
}
