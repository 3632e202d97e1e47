package io.quorate.engine.bolt;

import io.quorate.spi.storage.Cursor;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** A walk over the keys of one bucket, ascending. One page of each level is in the heap. */
public final class BoltCursor implements Cursor {
    /** More than any tree has; less than a circle of pages. */
    private static final int DEPTH_MAX = 64;

    private final BoltFile file;
    private final boolean ofBuckets;
    private final byte[] toExclusive;
    private final Deque<Frame> path = new ArrayDeque<>();
    private byte[] key;
    private PageView leaf;
    private int at;

    /**
     * @param ofBuckets whether the values must be buckets; else none may be
     * @param from first key, or null
     * @param toExclusive end, or null
     */
    BoltCursor(BoltFile file, PageView root, boolean ofBuckets, byte[] from, byte[] toExclusive) {
        this.file = file;
        this.ofBuckets = ofBuckets;
        this.toExclusive = toExclusive;
        descend(root, from);
    }

    private BoltCursor(BoltFile file) {
        this.file = file;
        this.ofBuckets = false;
        this.toExclusive = null;
    }

    /** A walk over nothing. */
    static BoltCursor empty(BoltFile file) {
        return new BoltCursor(file);
    }

    @Override
    public boolean next() {
        while (leaf != null && ++at >= leaf.count()) nextLeaf();
        if (leaf == null) return false;
        if (leaf.isBucket(at) != ofBuckets)
            throw leaf.corrupt(
                    ofBuckets
                            ? "has a value in the place of a bucket"
                            : "has a bucket in a bucket");
        byte[] found = leaf.key(at);
        if (key != null && Arrays.compareUnsigned(key, found) >= 0)
            throw leaf.corrupt("has keys out of order");
        if (toExclusive != null && Arrays.compareUnsigned(found, toExclusive) >= 0) {
            leaf = null;
            return false;
        }
        key = found;
        return true;
    }

    @Override
    public byte[] key() {
        return key;
    }

    @Override
    public byte[] value() {
        return leaf.value(at);
    }

    @Override
    public void close() {
        leaf = null;
        path.clear();
    }

    private void nextLeaf() {
        leaf = null;
        while (!path.isEmpty()) {
            Frame above = path.peek();
            if (++above.at < above.page.count()) {
                descend(file.page(above.page.child(above.at)), null);
                return;
            }
            path.pop();
        }
    }

    /**
     * Goes down to the leaf that holds the first key at or after {@code from}, or the one before.
     */
    private void descend(PageView page, byte[] from) {
        while (!page.isLeaf()) {
            int child = from == null ? 0 : Math.max(0, firstAfter(page, from) - 1);
            path.push(new Frame(page, child));
            if (path.size() > DEPTH_MAX) throw page.corrupt("is part of a circle");
            page = file.page(page.child(child));
        }
        leaf = page;
        at = (from == null ? 0 : firstNotBefore(page, from)) - 1;
    }

    /** The first element whose key is above the key. */
    private static int firstAfter(PageView page, byte[] key) {
        int low = 0;
        int high = page.count();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (page.compareKey(middle, key) <= 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /** The first element whose key is not below the key. */
    private static int firstNotBefore(PageView page, byte[] key) {
        int low = 0;
        int high = page.count();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (page.compareKey(middle, key) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static final class Frame {
        final PageView page;
        int at;

        Frame(PageView page, int at) {
            this.page = page;
            this.at = at;
        }
    }
}
