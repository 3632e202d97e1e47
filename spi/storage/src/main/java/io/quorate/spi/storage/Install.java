package io.quorate.spi.storage;

/** A whole state on its way in, as a sorted feed in bounded memory. Used by one thread. */
public interface Install extends AutoCloseable {
    /** Keyspaces in order of id, keys ascending inside each. Blocks to hold back a fast feeder. */
    void put(Keyspace keyspace, byte[] key, byte[] value);

    /**
     * Swaps the new state in, atomically and durably. Views opened before still show the old one.
     */
    void commit();

    /** Without a commit, forgets everything fed. */
    @Override
    void close();
}
