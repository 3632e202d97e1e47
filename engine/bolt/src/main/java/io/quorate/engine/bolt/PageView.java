package io.quorate.engine.bolt;

import static io.quorate.engine.bolt.BoltFormat.BRANCH;
import static io.quorate.engine.bolt.BoltFormat.ELEMENT_BYTES;
import static io.quorate.engine.bolt.BoltFormat.HEADER_BYTES;
import static io.quorate.engine.bolt.BoltFormat.IS_BUCKET;
import static io.quorate.engine.bolt.BoltFormat.LEAF;

import io.quorate.spi.storage.StorageException;

import java.util.Arrays;

/** A branch or leaf page in the heap. All that it points at is checked to lie inside. */
final class PageView {
    private final byte[] bytes;
    private final int from;
    private final String where;
    private final int flags;
    private final int count;

    /**
     * @param from where the page starts in the bytes; it ends with them
     * @param where the place of the page, for people
     * @throws StorageException.Corruption for a page of another kind, or too small for its elements
     */
    PageView(byte[] bytes, int from, String where) {
        this.bytes = bytes;
        this.from = from;
        this.where = where;
        if (bytes.length - from < HEADER_BYTES) throw corrupt("is cut off");
        this.flags = BoltFormat.u16(bytes, from + 8);
        this.count = BoltFormat.u16(bytes, from + 10);
        if (flags != LEAF && flags != BRANCH)
            throw corrupt(
                    "has flags 0x" + Integer.toHexString(flags) + ", neither branch nor leaf");
        if ((long) HEADER_BYTES + (long) count * ELEMENT_BYTES > bytes.length - from)
            throw corrupt("has " + count + " elements, more than fit");
        if (flags == BRANCH && count == 0) throw corrupt("is a branch without children");
    }

    boolean isLeaf() {
        return flags == LEAF;
    }

    int count() {
        return count;
    }

    byte[] key(int i) {
        int element = element(i);
        long at = keyAt(element);
        return slice(element, at, keyBytes(element));
    }

    /** The value of a leaf element. */
    byte[] value(int i) {
        int element = element(i);
        return slice(element, keyAt(element) + keyBytes(element), u32(element + 12));
    }

    /** Whether the value of a leaf element is a bucket. */
    boolean isBucket(int i) {
        return (u32(element(i)) & IS_BUCKET) != 0;
    }

    /** The page below a branch element. */
    long child(int i) {
        return BoltFormat.u64(bytes, element(i) + 8);
    }

    int compareKey(int i, byte[] key) {
        int element = element(i);
        long at = keyAt(element);
        long size = keyBytes(element);
        check(element, at, size);
        int start = element + (int) at;
        return Arrays.compareUnsigned(bytes, start, start + (int) size, key, 0, key.length);
    }

    private int element(int i) {
        return from + HEADER_BYTES + i * ELEMENT_BYTES;
    }

    private long keyAt(int element) {
        return u32(isLeaf() ? element + 4 : element);
    }

    private long keyBytes(int element) {
        return u32(isLeaf() ? element + 8 : element + 4);
    }

    private long u32(int at) {
        return BoltFormat.u32(bytes, at) & 0xFFFF_FFFFL;
    }

    private byte[] slice(int element, long at, long size) {
        check(element, at, size);
        int start = element + (int) at;
        return Arrays.copyOfRange(bytes, start, start + (int) size);
    }

    private void check(int element, long at, long size) {
        if (element + at + size > bytes.length)
            throw corrupt("has a key or value that ends outside of it");
    }

    StorageException.Corruption corrupt(String what) {
        return BoltFile.corrupt(where + " " + what);
    }
}
