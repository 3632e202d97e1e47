package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The hash that etcd 3.7 computes: CRC-32C over the name of the keyspace, then key and value of
 * each row in order of revision, leaving out
 *
 * <ul>
 *   <li>rows after the hashed revision,
 *   <li>rows that the last compaction removes or has removed, and a tombstone exactly at the
 *       compact revision, which older releases remove,
 *   <li>rows at or before the compact revision that are not the version a reader at the hashed
 *       revision sees; unless no key exists at that revision, then they count.
 * </ul>
 *
 * <p>What is counted comes from the index, so a compaction half done gives the same hash as one
 * that is done.
 */
final class KvHasher {
    private final Published state;
    private final Rows rows;
    private final long revision;
    private final List<IndexEntry> counted = new ArrayList<>();

    /**
     * @param revision not compacted, not in the future
     */
    KvHasher(Published state, Rows rows, long revision) {
        this.state = state;
        this.rows = rows;
        this.revision = revision;
    }

    /** No row has a negative revision. */
    static KvHash ofNothing(long revision, Published state) {
        CRC32C crc = new CRC32C();
        crc.update(Keyspaces.KEY.name().getBytes(StandardCharsets.UTF_8));
        return new KvHash(
                (int) crc.getValue(), state.compactRevision(), revision, state.revision());
    }

    KvHash hash() {
        boolean anyLive =
                new Reading(state, rows).count(new KeyRange(null, null, false), revision) > 0;
        KeyIndex.ascend(
                state.root(),
                null,
                null,
                newest -> {
                    collect(newest, anyLive);
                    return true;
                });
        counted.sort(
                Comparator.<IndexEntry>comparingLong(entry -> entry.main)
                        .thenComparingInt(entry -> entry.sub));
        return new KvHash(crc(), state.compactRevision(), revision, state.revision());
    }

    private void collect(IndexEntry newest, boolean anyLive) {
        IndexEntry seen = newest.visibleAt(revision);
        long compacted = state.compactRevision();
        for (IndexEntry entry = newest.newestAt(revision); entry != null; entry = entry.older()) {
            if (entry.main > compacted) counted.add(entry);
            else {
                if (!entry.tombstone && (entry == seen || !anyLive)) counted.add(entry);
                return; // What is older, compaction removes.
            }
        }
    }

    private int crc() {
        byte[][] cached = new byte[counted.size()][];
        for (int i = 0; i < cached.length; i++) cached[i] = counted.get(i).row();
        // What is not cached now is committed, so a view opened from here on has it.
        ReadView view = rows.view(revision);
        // A compaction that began after the state was taken may have cut versions that count.
        rows.check(state.compactRevision());
        CRC32C crc = new CRC32C();
        crc.update(Keyspaces.KEY.name().getBytes(StandardCharsets.UTF_8));
        try (Cursor cursor = view.cursor(Keyspaces.KEY, null, null, false)) {
            for (int i = 0; i < cached.length; i++) {
                byte[] key = RevisionKey.of(counted.get(i));
                crc.update(key);
                crc.update(cached[i] != null ? cached[i] : seek(cursor, key));
            }
        }
        return (int) crc.getValue();
    }

    /** Rows are asked for in the order in which the cursor walks. */
    private static byte[] seek(Cursor cursor, byte[] key) {
        while (cursor.next()) if (Arrays.equals(cursor.key(), key)) return cursor.value();
        throw Rows.missing(key);
    }
}
