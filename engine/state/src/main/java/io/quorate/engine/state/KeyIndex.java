package io.quorate.engine.state;

import java.util.Arrays;

/**
 * The keys in order: a B+tree whose published nodes never change.
 *
 * <p>The apply thread is the only writer. It works on the newest tree: a node made since the last
 * {@link #freeze()} belongs to the writer and is changed in place, an older one is copied first. So
 * a change copies one path, a command of many changes copies each node once, and loading a store
 * copies nothing. {@code freeze} hands out the root as it stands; readers keep it as long as they
 * like without a lock.
 *
 * <p>Every node knows how many keys below it are live, that is, not deleted at the newest revision:
 * counting a range of the newest revision takes two descents, whatever its size.
 */
final class KeyIndex {
    /** Most entries of a leaf and most children of an inner node. */
    private static final int FULL = 64;

    /** Two neighbours that fit in this together are merged. */
    private static final int MERGED = 48;

    private static final int THIN = 16;

    /** More inner nodes than this above each other would need more keys than there can be. */
    private static final int DEPTH_MAX = 32;

    private long epoch = 1;
    private Node root = new Leaf(epoch, new IndexEntry[8], 0, 0, KeyWords.NONE);

    /** Inner nodes from the root down to the place of the running operation. */
    private final Inner[] path = new Inner[DEPTH_MAX];

    /** Which child of each the way takes. */
    private final int[] places = new int[DEPTH_MAX];

    private int depth;

    /** Right half of the node just split by {@link #put}, or null. */
    private Node split;

    /** Change of the number of live keys by the running operation. */
    private int delta;

    /** The tree as it is now, safe to publish. */
    Node freeze() {
        epoch++;
        return root;
    }

    /** The newest tree, for the writer only. */
    Node root() {
        return root;
    }

    /**
     * Adds a key, or a version of it, in one descent.
     *
     * <p>Down and up again in loops: a recursion is inlined into itself and into its callers, which
     * took the compiler a second and more. {@code bin/etcd} keeps it from inlining this method.
     */
    void put(byte[] key, Successor successor) {
        split = null;
        Leaf leaf = descend(key);
        Node child = add(leaf, key, successor);
        while (depth > 0) {
            Inner inner = step();
            child = replace(inner, places[depth], child);
        }
        root = child;
        if (split != null) growRoot();
    }

    /** Forgets a key altogether; it must be there. */
    void remove(byte[] key) {
        Leaf leaf = descend(key);
        Node child = remove(leaf, key);
        while (depth > 0) {
            Inner inner = step();
            child = shrink(inner, places[depth], child);
        }
        root = child;
        while (root instanceof Inner inner && inner.size == 1) root = inner.children[0];
        if (root.size == 0) root = new Leaf(epoch, new IndexEntry[8], 0, 0, KeyWords.NONE);
    }

    /** The leaf of a key; the way to it is noted in {@link #path} and {@link #places}. */
    private Leaf descend(byte[] key) {
        depth = 0;
        Node node = root;
        while (node instanceof Inner inner) {
            int at = inner.childOf(key);
            path[depth] = inner;
            places[depth] = at;
            depth++;
            node = inner.children[at];
        }
        return (Leaf) node;
    }

    /** The lowest node of the way that is left, which ends above it now. */
    private Inner step() {
        depth--;
        Inner inner = path[depth];
        path[depth] = null;
        return inner;
    }

    private void growRoot() {
        Node[] children = new Node[FULL];
        children[0] = root;
        children[1] = split;
        byte[][] bounds = {null, firstKey(split)};
        KeyWords words = Inner.words(bounds, 2);
        root = new Inner(epoch, bounds, words, children, 2, root.live + split.live);
        split = null;
    }

    /** The newest version of a key, maybe a tombstone; null when the key is not known. */
    static IndexEntry get(Node node, byte[] key) {
        while (node instanceof Inner inner) node = inner.children[inner.childOf(key)];
        Leaf leaf = (Leaf) node;
        int at = leaf.find(key);
        return at < 0 ? null : leaf.entries[at];
    }

    /** Live keys in [from, to); a null bound is open. */
    static int count(Node root, byte[] from, byte[] to) {
        int before = from == null ? 0 : rank(root, from);
        int until = to == null ? root.live : rank(root, to);
        return Math.max(0, until - before);
    }

    /** Visits the keys in [from, to) upwards until the visitor says stop; a null bound is open. */
    static boolean ascend(Node node, byte[] from, byte[] to, Visitor visitor) {
        return switch (node) {
            case Leaf leaf -> leaf.ascend(from, to, visitor);
            case Inner inner -> ascend(inner, from, to, visitor);
        };
    }

    /** Visits the keys in [from, to) downwards until the visitor says stop. */
    static boolean descend(Node node, byte[] from, byte[] to, Visitor visitor) {
        return switch (node) {
            case Leaf leaf -> leaf.descend(from, to, visitor);
            case Inner inner -> descend(inner, from, to, visitor);
        };
    }

    private static boolean ascend(Inner inner, byte[] from, byte[] to, Visitor visitor) {
        int first = from == null ? 0 : inner.childOf(from);
        int last = to == null ? inner.size - 1 : inner.childOf(to);
        for (int i = first; i <= last; i++) {
            // Only the outer children can hold keys outside the range.
            byte[] low = i == first ? from : null;
            byte[] high = i == last ? to : null;
            if (!ascend(inner.children[i], low, high, visitor)) return false;
        }
        return true;
    }

    private static boolean descend(Inner inner, byte[] from, byte[] to, Visitor visitor) {
        int first = from == null ? 0 : inner.childOf(from);
        int last = to == null ? inner.size - 1 : inner.childOf(to);
        for (int i = last; i >= first; i--) {
            byte[] low = i == first ? from : null;
            byte[] high = i == last ? to : null;
            if (!descend(inner.children[i], low, high, visitor)) return false;
        }
        return true;
    }

    /** Live keys below {@code key}. */
    private static int rank(Node node, byte[] key) {
        int rank = 0;
        while (node instanceof Inner inner) {
            int child = inner.childOf(key);
            for (int i = 0; i < child; i++) rank += inner.children[i].live;
            node = inner.children[child];
        }
        Leaf leaf = (Leaf) node;
        int end = leaf.from(key);
        for (int i = 0; i < end; i++) rank += leaf.entries[i].live();
        return rank;
    }

    private Node add(Leaf leaf, byte[] key, Successor successor) {
        int at = leaf.find(key);
        IndexEntry newest = at < 0 ? null : leaf.entries[at];
        IndexEntry entry = successor.of(newest);
        if (newest != null) {
            delta = entry.live() - newest.live();
            Leaf own = own(leaf);
            own.entries[at] = entry;
            own.live += delta;
            return own;
        }
        delta = entry.live();
        return insert(leaf, ~at, entry);
    }

    private Leaf insert(Leaf leaf, int at, IndexEntry entry) {
        if (leaf.size == FULL) return splitAndInsert(leaf, at, entry);
        boolean grow = leaf.epoch != epoch || leaf.size == leaf.entries.length;
        // The writer's own leaf gets room for the next ones, since a bulk load fills it at once.
        IndexEntry[] entries =
                grow ? new IndexEntry[Math.min(FULL, (leaf.size + 8) & ~7)] : leaf.entries;
        if (grow) System.arraycopy(leaf.entries, 0, entries, 0, at);
        System.arraycopy(leaf.entries, at, entries, at + 1, leaf.size - at);
        entries[at] = entry;
        KeyWords words = leaf.wordsWith(at, entry.key, entries);
        if (grow) return new Leaf(epoch, entries, leaf.size + 1, leaf.live + delta, words);
        leaf.words = words;
        leaf.size++;
        leaf.live += delta;
        return leaf;
    }

    private Leaf splitAndInsert(Leaf leaf, int at, IndexEntry entry) {
        // Keys that arrive in order leave full leaves behind.
        int middle = at == FULL ? FULL : FULL / 2;
        Leaf left = part(leaf, 0, middle);
        Leaf right = part(leaf, middle, FULL);
        if (at > middle || at == FULL) right = insert(right, at - middle, entry);
        else left = insert(left, at, entry);
        split = right;
        return left;
    }

    private Leaf part(Leaf leaf, int from, int to) {
        IndexEntry[] entries = new IndexEntry[Math.min(FULL, (to - from + 8) & ~7)];
        System.arraycopy(leaf.entries, from, entries, 0, to - from);
        int size = to - from;
        KeyWords words = KeyWords.of(size, i -> entries[i].key);
        return new Leaf(epoch, entries, size, live(entries, size), words);
    }

    private Inner replace(Inner inner, int at, Node child) {
        Node right = split;
        split = null;
        Inner own = own(inner);
        own.children[at] = child;
        own.live += delta;
        if (right != null) insert(own, at + 1, right);
        return own;
    }

    private void insert(Inner own, int at, Node child) {
        byte[] bound = firstKey(child);
        if (own.size < FULL) {
            own.insert(at, bound, child);
            return;
        }
        int middle = at == FULL ? FULL - 1 : FULL / 2;
        Inner right = part(own, middle, FULL);
        Inner left = own;
        Arrays.fill(left.children, middle, FULL, null);
        left.bounds = Arrays.copyOf(left.bounds, middle);
        left.words = Inner.words(left.bounds, middle);
        left.size = middle;
        left.live -= right.live;
        if (at > middle) right.insert(at - middle, bound, child);
        else left.insert(at, bound, child);
        // The new child's keys were counted in the node before the split.
        left.live = live(left);
        right.live = live(right);
        split = right;
    }

    private Inner part(Inner inner, int from, int to) {
        Node[] children = new Node[FULL];
        System.arraycopy(inner.children, from, children, 0, to - from);
        byte[][] bounds = Arrays.copyOfRange(inner.bounds, from, to);
        KeyWords words = Inner.words(bounds, to - from);
        Inner part = new Inner(epoch, bounds, words, children, to - from, 0);
        part.live = live(part);
        return part;
    }

    private Leaf remove(Leaf leaf, byte[] key) {
        int at = leaf.find(key);
        if (at < 0) throw new IllegalStateException("the index lost a key that it held");
        delta = -leaf.entries[at].live();
        Leaf own = own(leaf);
        System.arraycopy(own.entries, at + 1, own.entries, at, own.size - at - 1);
        own.size--;
        own.entries[own.size] = null;
        own.words = own.words.minus(at);
        own.live += delta;
        return own;
    }

    private Inner shrink(Inner inner, int at, Node child) {
        Inner own = own(inner);
        own.children[at] = child;
        own.live += delta;
        if (child.size == 0) own.drop(at);
        else if (child.size < THIN) mergeNear(own, at);
        return own;
    }

    private void mergeNear(Inner own, int at) {
        int left = at > 0 ? at - 1 : at;
        if (left + 1 >= own.size) return;
        Node a = own.children[left];
        Node b = own.children[left + 1];
        if (a.size + b.size > MERGED) return;
        own.children[left] = merge(a, b, own.bounds[left + 1]);
        own.drop(left + 1);
    }

    private Node merge(Node a, Node b, byte[] bound) {
        int size = a.size + b.size;
        if (a instanceof Leaf left && b instanceof Leaf right) {
            IndexEntry[] entries = Arrays.copyOf(left.entries, FULL);
            System.arraycopy(right.entries, 0, entries, left.size, right.size);
            KeyWords words = KeyWords.of(size, i -> entries[i].key);
            return new Leaf(epoch, entries, size, a.live + b.live, words);
        }
        Inner left = (Inner) a;
        Inner right = (Inner) b;
        Node[] children = Arrays.copyOf(left.children, FULL);
        System.arraycopy(right.children, 0, children, left.size, right.size);
        byte[][] bounds = Arrays.copyOf(left.bounds, size);
        System.arraycopy(right.bounds, 0, bounds, left.size, right.size);
        bounds[left.size] = bound;
        KeyWords words = Inner.words(bounds, size);
        return new Inner(epoch, bounds, words, children, size, a.live + b.live);
    }

    private Leaf own(Leaf leaf) {
        if (leaf.epoch == epoch) return leaf;
        return new Leaf(epoch, leaf.entries.clone(), leaf.size, leaf.live, leaf.words);
    }

    private Inner own(Inner inner) {
        if (inner.epoch == epoch) return inner;
        // Bounds change only with splits and merges, which replace the array: it may be shared.
        Node[] children = inner.children.clone();
        return new Inner(epoch, inner.bounds, inner.words, children, inner.size, inner.live);
    }

    private static byte[] firstKey(Node node) {
        while (node instanceof Inner inner) node = inner.children[0];
        return ((Leaf) node).entries[0].key;
    }

    private static int live(IndexEntry[] entries, int size) {
        int live = 0;
        for (int i = 0; i < size; i++) live += entries[i].live();
        return live;
    }

    private static int live(Inner inner) {
        int live = 0;
        for (int i = 0; i < inner.size; i++) live += inner.children[i].live;
        return live;
    }

    /** Makes the next version of a key. */
    interface Successor {
        /**
         * @param newest the newest version until now, null for a new key
         */
        IndexEntry of(IndexEntry newest);
    }

    /** Sees the newest version of each key. */
    interface Visitor {
        /** False to stop. */
        boolean visit(IndexEntry newest);
    }

    /** A part of the tree. Once frozen it is never changed. */
    abstract static sealed class Node {
        final long epoch;

        /** Entries of a leaf, children of an inner node. */
        int size;

        /** Keys below that are not deleted. */
        int live;

        Node(long epoch, int size, int live) {
            this.epoch = epoch;
            this.size = size;
            this.live = live;
        }
    }

    private static final class Leaf extends Node {
        final IndexEntry[] entries;

        /** Of the entries' keys. */
        KeyWords words;

        Leaf(long epoch, IndexEntry[] entries, int size, int live, KeyWords words) {
            super(epoch, size, live);
            this.entries = entries;
            this.words = words;
        }

        /** Once the key has been put at its place among the entries. */
        KeyWords wordsWith(int at, byte[] key, IndexEntry[] with) {
            byte[] neighbour = at > 0 ? with[at - 1].key : size > 0 ? with[1].key : key;
            if (size > 0 && words.side(key, neighbour) == 0) return words.plus(at, key);
            return KeyWords.of(size + 1, i -> with[i].key);
        }

        /** Place of the key, or the complement of the place where it would stand. */
        int find(byte[] key) {
            if (size == 0) return ~0;
            int side = words.side(key, entries[0].key);
            if (side != 0) return side < 0 ? ~0 : ~size;
            long word = words.word(key);
            int low = 0;
            int high = size - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                int order = words.compare(middle, word);
                if (order == 0) order = Arrays.compareUnsigned(entries[middle].key, key);
                if (order == 0) return middle;
                if (order < 0) low = middle + 1;
                else high = middle - 1;
            }
            return ~low;
        }

        /** Place of the first entry at or after the key. */
        int from(byte[] key) {
            int at = find(key);
            return at < 0 ? ~at : at;
        }

        boolean ascend(byte[] from, byte[] to, Visitor visitor) {
            int end = to == null ? size : from(to);
            for (int i = from == null ? 0 : from(from); i < end; i++)
                if (!visitor.visit(entries[i])) return false;
            return true;
        }

        boolean descend(byte[] from, byte[] to, Visitor visitor) {
            int start = from == null ? 0 : from(from);
            for (int i = (to == null ? size : from(to)) - 1; i >= start; i--)
                if (!visitor.visit(entries[i])) return false;
            return true;
        }
    }

    private static final class Inner extends Node {
        /** No key below child i is smaller than bounds[i]; the first bound is not looked at. */
        byte[][] bounds;

        /** Of the bounds from the second on. */
        KeyWords words;

        final Node[] children;

        Inner(long epoch, byte[][] bounds, KeyWords words, Node[] children, int size, int live) {
            super(epoch, size, live);
            this.bounds = bounds;
            this.words = words;
            this.children = children;
        }

        static KeyWords words(byte[][] bounds, int size) {
            return KeyWords.of(size - 1, i -> bounds[i + 1]);
        }

        /** The one child that may hold the key. */
        int childOf(byte[] key) {
            if (size == 1) return 0;
            int side = words.side(key, bounds[1]);
            if (side != 0) return side < 0 ? 0 : size - 1;
            long word = words.word(key);
            int low = 1;
            int high = size - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                int order = words.compare(middle - 1, word);
                if (order == 0) order = Arrays.compareUnsigned(bounds[middle], key);
                if (order <= 0) low = middle + 1;
                else high = middle - 1;
            }
            return low - 1;
        }

        void insert(int at, byte[] bound, Node child) {
            byte[][] wider = new byte[size + 1][];
            System.arraycopy(bounds, 0, wider, 0, at);
            System.arraycopy(bounds, at, wider, at + 1, size - at);
            wider[at] = bound;
            bounds = wider;
            words = words(bounds, size + 1);
            System.arraycopy(children, at, children, at + 1, size - at);
            children[at] = child;
            size++;
        }

        void drop(int at) {
            byte[][] narrower = new byte[size - 1][];
            System.arraycopy(bounds, 0, narrower, 0, at);
            System.arraycopy(bounds, at + 1, narrower, at, size - at - 1);
            bounds = narrower;
            words = size <= 2 ? KeyWords.NONE : words.minus(Math.max(at - 1, 0));
            System.arraycopy(children, at + 1, children, at, size - at - 1);
            size--;
            children[size] = null;
        }
    }
}
