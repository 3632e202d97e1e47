package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;

/**
 * Builds the key index from the rows of a store, which come in order of revision. Rows that a
 * compaction was about to remove are indexed too; the compaction goes on and finds them.
 */
final class Recovery {
    private final KeyIndex index = new KeyIndex();
    private final RowCodec codec = new RowCodec();
    private long lastRevision = 1;

    private Recovery() {}

    static Recovery of(ReadView view) {
        Recovery recovery = new Recovery();
        try (Cursor rows = view.cursor(Keyspaces.KEY, null, null, false)) {
            while (rows.next()) recovery.add(rows.key(), rows.value());
        }
        return recovery;
    }

    KeyIndex index() {
        return index;
    }

    /** The largest main revision of any row, 1 without rows (SE-01). */
    long lastRevision() {
        return lastRevision;
    }

    private void add(byte[] revisionKey, byte[] row) {
        long main = RevisionKey.main(revisionKey);
        int sub = (int) RevisionKey.sub(revisionKey);
        boolean tombstone = RevisionKey.isTombstone(revisionKey);
        codec.read(row);
        byte[] key = codec.key();
        long created = tombstone ? 0 : codec.created();
        long version = tombstone ? 0 : codec.version();
        long lease = tombstone ? 0 : codec.lease();
        index.put(
                key,
                older -> {
                    byte[] shared = older == null ? key : older.key;
                    return new IndexEntry(
                            shared, main, sub, tombstone, created, version, lease, older, null);
                });
        lastRevision = main;
    }
}
