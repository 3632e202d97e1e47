package io.quorate.engine.state;

/**
 * The rows of {@link Keyspaces#KEY} as those read and write them who carry a state from one place
 * to another (DD-06).
 */
public final class KeyRows {
    private KeyRows() {}

    /**
     * Main revision in the key of a row.
     *
     * @throws io.quorate.spi.storage.StorageException.Corruption when it is not a revision
     */
    public static long revision(byte[] rowKey) {
        return RevisionKey.main(rowKey);
    }

    /** Whether the row deletes its key. */
    public static boolean isTombstone(byte[] rowKey) {
        return RevisionKey.isTombstone(rowKey);
    }

    /** The key of the first row of a revision. */
    public static byte[] rowKey(long revision) {
        return RevisionKey.of(revision, 0, false);
    }

    /**
     * What a row says.
     *
     * @throws io.quorate.spi.storage.StorageException.Corruption when it is not a KeyValue
     */
    public static KeyValue decode(byte[] row) {
        return RowCodec.decode(row);
    }
}
