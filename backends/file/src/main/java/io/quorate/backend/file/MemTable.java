package io.quorate.backend.file;

import io.quorate.spi.storage.ByteTree;
import io.quorate.spi.storage.Keyspace;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Changes that are not in a table file yet. Immutable; an {@link Editor} makes the next one. A
 * deleted key stays, with {@link MemValue#TOMBSTONE} as its value, to hide what older tables hold;
 * a cleared keyspace hides all that older tables hold of it.
 */
final class MemTable {
    /** Stands for a deleted key's value. Known by identity: an empty value is something else. */
    static final byte[] TOMBSTONE = new byte[0];

    /** What one entry takes in memory beside its bytes, about. */
    private static final int ENTRY_MEMORY_BYTES = 64;

    static final MemTable EMPTY = new MemTable(trees(0), new BitSet(), 0, 0);

    private final ByteTree<MemValue>[] trees; // by keyspace id
    private final BitSet cleared;
    private final long bytes;
    private final long entries;

    private MemTable(ByteTree<MemValue>[] trees, BitSet cleared, long bytes, long entries) {
        this.trees = trees;
        this.cleared = cleared;
        this.bytes = bytes;
        this.entries = entries;
    }

    /** Bytes that a table file of this would have, about. */
    long fileBytes() {
        return bytes;
    }

    /** Memory that this takes, about. */
    long memoryBytes() {
        return bytes + entries * ENTRY_MEMORY_BYTES;
    }

    boolean isEmpty() {
        return entries == 0 && cleared.isEmpty();
    }

    int keyspaces() {
        return Math.max(trees.length, cleared.length());
    }

    boolean isCleared(int keyspace) {
        return cleared.get(keyspace);
    }

    ByteTree<MemValue> tree(int keyspace) {
        return keyspace < trees.length ? trees[keyspace] : ByteTree.empty();
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static ByteTree<MemValue>[] trees(int length) {
        ByteTree<MemValue>[] made = new ByteTree[length];
        Arrays.fill(made, ByteTree.<MemValue>empty());
        return made;
    }

    /** Changes on the way to the next mem-table. */
    static final class Editor {
        private final ByteTree<MemValue>[] from;
        private final BitSet cleared;
        private final Slab slab;
        private ByteTree.Editor<MemValue>[] editors;
        private long bytes;
        private long entries;

        /**
         * @param slab takes the values; who reads what comes of this holds it
         */
        @SuppressWarnings({"unchecked", "rawtypes"})
        Editor(MemTable start, Slab slab) {
            this.slab = slab;
            from = start.trees;
            cleared = (BitSet) start.cleared.clone();
            bytes = start.bytes;
            entries = start.entries;
            editors = new ByteTree.Editor[from.length];
        }

        /** The value, a tombstone, or null when this table does not know the key. */
        MemValue get(Keyspace keyspace, byte[] key) {
            return editor(keyspace).get(key);
        }

        boolean isCleared(Keyspace keyspace) {
            return cleared.get(keyspace.id());
        }

        void put(Keyspace keyspace, byte[] key, byte[] value) {
            put(keyspace, key, slab.store(value));
        }

        void delete(Keyspace keyspace, byte[] key) {
            put(keyspace, key, MemValue.TOMBSTONE);
        }

        private void put(Keyspace keyspace, byte[] key, MemValue value) {
            MemValue old = editor(keyspace).put(key, value);
            bytes += value.length();
            if (old != null) {
                bytes -= old.length();
            } else {
                bytes += key.length + Block.ENTRY_OVERHEAD_BYTES;
                entries++;
            }
        }

        /** A key that no older table has needs no tombstone. */
        void forget(Keyspace keyspace, byte[] key) {
            MemValue old = editor(keyspace).remove(key);
            if (old == null) return;
            bytes -= key.length + old.length() + Block.ENTRY_OVERHEAD_BYTES;
            entries--;
        }

        void clear(Keyspace keyspace) {
            ByteTree.Walk<MemValue> all = editor(keyspace).tree().walk(null, null, false);
            while (all.next()) {
                bytes -= all.key().length + all.value().length() + Block.ENTRY_OVERHEAD_BYTES;
                entries--;
            }
            editors[keyspace.id()] = ByteTree.<MemValue>empty().edit();
            cleared.set(keyspace.id());
        }

        MemTable done() {
            ByteTree<MemValue>[] trees = Arrays.copyOf(from, editors.length);
            for (int i = 0; i < editors.length; i++) {
                if (editors[i] != null) trees[i] = editors[i].tree();
                else if (trees[i] == null) trees[i] = ByteTree.empty();
            }
            return new MemTable(trees, cleared, bytes, entries);
        }

        private ByteTree.Editor<MemValue> editor(Keyspace keyspace) {
            int id = keyspace.id();
            if (id >= editors.length) editors = Arrays.copyOf(editors, id + 1);
            if (editors[id] == null) {
                ByteTree<MemValue> tree = id < from.length ? from[id] : ByteTree.empty();
                editors[id] = tree.edit();
            }
            return editors[id];
        }
    }
}
