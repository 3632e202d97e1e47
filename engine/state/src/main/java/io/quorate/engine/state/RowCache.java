package io.quorate.engine.state;

import java.util.ArrayDeque;

/**
 * Which index entries still hold their row, oldest first. Rows that are not committed yet are only
 * there, so they stay; committed ones go, oldest first, when they take more than their share. Used
 * by the apply thread.
 */
final class RowCache {
    private final long maxBytes;
    private final ArrayDeque<IndexEntry> entries = new ArrayDeque<>();
    private long bytes;

    RowCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Takes an entry whose row is in no committed batch yet. */
    void add(IndexEntry entry) {
        entries.addLast(entry);
        bytes += entry.row().length;
    }

    /** All rows taken so far are in the store. */
    void committed() {
        while (bytes > maxBytes) {
            IndexEntry oldest = entries.removeFirst();
            bytes -= oldest.row().length;
            oldest.dropRow();
        }
    }
}
