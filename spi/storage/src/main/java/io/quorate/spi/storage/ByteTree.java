package io.quorate.spi.storage;

import io.quorate.spi.plugin.Experimental;

import java.util.Arrays;

/**
 * An immutable sorted map from byte keys (unsigned lexicographic) to values: a B+ tree with path
 * copying. A support class for backends: a tree is a snapshot that costs nothing to keep, so a
 * store that publishes trees has views that are O(1), isolated and free of locks.
 *
 * <p>Changes go through an {@link Editor}, which copies a node once and then changes its copy in
 * place, so that a batch of n changes copies far fewer than n paths. Nodes split unevenly at the
 * right edge: keys that arrive in ascending order (MVCC revisions) leave full nodes behind.
 *
 * <p>Trees are safe for any number of threads when published safely; an editor is used by one
 * thread. Keys and values are not copied and must not change.
 */
@Experimental(decideIn = "1.0")
public final class ByteTree<V> {
    /** Entries of a leaf, children of a branch. */
    private static final int WIDTH = 32;

    /** A node below this size is merged with a neighbour when both fit well into one. */
    private static final int SPARSE = WIDTH / 4;

    private static final ByteTree<?> EMPTY = new ByteTree<>(null, 0);

    private final Node<V> root; // null when empty
    private final long size;

    private ByteTree(Node<V> root, long size) {
        this.root = root;
        this.size = size;
    }

    @SuppressWarnings("unchecked")
    public static <V> ByteTree<V> empty() {
        return (ByteTree<V>) EMPTY;
    }

    /** Number of keys. */
    public long size() {
        return size;
    }

    /** The value of a key, or null. */
    public V get(byte[] key) {
        return find(root, key);
    }

    /** Starts a set of changes; this tree stays as it is. */
    public Editor<V> edit() {
        return new Editor<>(this);
    }

    /** Keys in [from, toExclusive); a null bound is open. */
    public Walk<V> walk(byte[] from, byte[] toExclusive, boolean descending) {
        return new Walk<>(root, from, toExclusive, descending);
    }

    private static <V> V find(Node<V> node, byte[] key) {
        while (node != null) {
            switch (node) {
                case Branch<V> branch -> node = branch.child(branch.childFor(key));
                case Leaf<V> leaf -> {
                    int at = leaf.search(key);
                    return at < 0 ? null : leaf.value(at);
                }
            }
        }
        return null;
    }

    /** Changes on the way to a new tree. */
    public static final class Editor<V> {
        private Object owner = new Object();
        private Node<V> root;
        private long size;
        // What the last put or remove found, and the node that a split made to the right.
        private V previous;
        private Node<V> right;

        private Editor(ByteTree<V> from) {
            root = from.root;
            size = from.size;
        }

        public V get(byte[] key) {
            return find(root, key);
        }

        /** Sets a key; returns the value it had, or null. */
        public V put(byte[] key, V value) {
            previous = null;
            if (root == null) root = new Leaf<>(owner);
            root = put(root, key, value);
            if (right != null) {
                root = new Branch<>(owner, root, right);
                right = null;
            }
            if (previous == null) size++;
            return previous;
        }

        /** Removes a key; returns the value it had, or null. */
        public V remove(byte[] key) {
            previous = null;
            if (root == null) return null;
            root = remove(root, key);
            if (previous != null) size--;
            while (root instanceof Branch<V> branch && branch.size == 1) root = branch.child(0);
            if (root.size == 0) root = null;
            return previous;
        }

        /** The tree as it stands now. Later changes of this editor leave it alone. */
        public ByteTree<V> tree() {
            owner = new Object();
            return root == null ? empty() : new ByteTree<>(root, size);
        }

        private Node<V> put(Node<V> node, byte[] key, V value) {
            return switch (node) {
                case Leaf<V> leaf -> putIntoLeaf(leaf, key, value);
                case Branch<V> branch -> putIntoBranch(branch, key, value);
            };
        }

        private Node<V> putIntoLeaf(Leaf<V> leaf, byte[] key, V value) {
            int at = leaf.search(key);
            Leaf<V> mine = leaf.ownedBy(owner);
            if (at >= 0) {
                previous = mine.value(at);
                mine.slots[at] = value;
                return mine;
            }
            insert(mine, -at - 1, key, value);
            return mine;
        }

        private Node<V> putIntoBranch(Branch<V> branch, byte[] key, V value) {
            int at = branch.childFor(key);
            Node<V> child = put(branch.child(at), key, value);
            Branch<V> mine = branch.ownedBy(owner);
            mine.slots[at] = child;
            // Only at the left edge: a key below all others lowers the bound of the first child, or
            // a split of that child would put a smaller key behind it.
            if (at == 0 && Arrays.compareUnsigned(key, mine.keys[0]) < 0) mine.keys[0] = key;
            if (right != null) {
                Node<V> grown = right;
                right = null;
                insert(mine, at + 1, grown.keys[0], grown);
            }
            return mine;
        }

        /** Inserts into an owned node; a full one is split and {@link #right} set. */
        private void insert(Node<V> node, int at, byte[] key, Object slot) {
            if (node.size < WIDTH) {
                node.insert(at, key, slot);
                return;
            }
            int keep = at == WIDTH ? WIDTH : WIDTH / 2;
            Node<V> other = node.splitOff(keep, owner);
            if (at <= keep && node.size < WIDTH) node.insert(at, key, slot);
            else other.insert(at - keep, key, slot);
            right = other;
        }

        private Node<V> remove(Node<V> node, byte[] key) {
            return switch (node) {
                case Leaf<V> leaf -> removeFromLeaf(leaf, key);
                case Branch<V> branch -> removeFromBranch(branch, key);
            };
        }

        private Node<V> removeFromLeaf(Leaf<V> leaf, byte[] key) {
            int at = leaf.search(key);
            if (at < 0) return leaf;
            previous = leaf.value(at);
            Leaf<V> mine = leaf.ownedBy(owner);
            mine.delete(at);
            return mine;
        }

        private Node<V> removeFromBranch(Branch<V> branch, byte[] key) {
            int at = branch.childFor(key);
            Node<V> child = remove(branch.child(at), key);
            if (previous == null) return branch;
            Branch<V> mine = branch.ownedBy(owner);
            mine.slots[at] = child;
            if (child.size == 0) mine.delete(at);
            else if (child.size < SPARSE && mine.size > 1) mergeSparse(mine, at > 0 ? at - 1 : 0);
            return mine;
        }

        /** Joins the children at {@code left} and right of it when the result has room to grow. */
        private void mergeSparse(Branch<V> parent, int left) {
            Node<V> a = parent.child(left);
            Node<V> b = parent.child(left + 1);
            if (a.size + b.size > WIDTH * 3 / 4) return;
            Node<V> joined = a.ownedBy(owner);
            joined.addAll(b, parent.keys[left + 1]);
            parent.slots[left] = joined;
            parent.delete(left + 1);
        }
    }

    /** A walk over one tree; starts before the first key. Used by one thread. */
    public static final class Walk<V> {
        private static final int MAX_DEPTH = 32;

        private final byte[] stop;
        private final boolean descending;
        private final Object[] path = new Object[MAX_DEPTH];
        private final int[] positions = new int[MAX_DEPTH];
        private int depth = -1;
        private byte[] key;
        private V value;

        private Walk(Node<V> root, byte[] from, byte[] toExclusive, boolean descending) {
            this.descending = descending;
            this.stop = descending ? from : toExclusive;
            if (root != null) seek(root, descending ? toExclusive : from);
        }

        /** Steps to the next key; false at the end. */
        public boolean next() {
            while (depth >= 0) {
                @SuppressWarnings("unchecked")
                Node<V> node = (Node<V>) path[depth];
                int at = positions[depth];
                positions[depth] = descending ? at - 1 : at + 1;
                if (at < 0 || at >= node.size) {
                    depth--;
                    continue;
                }
                switch (node) {
                    case Branch<V> branch -> descend(branch.child(at));
                    case Leaf<V> leaf -> {
                        return take(leaf, at);
                    }
                }
            }
            key = null;
            value = null;
            return false;
        }

        public byte[] key() {
            return key;
        }

        public V value() {
            return value;
        }

        private boolean take(Leaf<V> leaf, int at) {
            byte[] found = leaf.keys[at];
            if (isPastStop(found)) {
                depth = -1;
                key = null;
                value = null;
                return false;
            }
            key = found;
            value = leaf.value(at);
            return true;
        }

        private boolean isPastStop(byte[] found) {
            if (stop == null) return false;
            int order = Arrays.compareUnsigned(found, stop);
            return descending ? order < 0 : order >= 0;
        }

        private void descend(Node<V> child) {
            push(child, descending ? child.size - 1 : 0);
        }

        private void push(Node<V> node, int position) {
            depth++;
            path[depth] = node;
            positions[depth] = position;
        }

        /** Puts the path before the first key: ascending at or above, descending below start. */
        private void seek(Node<V> root, byte[] start) {
            if (start == null) {
                descend(root);
                return;
            }
            Node<V> node = root;
            while (node instanceof Branch<V> branch) {
                int at = branch.childFor(start);
                push(branch, descending ? at - 1 : at + 1);
                node = branch.child(at);
            }
            int at = node.search(start);
            int lower = at < 0 ? -at - 1 : at;
            push(node, descending ? lower - 1 : lower);
        }
    }

    /**
     * A leaf holds keys and values; a branch holds children and, for each, a key that is at most
     * the child's smallest and above all of the child before.
     */
    private abstract static sealed class Node<V> {
        final byte[][] keys = new byte[WIDTH][];
        final Object[] slots = new Object[WIDTH];
        int size;
        // The editor that may change this node in place; compared only, never used.
        final Object owner;

        Node(Object owner) {
            this.owner = owner;
        }

        abstract Node<V> blank(Object newOwner);

        abstract Node<V> ownedBy(Object editor);

        /** The position of a key, or -(insertion point) - 1. */
        final int search(byte[] key) {
            int low = 0;
            int high = size - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                int order = Arrays.compareUnsigned(keys[middle], key);
                if (order == 0) return middle;
                if (order < 0) low = middle + 1;
                else high = middle - 1;
            }
            return -low - 1;
        }

        final void insert(int at, byte[] key, Object slot) {
            System.arraycopy(keys, at, keys, at + 1, size - at);
            System.arraycopy(slots, at, slots, at + 1, size - at);
            keys[at] = key;
            slots[at] = slot;
            size++;
        }

        final void delete(int at) {
            size--;
            System.arraycopy(keys, at + 1, keys, at, size - at);
            System.arraycopy(slots, at + 1, slots, at, size - at);
            keys[size] = null;
            slots[size] = null;
        }

        final Node<V> splitOff(int keep, Object newOwner) {
            Node<V> other = blank(newOwner);
            other.size = size - keep;
            System.arraycopy(keys, keep, other.keys, 0, other.size);
            System.arraycopy(slots, keep, other.slots, 0, other.size);
            Arrays.fill(keys, keep, size, null);
            Arrays.fill(slots, keep, size, null);
            size = keep;
            return other;
        }

        /** Appends a right neighbour, whose separator in the parent becomes its first key. */
        final void addAll(Node<V> next, byte[] separator) {
            System.arraycopy(next.keys, 0, keys, size, next.size);
            System.arraycopy(next.slots, 0, slots, size, next.size);
            if (next instanceof Branch<V>) keys[size] = separator;
            size += next.size;
        }

        final void copyInto(Node<V> copy) {
            System.arraycopy(keys, 0, copy.keys, 0, size);
            System.arraycopy(slots, 0, copy.slots, 0, size);
            copy.size = size;
        }
    }

    private static final class Leaf<V> extends Node<V> {
        Leaf(Object owner) {
            super(owner);
        }

        @SuppressWarnings("unchecked")
        V value(int at) {
            return (V) slots[at];
        }

        @Override
        Leaf<V> blank(Object newOwner) {
            return new Leaf<>(newOwner);
        }

        @Override
        Leaf<V> ownedBy(Object editor) {
            if (owner == editor) return this;
            Leaf<V> copy = blank(editor);
            copyInto(copy);
            return copy;
        }
    }

    private static final class Branch<V> extends Node<V> {
        Branch(Object owner) {
            super(owner);
        }

        Branch(Object owner, Node<V> left, Node<V> right) {
            super(owner);
            insert(0, left.keys[0], left);
            insert(1, right.keys[0], right);
        }

        @SuppressWarnings("unchecked")
        Node<V> child(int at) {
            return (Node<V>) slots[at];
        }

        /** The child that holds the key if any does. */
        int childFor(byte[] key) {
            int at = search(key);
            return at >= 0 ? at : Math.max(0, -at - 2);
        }

        @Override
        Branch<V> blank(Object newOwner) {
            return new Branch<>(newOwner);
        }

        @Override
        Branch<V> ownedBy(Object editor) {
            if (owner == editor) return this;
            Branch<V> copy = blank(editor);
            copyInto(copy);
            return copy;
        }
    }
}
