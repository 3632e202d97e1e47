package io.quorate.engine.bolt;

import static io.quorate.engine.bolt.BoltFormat.ELEMENT_BYTES;
import static io.quorate.engine.bolt.BoltFormat.HEADER_BYTES;
import static io.quorate.engine.bolt.BoltFormat.KEY_BYTES_MAX;
import static io.quorate.engine.bolt.BoltFormat.PAGE_BYTES;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * The B+tree of one bucket, built from keys that come in order. A page is handed on as soon as it
 * is full, so no more than one page of each level is in the heap.
 */
final class PageTree {
    /** bbolt leaves room for later writes too. */
    private static final int LEAF_FILL_BYTES = PAGE_BYTES * 9 / 10;

    /**
     * A branch page keeps one child back when it goes, so that its successor never has one only.
     */
    private static final int BRANCH_CHILDREN_MIN = 3;

    private final Pages pages;
    private final int flags;
    private final List<byte[]> keys = new ArrayList<>();
    private final List<byte[]> values = new ArrayList<>();
    private final List<Level> levels = new ArrayList<>();
    private long leafBytes = HEADER_BYTES;

    /**
     * @param flags of every leaf element
     */
    PageTree(Pages pages, int flags) {
        this.pages = pages;
        this.flags = flags;
    }

    void put(byte[] key, byte[] value) throws IOException {
        checkKey(key);
        long bytes = ELEMENT_BYTES + (long) key.length + value.length;
        if (!keys.isEmpty() && leafBytes + bytes > LEAF_FILL_BYTES) {
            byte[] last = keys.getLast();
            flushLeaf();
            checkOrder(last, key);
        } else if (!keys.isEmpty()) {
            checkOrder(keys.getLast(), key);
        }
        keys.add(key);
        values.add(value);
        leafBytes += bytes;
    }

    /** Whether all keys are still in the one leaf page, which is at most so large. */
    boolean fitsIn(int bytes) {
        return levels.isEmpty() && leafBytes <= bytes;
    }

    /** The keys of a tree that {@linkplain #fitsIn fits} in one leaf. */
    List<byte[]> keys() {
        return keys;
    }

    List<byte[]> values() {
        return values;
    }

    /** Hands on what is left; answers the root page. */
    long finish() throws IOException {
        if (!keys.isEmpty() || levels.isEmpty()) flushLeaf();
        int at = 0;
        while (at < levels.size() - 1 || levels.get(at).keys.size() > 1) {
            flush(at++, 0);
        }
        return levels.get(at).children.getFirst();
    }

    private void flushLeaf() throws IOException {
        byte[] first = keys.isEmpty() ? new byte[0] : keys.getFirst();
        long id = pages.leaf(keys, values, flags);
        keys.clear();
        values.clear();
        leafBytes = HEADER_BYTES;
        add(0, first, id);
    }

    private void add(int at, byte[] firstKey, long child) throws IOException {
        if (at == levels.size()) levels.add(new Level());
        Level level = levels.get(at);
        long bytes = ELEMENT_BYTES + (long) firstKey.length;
        boolean full = level.bytes + bytes > PAGE_BYTES;
        if (full && level.keys.size() >= BRANCH_CHILDREN_MIN) flush(at, 1);
        level.add(firstKey, child);
    }

    /** Hands on the branch page of a level, but for the last {@code kept} children. */
    private void flush(int at, int kept) throws IOException {
        Level level = levels.get(at);
        int split = level.keys.size() - kept;
        byte[] first = level.keys.getFirst();
        long id = pages.branch(level.keys.subList(0, split), level.children.subList(0, split));
        level.cut(split);
        add(at + 1, first, id);
    }

    private static void checkKey(byte[] key) {
        if (key.length == 0 || key.length > KEY_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "a key of " + key.length + " bytes; bbolt takes 1 to " + KEY_BYTES_MAX);
        }
    }

    private static void checkOrder(byte[] last, byte[] key) {
        if (Arrays.compareUnsigned(last, key) >= 0) {
            HexFormat hex = HexFormat.of();
            throw new IllegalArgumentException(
                    "key " + hex.formatHex(key) + " comes after " + hex.formatHex(last));
        }
    }

    /** The branch page of a level that is being filled. */
    private static final class Level {
        private final List<byte[]> keys = new ArrayList<>();
        private final List<Long> children = new ArrayList<>();
        private long bytes = HEADER_BYTES;

        void add(byte[] firstKey, long child) {
            keys.add(firstKey);
            children.add(child);
            bytes += ELEMENT_BYTES + firstKey.length;
        }

        void cut(int split) {
            keys.subList(0, split).clear();
            children.subList(0, split).clear();
            bytes = HEADER_BYTES;
            for (byte[] key : keys) bytes += ELEMENT_BYTES + key.length;
        }
    }
}
