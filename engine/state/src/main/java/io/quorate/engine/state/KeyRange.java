package io.quorate.engine.state;

import java.util.Arrays;

/**
 * The keys that a request means (KV-04..KV-07).
 *
 * @param from first key
 * @param to first key after the range, null for no end
 * @param single whether it is the one key {@code from}
 */
record KeyRange(byte[] from, byte[] to, boolean single) {
    static KeyRange of(byte[] key, byte[] rangeEnd) {
        if (rangeEnd.length == 0) return new KeyRange(key, key, true);
        boolean open = rangeEnd.length == 1 && rangeEnd[0] == 0;
        return new KeyRange(key, open ? null : rangeEnd, false);
    }

    boolean holds(byte[] key) {
        if (single) return Arrays.equals(from, key);
        return Arrays.compareUnsigned(from, key) <= 0
                && (to == null || Arrays.compareUnsigned(key, to) < 0);
    }

    /** Live keys of the newest revision in the range. */
    int count(KeyIndex.Node root) {
        if (!single) return KeyIndex.count(root, from, to);
        IndexEntry newest = KeyIndex.get(root, from);
        return newest == null ? 0 : newest.live();
    }

    void ascend(KeyIndex.Node root, KeyIndex.Visitor visitor) {
        if (single) visitOne(root, visitor);
        else KeyIndex.ascend(root, from, to, visitor);
    }

    void descend(KeyIndex.Node root, KeyIndex.Visitor visitor) {
        if (single) visitOne(root, visitor);
        else KeyIndex.descend(root, from, to, visitor);
    }

    private void visitOne(KeyIndex.Node root, KeyIndex.Visitor visitor) {
        IndexEntry newest = KeyIndex.get(root, from);
        if (newest != null) visitor.visit(newest);
    }
}
