package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The hash that etcd 3.7 remembers of a compaction (SE-67): over all rows up to its revision,
 * before any of them goes, leaving out what the compaction before made unreadable. Reads the store
 * in bounded steps, in order of revision; nothing it looks at changes meanwhile, because the
 * removal waits for it and later commands add later revisions. Used by the apply thread.
 */
final class CompactionHasher {
    /** Bytes after which a step ends, however few rows they are. */
    private static final int STEP_BYTES = 1 << 20;

    private final KeyIndex index;
    private final long previous;
    private final long revision;
    private final CRC32C crc = new CRC32C();
    private final RowCodec codec = new RowCodec();
    private byte[] next = RevisionKey.of(0, 0, false);

    /** Whether something is left to read at the revision; null before it is needed. */
    private Boolean anyKept;

    /**
     * @param previous compact revision before, -1 for none
     * @param revision that is compacted to
     */
    CompactionHasher(KeyIndex index, long previous, long revision) {
        this.index = index;
        this.previous = previous;
        this.revision = revision;
        crc.update(Keyspaces.KEY.name().getBytes(StandardCharsets.UTF_8));
    }

    /** Reads up to so many rows, or about a MiB; true at the end. All rows must be committed. */
    boolean step(StateStore store, int maxRows) {
        byte[] end = RevisionKey.of(revision + 1, 0, false);
        try (ReadView view = store.view();
                Cursor cursor = view.cursor(Keyspaces.KEY, next, end, false)) {
            int bytes = 0;
            for (int rows = 0; rows < maxRows && bytes < STEP_BYTES; rows++) {
                if (!cursor.next()) return true;
                byte[] key = cursor.key();
                byte[] row = cursor.value();
                bytes += row.length;
                if (counts(key, row)) {
                    crc.update(key);
                    crc.update(row);
                }
                next = RevisionKey.of(RevisionKey.main(key), RevisionKey.sub(key) + 1, false);
            }
            return false;
        }
    }

    /** After the last step. */
    KvHash hash(long current) {
        return new KvHash((int) crc.getValue(), previous, revision, current);
    }

    private boolean counts(byte[] revisionKey, byte[] row) {
        long main = RevisionKey.main(revisionKey);
        if (main > previous) return true;
        boolean tombstone = RevisionKey.isTombstone(revisionKey);
        if (main == previous && tombstone) return false;
        return !anyKept() || (!tombstone && isKept(main, RevisionKey.sub(revisionKey), row));
    }

    private boolean isKept(long main, long sub, byte[] row) {
        IndexEntry newest = KeyIndex.get(index.root(), codec.read(row).key());
        IndexEntry kept = newest == null ? null : newest.newestAt(revision);
        return kept != null && kept.main == main && kept.sub == sub;
    }

    private boolean anyKept() {
        if (anyKept == null) {
            // The walk ends early, at the first one that is kept.
            anyKept =
                    !KeyIndex.ascend(index.root(), new byte[0], null, newest -> !keepsAny(newest));
        }
        return anyKept;
    }

    private boolean keepsAny(IndexEntry newest) {
        IndexEntry kept = newest.newestAt(revision);
        return kept != null && (!kept.tombstone || kept.main == revision);
    }
}
