package io.quorate.engine.bolt;

import static io.quorate.engine.bolt.BoltFormat.ELEMENT_BYTES;
import static io.quorate.engine.bolt.BoltFormat.HEADER_BYTES;
import static io.quorate.engine.bolt.BoltFormat.PAGE_BYTES;

import java.io.IOException;
import java.util.List;

/** Where the pages of a growing file go, one after the other from page 3 on. */
abstract class Pages {
    /** After the two meta pages and the freelist. */
    static final int FIRST = 3;

    private long next = FIRST;

    /** Pages used so far. */
    final long count() {
        return next;
    }

    /** Appends a leaf page; answers its id. */
    final long leaf(List<byte[]> keys, List<byte[]> values, int flags) throws IOException {
        long id = next;
        int pages = pages(bytes(keys, values));
        next += pages;
        writeLeaf(id, pages, keys, values, flags);
        return id;
    }

    /** Appends a branch page; answers its id. */
    final long branch(List<byte[]> keys, List<Long> children) throws IOException {
        long id = next;
        int pages = pages(bytes(keys, List.of()));
        next += pages;
        writeBranch(id, pages, keys, children);
        return id;
    }

    abstract void writeLeaf(long id, int pages, List<byte[]> keys, List<byte[]> values, int flags)
            throws IOException;

    abstract void writeBranch(long id, int pages, List<byte[]> keys, List<Long> children)
            throws IOException;

    private static int pages(long bytes) {
        return (int) ((bytes + PAGE_BYTES - 1) / PAGE_BYTES);
    }

    private static long bytes(List<byte[]> keys, List<byte[]> values) {
        long bytes = HEADER_BYTES + (long) ELEMENT_BYTES * keys.size();
        for (byte[] key : keys) bytes += key.length;
        for (byte[] value : values) bytes += value.length;
        return bytes;
    }

    /** Counts only. */
    static final class Planned extends Pages {
        @Override
        void writeLeaf(long id, int pages, List<byte[]> keys, List<byte[]> values, int flags) {}

        @Override
        void writeBranch(long id, int pages, List<byte[]> keys, List<Long> children) {}
    }
}
