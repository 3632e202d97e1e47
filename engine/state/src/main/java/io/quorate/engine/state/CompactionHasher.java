package io.quorate.engine.state;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The hash that etcd 3.7 remembers of a compaction (SE-67): over all rows up to its revision, those
 * that it removes among them, leaving out what the compaction before made unreadable. Used by the
 * apply thread, which shows it the rows in order of revision.
 */
final class CompactionHasher {
    private final KeyIndex index;
    private final long previous;
    private final long revision;
    private final CRC32C crc = new CRC32C();

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

    /**
     * @param newest whether no later version of the key, up to the revision, exists
     */
    void add(byte[] revisionKey, byte[] row, boolean newest) {
        if (!counts(revisionKey, newest)) return;
        crc.update(revisionKey);
        crc.update(row);
    }

    /** After the last row. */
    KvHash hash(long current) {
        return new KvHash((int) crc.getValue(), previous, revision, current);
    }

    private boolean counts(byte[] revisionKey, boolean newest) {
        long main = RevisionKey.main(revisionKey);
        if (main > previous) return true;
        boolean tombstone = RevisionKey.isTombstone(revisionKey);
        if (main == previous && tombstone) return false;
        return !anyKept() || (!tombstone && newest);
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
