package io.quorate.engine.bolt;

import java.util.Arrays;
import java.util.BitSet;

/** Reads every page of a file once; see {@link BoltFile#check}. */
final class BoltCheck {
    private static final int DEPTH_MAX = 64;

    private final BoltFile file;
    private final BitSet reached = new BitSet();
    private byte[] last;

    BoltCheck(BoltFile file) {
        this.file = file;
    }

    void run() {
        if (file.pages() > Integer.MAX_VALUE)
            throw file.corruptFile("claims to have " + file.pages() + " pages");
        reached.set(0, 2);
        buckets(file.rootPage(), 0);
        if (file.freelistPage() == BoltFormat.NO_FREELIST) return;
        freelist(file.freelistPage());
        int lost = reached.nextClearBit(0);
        if (lost < file.pages())
            throw file.corruptFile("has page " + lost + " neither in use nor free");
    }

    /** The tree of the buckets, and each of them. */
    private void buckets(long id, int depth) {
        PageView page = reach(id, depth);
        for (int i = 0; i < page.count(); i++) {
            if (!page.isLeaf()) {
                buckets(page.child(i), depth + 1);
            } else if (!page.isBucket(i)) {
                throw page.corrupt("has a value in the place of a bucket");
            } else {
                bucket(page.value(i));
            }
        }
    }

    private void bucket(byte[] value) {
        last = null;
        PageView root = file.root(value);
        long id = BoltFormat.u64(value, 0);
        if (id != 0) keys(id, 0);
        else leaf(root);
    }

    private void keys(long id, int depth) {
        PageView page = reach(id, depth);
        if (page.isLeaf()) {
            leaf(page);
            return;
        }
        for (int i = 0; i < page.count(); i++) {
            byte[] first = page.key(i);
            if (last != null && Arrays.compareUnsigned(first, last) <= 0)
                throw page.corrupt("has keys out of order");
            keys(page.child(i), depth + 1);
        }
    }

    private void leaf(PageView page) {
        if (!page.isLeaf()) throw page.corrupt("is a branch in the place of a leaf");
        for (int i = 0; i < page.count(); i++) {
            if (page.isBucket(i)) throw page.corrupt("has a bucket in a bucket");
            byte[] key = page.key(i);
            if (last != null && Arrays.compareUnsigned(last, key) >= 0)
                throw page.corrupt("has keys out of order");
            page.value(i);
            last = key;
        }
    }

    private PageView reach(long id, int depth) {
        if (depth > DEPTH_MAX) throw file.corruptFile("has a circle of pages at page " + id);
        byte[] page = file.raw(id);
        mark(id, BoltFile.overflow(page));
        return new PageView(page, 0, file.path() + ": page " + id);
    }

    private void mark(long id, long overflow) {
        int end = (int) (id + overflow + 1);
        int taken = reached.nextSetBit((int) id);
        if (taken >= 0 && taken < end)
            throw file.corruptFile("has page " + taken + " in use in two places");
        reached.set((int) id, end);
    }

    private void freelist(long id) {
        byte[] page = file.raw(id);
        if (BoltFormat.u16(page, 8) != BoltFormat.FREELIST)
            throw file.corruptFile("has page " + id + " in the place of its freelist");
        mark(id, BoltFile.overflow(page));
        long count = BoltFormat.u16(page, 10);
        int at = BoltFormat.HEADER_BYTES;
        if (count == BoltFormat.COUNT_OVERFLOW) {
            count = BoltFormat.u64(page, at);
            at += Long.BYTES;
        }
        if (count < 0 || count > (page.length - at) / Long.BYTES)
            throw file.corruptFile("has a freelist longer than its page");
        for (int i = 0; i < count; i++) free(BoltFormat.u64(page, at + i * Long.BYTES));
    }

    private void free(long id) {
        if (id < 2 || id >= file.pages())
            throw file.corruptFile("has page " + id + " on its freelist, beyond its end");
        mark(id, 0);
    }
}
