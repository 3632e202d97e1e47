package io.quorate.engine.bolt;

import static io.quorate.engine.bolt.BoltFormat.BRANCH;
import static io.quorate.engine.bolt.BoltFormat.ELEMENT_BYTES;
import static io.quorate.engine.bolt.BoltFormat.FREELIST;
import static io.quorate.engine.bolt.BoltFormat.HEADER_BYTES;
import static io.quorate.engine.bolt.BoltFormat.META;
import static io.quorate.engine.bolt.BoltFormat.META_BYTES;
import static io.quorate.engine.bolt.BoltFormat.PAGE_BYTES;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;

/** Writes the pages in the order of their ids, beginning with the meta pages and the freelist. */
final class PageStream extends Pages {
    private final OutputStream out;

    /** Grows to the largest page of the file. */
    private byte[] page = new byte[16 * PAGE_BYTES];

    /**
     * @param root page of the buckets
     * @param count pages that the file will have
     */
    PageStream(OutputStream out, long root, long count) throws IOException {
        this.out = out;
        meta(0, root, count, 2);
        meta(1, root, count, 1);
        clear(PAGE_BYTES);
        BoltFormat.header(page, 0, 2, FREELIST, 0, 0);
        out.write(page, 0, PAGE_BYTES);
    }

    private void meta(int id, long root, long count, long transaction) throws IOException {
        clear(PAGE_BYTES);
        BoltFormat.header(page, 0, id, META, 0, 0);
        int at = HEADER_BYTES;
        BoltFormat.u32(page, at, BoltFormat.MAGIC);
        BoltFormat.u32(page, at + 4, BoltFormat.VERSION);
        BoltFormat.u32(page, at + 8, PAGE_BYTES);
        BoltFormat.u64(page, at + 16, root);
        BoltFormat.u64(page, at + 32, 2);
        BoltFormat.u64(page, at + 40, count);
        BoltFormat.u64(page, at + 48, transaction);
        int end = at + META_BYTES - Long.BYTES;
        BoltFormat.u64(page, end, BoltFormat.fnv(page, at, end));
        out.write(page, 0, PAGE_BYTES);
    }

    @Override
    void writeLeaf(long id, int pages, List<byte[]> keys, List<byte[]> values, int flags)
            throws IOException {
        reserve(pages);
        finish(FileLayout.leaf(page, 0, id, pages - 1, keys, values, flags), pages);
    }

    @Override
    void writeBranch(long id, int pages, List<byte[]> keys, List<Long> children)
            throws IOException {
        reserve(pages);
        BoltFormat.header(page, 0, id, BRANCH, keys.size(), pages - 1);
        int element = HEADER_BYTES;
        int data = element + ELEMENT_BYTES * keys.size();
        for (int i = 0; i < keys.size(); i++, element += ELEMENT_BYTES) {
            byte[] key = keys.get(i);
            BoltFormat.u32(page, element, data - element);
            BoltFormat.u32(page, element + 4, key.length);
            BoltFormat.u64(page, element + 8, children.get(i));
            System.arraycopy(key, 0, page, data, key.length);
            data += key.length;
        }
        finish(data, pages);
    }

    private void reserve(int pages) {
        int bytes = Math.multiplyExact(pages, PAGE_BYTES);
        if (page.length < bytes) page = new byte[bytes];
    }

    private void finish(int end, int pages) throws IOException {
        Arrays.fill(page, end, pages * PAGE_BYTES, (byte) 0);
        out.write(page, 0, pages * PAGE_BYTES);
    }

    private void clear(int bytes) {
        Arrays.fill(page, 0, bytes, (byte) 0);
    }
}
