package io.quorate.engine.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One version of a key, newest first: the index holds the newest, each points to the one it
 * replaced. Made by the apply thread and published with the index, read by any thread.
 *
 * <p>All is fixed but two references, both dropped at some time and then never set again:
 *
 * <ul>
 *   <li>{@code row} goes when the cache is full, never before the row is committed. Who misses it
 *       opens a view of the store, which then has the row.
 *   <li>{@code older} goes when compaction removes what is behind it. Who reads at a past revision
 *       must look afterwards whether the compact revision has passed it.
 * </ul>
 */
final class IndexEntry {
    private static final VarHandle ROW;
    private static final VarHandle OLDER;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            ROW = lookup.findVarHandle(IndexEntry.class, "row", byte[].class);
            OLDER = lookup.findVarHandle(IndexEntry.class, "older", IndexEntry.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Shared by all versions of the key. */
    final byte[] key;

    final long main;
    final int sub;
    final boolean tombstone;

    /** Main revision that made this generation, 0 for a tombstone. */
    final long created;

    /** Puts in this generation, 0 for a tombstone. */
    final long version;

    /** Lease attached, 0 for none. */
    final long lease;

    private IndexEntry older;
    private byte[] row;

    IndexEntry(
            byte[] key,
            long main,
            int sub,
            boolean tombstone,
            long created,
            long version,
            long lease,
            IndexEntry older,
            byte[] row) {
        this.key = key;
        this.main = main;
        this.sub = sub;
        this.tombstone = tombstone;
        this.created = created;
        this.version = version;
        this.lease = lease;
        this.older = older;
        this.row = row;
    }

    /** The record of this version as it is stored, or null when only the store has it. */
    byte[] row() {
        return (byte[]) ROW.getAcquire(this);
    }

    void dropRow() {
        ROW.setRelease(this, null);
    }

    IndexEntry older() {
        return (IndexEntry) OLDER.getAcquire(this);
    }

    void cutTo(IndexEntry rest) {
        OLDER.setRelease(this, rest);
    }

    /**
     * The newest version at or before a main revision, tombstone or not; null when there is none.
     */
    IndexEntry newestAt(long revision) {
        IndexEntry entry = this;
        while (entry != null && entry.main > revision) entry = entry.older();
        return entry;
    }

    /** The version that a reader at this revision sees; null when the key did not exist then. */
    IndexEntry visibleAt(long revision) {
        IndexEntry entry = newestAt(revision);
        return entry == null || entry.tombstone ? null : entry;
    }

    int live() {
        return tombstone ? 0 : 1;
    }
}
