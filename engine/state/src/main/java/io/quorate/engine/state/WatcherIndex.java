package io.quorate.engine.state;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Watches by what they watch. Finding those of a key costs O(1) for the watches of that one key,
 * O(log n) and more for each hit for those of ranges, and allocates nothing.
 *
 * <p>Ranges are in a treap ordered by where they begin, where each node knows the furthest end
 * below it: a part that ends before the key is passed over whole. Watches of the same key or range
 * share a bucket.
 *
 * <p>Not thread-safe.
 */
final class WatcherIndex {
    private final Map<Key, Bucket> keys = new HashMap<>();

    /** Looks keys up; only {@link #keys} needs those that stay. */
    private final Key probe = new Key(new byte[0]);

    private final SplittableRandom priorities = new SplittableRandom(1);
    private Node root;
    private int size;

    int size() {
        return size;
    }

    void add(Watcher watcher) {
        size++;
        if (watcher.range.single()) {
            byte[] key = watcher.range.from();
            Bucket bucket = keys.get(probe.of(key));
            if (bucket == null) {
                bucket = new Bucket();
                keys.put(new Key(key), bucket);
            }
            bucket.add(watcher);
            return;
        }
        Node node = find(watcher.range);
        if (node == null) {
            node = new Node(watcher.range, priorities.nextInt());
            root = insert(root, node);
        }
        node.bucket.add(watcher);
    }

    /** The watcher must be in here. */
    void remove(Watcher watcher) {
        size--;
        if (watcher.range.single()) {
            Bucket bucket = keys.get(probe.of(watcher.range.from()));
            bucket.remove(watcher);
            if (bucket.size == 0) keys.remove(probe);
            return;
        }
        Node node = find(watcher.range);
        node.bucket.remove(watcher);
        if (node.bucket.size == 0) root = delete(root, watcher.range);
    }

    /** Shows all watches of a key, in no order. The visitor must not change this index. */
    void visit(byte[] key, Consumer<Watcher> visitor) {
        Bucket exact = keys.get(probe.of(key));
        if (exact != null) exact.forEach(visitor);
        if (root != null) stab(root, key, visitor);
    }

    private static void stab(Node node, byte[] key, Consumer<Watcher> visitor) {
        if (!endsAfter(node.furthest, key)) return;
        if (node.left != null) stab(node.left, key, visitor);
        if (Arrays.compareUnsigned(node.range.from(), key) > 0) return;
        if (endsAfter(node.range.to(), key)) node.bucket.forEach(visitor);
        if (node.right != null) stab(node.right, key, visitor);
    }

    private static boolean endsAfter(byte[] end, byte[] key) {
        return end == null || Arrays.compareUnsigned(end, key) > 0;
    }

    private Node find(KeyRange range) {
        Node node = root;
        while (node != null) {
            int order = compare(range, node.range);
            if (order == 0) return node;
            node = order < 0 ? node.left : node.right;
        }
        return null;
    }

    private static Node insert(Node at, Node node) {
        if (at == null) return node;
        if (compare(node.range, at.range) < 0) {
            at.left = insert(at.left, node);
            if (at.left.priority > at.priority) return rotateRight(at);
        } else {
            at.right = insert(at.right, node);
            if (at.right.priority > at.priority) return rotateLeft(at);
        }
        return at.update();
    }

    private static Node delete(Node at, KeyRange range) {
        int order = compare(range, at.range);
        if (order == 0) return merge(at.left, at.right);
        if (order < 0) at.left = delete(at.left, range);
        else at.right = delete(at.right, range);
        return at.update();
    }

    private static Node merge(Node left, Node right) {
        if (left == null) return right;
        if (right == null) return left;
        if (left.priority > right.priority) {
            left.right = merge(left.right, right);
            return left.update();
        }
        right.left = merge(left, right.left);
        return right.update();
    }

    private static Node rotateRight(Node at) {
        Node left = at.left;
        at.left = left.right;
        at.update();
        left.right = at;
        return left.update();
    }

    private static Node rotateLeft(Node at) {
        Node right = at.right;
        at.right = right.left;
        at.update();
        right.left = at;
        return right.update();
    }

    private static int compare(KeyRange a, KeyRange b) {
        int order = Arrays.compareUnsigned(a.from(), b.from());
        return order != 0 ? order : compareEnds(a.to(), b.to());
    }

    /** Null is the end of all keys. */
    private static int compareEnds(byte[] a, byte[] b) {
        if (a == null || b == null) return a == b ? 0 : a == null ? 1 : -1;
        return Arrays.compareUnsigned(a, b);
    }

    /** A key with its hash. Changes only as a probe. */
    private static final class Key {
        private byte[] bytes;
        private int hash;

        Key(byte[] bytes) {
            of(bytes);
        }

        Key of(byte[] other) {
            bytes = other;
            hash = Arrays.hashCode(other);
            return this;
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && Arrays.equals(bytes, key.bytes);
        }
    }

    /** The watches of one key or range; each knows its slot, so none is searched for. */
    private static final class Bucket {
        private Watcher[] watchers = new Watcher[1];
        private int size;

        void add(Watcher watcher) {
            if (size == watchers.length) watchers = Arrays.copyOf(watchers, size * 2);
            watcher.slot = size;
            watchers[size++] = watcher;
        }

        void remove(Watcher watcher) {
            Watcher last = watchers[--size];
            watchers[watcher.slot] = last;
            last.slot = watcher.slot;
            watchers[size] = null;
        }

        void forEach(Consumer<Watcher> visitor) {
            for (int i = 0; i < size; i++) visitor.accept(watchers[i]);
        }
    }

    private static final class Node {
        final KeyRange range;
        final int priority;
        final Bucket bucket = new Bucket();
        Node left;
        Node right;

        /** The largest end of the ranges here and below; null for no end. */
        byte[] furthest;

        Node(KeyRange range, int priority) {
            this.range = range;
            this.priority = priority;
            this.furthest = range.to();
        }

        Node update() {
            furthest = range.to();
            if (left != null) reach(left.furthest);
            if (right != null) reach(right.furthest);
            return this;
        }

        private void reach(byte[] end) {
            if (compareEnds(end, furthest) > 0) furthest = end;
        }
    }
}
