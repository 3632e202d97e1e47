package io.quorate.engine.bolt;

import static io.quorate.engine.bolt.BoltFormat.BUCKET_BYTES;
import static io.quorate.engine.bolt.BoltFormat.ELEMENT_BYTES;
import static io.quorate.engine.bolt.BoltFormat.HEADER_BYTES;
import static io.quorate.engine.bolt.BoltFormat.IS_BUCKET;
import static io.quorate.engine.bolt.BoltFormat.LEAF;
import static io.quorate.engine.bolt.BoltFormat.PAGE_BYTES;

import java.io.IOException;
import java.util.List;

/** Lays content out in pages: the tree of each bucket, then the tree of the buckets. */
final class FileLayout implements BoltContent.Sink {
    /** A bucket of one page up to this size stands in the tree of the buckets. */
    private static final int INLINE_BYTES_MAX = PAGE_BYTES / 4;

    private final Pages pages;
    private final PageTree buckets;
    private byte[] name;
    private PageTree tree;

    FileLayout(Pages pages) {
        this.pages = pages;
        this.buckets = new PageTree(pages, IS_BUCKET);
    }

    @Override
    public void bucket(byte[] next) throws IOException {
        endBucket();
        name = next;
        tree = new PageTree(pages, 0);
    }

    @Override
    public void put(byte[] key, byte[] value) throws IOException {
        if (tree == null) throw new IllegalArgumentException("a key before the first bucket");
        tree.put(key, value);
    }

    /** The root page of all; nothing may be put any more. */
    long finish() throws IOException {
        endBucket();
        return buckets.finish();
    }

    private void endBucket() throws IOException {
        if (tree == null) return;
        buckets.put(name, tree.fitsIn(INLINE_BYTES_MAX) ? inline(tree) : reference(tree));
        tree = null;
    }

    private static byte[] reference(PageTree tree) throws IOException {
        byte[] value = new byte[BUCKET_BYTES];
        BoltFormat.u64(value, 0, tree.finish());
        return value;
    }

    private static byte[] inline(PageTree tree) {
        List<byte[]> keys = tree.keys();
        List<byte[]> values = tree.values();
        int bytes = BUCKET_BYTES + leafBytes(keys, values);
        byte[] value = new byte[bytes];
        leaf(value, BUCKET_BYTES, 0, 0, keys, values, 0);
        return value;
    }

    static int leafBytes(List<byte[]> keys, List<byte[]> values) {
        int bytes = HEADER_BYTES + ELEMENT_BYTES * keys.size();
        for (byte[] key : keys) bytes += key.length;
        for (byte[] value : values) bytes += value.length;
        return bytes;
    }

    /** Writes header, elements, keys and values of a leaf page; answers the place after them. */
    static int leaf(
            byte[] to,
            int at,
            long id,
            int overflow,
            List<byte[]> keys,
            List<byte[]> values,
            int flags) {
        BoltFormat.header(to, at, id, LEAF, keys.size(), overflow);
        int element = at + HEADER_BYTES;
        int data = element + ELEMENT_BYTES * keys.size();
        for (int i = 0; i < keys.size(); i++, element += ELEMENT_BYTES) {
            byte[] key = keys.get(i);
            byte[] value = values.get(i);
            BoltFormat.u32(to, element, flags);
            BoltFormat.u32(to, element + 4, data - element);
            BoltFormat.u32(to, element + 8, key.length);
            BoltFormat.u32(to, element + 12, value.length);
            System.arraycopy(key, 0, to, data, key.length);
            System.arraycopy(value, 0, to, data + key.length, value.length);
            data += key.length + value.length;
        }
        return data;
    }
}
