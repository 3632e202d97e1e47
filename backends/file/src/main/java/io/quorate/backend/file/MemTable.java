package io.quorate.backend.file;

import io.quorate.spi.storage.ByteTree;
import io.quorate.spi.storage.Keyspace;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Changes that are not in a table file yet. Immutable; an {@link Editor} makes the next one. A
 * deleted key stays, with {@link #TOMBSTONE} as its value, to hide what older tables hold; a
 * cleared keyspace hides all that older tables hold of it.
 */
final class MemTable {
    /** Known by identity: an empty value is something else. */
    static final byte[] TOMBSTONE = new byte[0];

    /** What one entry takes in the heap beside its bytes, about. */
    private static final int HEAP_OVERHEAD_BYTES = 64;

    static final MemTable EMPTY = new MemTable(trees(0), new BitSet(), 0, 0);

    private final ByteTree<byte[]>[] trees; // by keyspace id
    private final BitSet cleared;
    private final long bytes;
    private final long entries;

    private MemTable(ByteTree<byte[]>[] trees, BitSet cleared, long bytes, long entries) {
        this.trees = trees;
        this.cleared = cleared;
        this.bytes = bytes;
        this.entries = entries;
    }

    /** Bytes that a table file of this would have, about. */
    long fileBytes() {
        return bytes;
    }

    long heapBytes() {
        return bytes + entries * HEAP_OVERHEAD_BYTES;
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

    ByteTree<byte[]> tree(int keyspace) {
        return keyspace < trees.length ? trees[keyspace] : ByteTree.empty();
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static ByteTree<byte[]>[] trees(int length) {
        ByteTree<byte[]>[] made = new ByteTree[length];
        Arrays.fill(made, ByteTree.<byte[]>empty());
        return made;
    }

    /** Changes on the way to the next mem-table. */
    static final class Editor {
        private final ByteTree<byte[]>[] from;
        private final BitSet cleared;
        private ByteTree.Editor<byte[]>[] editors;
        private long bytes;
        private long entries;

        @SuppressWarnings({"unchecked", "rawtypes"})
        Editor(MemTable start) {
            from = start.trees;
            cleared = (BitSet) start.cleared.clone();
            bytes = start.bytes;
            entries = start.entries;
            editors = new ByteTree.Editor[from.length];
        }

        /** The value, {@link #TOMBSTONE}, or null when this table does not know the key. */
        byte[] get(Keyspace keyspace, byte[] key) {
            return editor(keyspace).get(key);
        }

        boolean isCleared(Keyspace keyspace) {
            return cleared.get(keyspace.id());
        }

        void put(Keyspace keyspace, byte[] key, byte[] valueOrTombstone) {
            byte[] old = editor(keyspace).put(key, valueOrTombstone);
            bytes += valueOrTombstone.length;
            if (old != null) {
                bytes -= old.length;
            } else {
                bytes += key.length + Block.ENTRY_OVERHEAD_BYTES;
                entries++;
            }
        }

        /** A key that no older table has needs no tombstone. */
        void forget(Keyspace keyspace, byte[] key) {
            byte[] old = editor(keyspace).remove(key);
            if (old == null) return;
            bytes -= key.length + old.length + Block.ENTRY_OVERHEAD_BYTES;
            entries--;
        }

        void clear(Keyspace keyspace) {
            ByteTree.Walk<byte[]> all = editor(keyspace).tree().walk(null, null, false);
            while (all.next()) {
                bytes -= all.key().length + all.value().length + Block.ENTRY_OVERHEAD_BYTES;
                entries--;
            }
            editors[keyspace.id()] = ByteTree.<byte[]>empty().edit();
            cleared.set(keyspace.id());
        }

        MemTable done() {
            ByteTree<byte[]>[] trees = Arrays.copyOf(from, editors.length);
            for (int i = 0; i < editors.length; i++) {
                if (editors[i] != null) trees[i] = editors[i].tree();
                else if (trees[i] == null) trees[i] = ByteTree.empty();
            }
            return new MemTable(trees, cleared, bytes, entries);
        }

        private ByteTree.Editor<byte[]> editor(Keyspace keyspace) {
            int id = keyspace.id();
            if (id >= editors.length) editors = Arrays.copyOf(editors, id + 1);
            if (editors[id] == null) {
                ByteTree<byte[]> tree = id < from.length ? from[id] : ByteTree.empty();
                editors[id] = tree.edit();
            }
            return editors[id];
        }
    }
}
