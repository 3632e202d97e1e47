package io.quorate.backend.memory;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.ByteTree;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The state as an immutable {@link Root} that each commit replaces; a view is a reference to one.
 */
final class MemoryStateStore implements StateStore {
    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    private final Object commitLock = new Object();
    private volatile Root root = new Root(Applied.NONE, Spaces.EMPTY);
    private volatile boolean closed;
    private final AtomicReference<MemoryInstall> install = new AtomicReference<>();

    private record Root(Applied applied, Spaces spaces) {}

    @Override
    public Applied applied() {
        return open().applied;
    }

    @Override
    public Applied durableApplied() {
        return open().applied;
    }

    @Override
    public CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability durability) {
        synchronized (commitLock) {
            Root old = open();
            if (at.index() < old.applied.index()) {
                throw new IllegalArgumentException(
                        "commit at index " + at.index() + " after " + old.applied.index());
            }
            root = new Root(at, old.spaces.with(batch));
        }
        return DONE;
    }

    @Override
    public ReadView view() {
        return new View(open());
    }

    @Override
    public Install beginInstall(Applied at) {
        open();
        MemoryInstall started = new MemoryInstall(at);
        if (!install.compareAndSet(null, started)) {
            throw new IllegalStateException("another install is open; close it first");
        }
        return started;
    }

    /** What the keys and values take in the heap: there is no disk. */
    @Override
    public long sizeOnDisk() {
        return open().spaces.bytes;
    }

    @Override
    public long sizeInUse() {
        return open().spaces.bytes;
    }

    @Override
    public void defragment() {
        open();
    }

    @Override
    public void verify() {
        open();
    }

    @Override
    public void close() {
        synchronized (commitLock) {
            closed = true;
            root = new Root(Applied.NONE, Spaces.EMPTY);
        }
    }

    private Root open() {
        Root current = root;
        if (closed) throw new StorageException.Closed("state store memory");
        return current;
    }

    /** The keyspaces by id. */
    private record Spaces(ByteTree<byte[]>[] trees, long bytes) {
        private static final Spaces EMPTY = new Spaces(array(0), 0);

        @SuppressWarnings({"unchecked", "rawtypes"})
        private static ByteTree<byte[]>[] array(int length) {
            ByteTree<byte[]>[] trees = new ByteTree[length];
            Arrays.fill(trees, ByteTree.<byte[]>empty());
            return trees;
        }

        ByteTree<byte[]> tree(Keyspace keyspace) {
            return keyspace.id() < trees.length ? trees[keyspace.id()] : ByteTree.empty();
        }

        Spaces with(WriteBatch batch) {
            SpacesEditor editor = new SpacesEditor(this);
            for (WriteBatch.Op op : batch.ops()) {
                switch (op) {
                    case WriteBatch.Put(var keyspace, var key, var value) ->
                            editor.put(keyspace, key, value);
                    case WriteBatch.Delete(var keyspace, var key) -> editor.delete(keyspace, key);
                    case WriteBatch.Clear(var keyspace) -> editor.clear(keyspace);
                }
            }
            return editor.done();
        }
    }

    private static final class SpacesEditor {
        /** Object headers and tree slots of one key and value, about. */
        private static final int ENTRY_OVERHEAD_BYTES = 48;

        private ByteTree<byte[]>[] trees;
        private ByteTree.Editor<byte[]>[] editors;
        private long bytes;

        @SuppressWarnings({"unchecked", "rawtypes"})
        SpacesEditor(Spaces from) {
            trees = from.trees;
            bytes = from.bytes;
            editors = new ByteTree.Editor[trees.length];
        }

        void put(Keyspace keyspace, byte[] key, byte[] value) {
            byte[] old = editor(keyspace).put(key, value);
            bytes += value.length;
            bytes += old == null ? key.length + ENTRY_OVERHEAD_BYTES : -old.length;
        }

        void delete(Keyspace keyspace, byte[] key) {
            byte[] old = editor(keyspace).remove(key);
            if (old != null) bytes -= key.length + old.length + ENTRY_OVERHEAD_BYTES;
        }

        void clear(Keyspace keyspace) {
            ByteTree.Walk<byte[]> all = editor(keyspace).tree().walk(null, null, false);
            while (all.next()) {
                bytes -= all.key().length + all.value().length + ENTRY_OVERHEAD_BYTES;
            }
            editors[keyspace.id()] = ByteTree.<byte[]>empty().edit();
        }

        Spaces done() {
            ByteTree<byte[]>[] result = Arrays.copyOf(trees, editors.length);
            for (int i = 0; i < editors.length; i++) {
                if (editors[i] != null) result[i] = editors[i].tree();
                else if (result[i] == null) result[i] = ByteTree.empty();
            }
            return new Spaces(result, bytes);
        }

        private ByteTree.Editor<byte[]> editor(Keyspace keyspace) {
            int id = keyspace.id();
            if (id >= editors.length) editors = Arrays.copyOf(editors, id + 1);
            if (editors[id] == null) {
                ByteTree<byte[]> tree = id < trees.length ? trees[id] : ByteTree.empty();
                editors[id] = tree.edit();
            }
            return editors[id];
        }
    }

    private static final class View implements ReadView {
        private final Applied applied;
        private volatile Spaces spaces; // null once closed

        View(Root root) {
            applied = root.applied;
            spaces = root.spaces;
        }

        @Override
        public Applied applied() {
            return applied;
        }

        @Override
        public byte[] get(Keyspace keyspace, byte[] key) {
            return open().tree(keyspace).get(key);
        }

        @Override
        public Cursor cursor(
                Keyspace keyspace, byte[] from, byte[] toExclusive, boolean descending) {
            ByteTree<byte[]> tree = open().tree(keyspace);
            return new TreeCursor(tree.walk(from, toExclusive, descending));
        }

        @Override
        public void close() {
            spaces = null;
        }

        private Spaces open() {
            Spaces current = spaces;
            if (current == null) throw new StorageException.Closed("read view");
            return current;
        }

        private final class TreeCursor implements Cursor {
            private final ByteTree.Walk<byte[]> walk;

            TreeCursor(ByteTree.Walk<byte[]> walk) {
                this.walk = walk;
            }

            @Override
            public boolean next() {
                open();
                return walk.next();
            }

            @Override
            public byte[] key() {
                return walk.key();
            }

            @Override
            public byte[] value() {
                return walk.value();
            }

            @Override
            public void close() {
                // Holds nothing of its own.
            }
        }
    }

    private final class MemoryInstall implements Install {
        private final Applied at;
        private final SpacesEditor editor = new SpacesEditor(Spaces.EMPTY);
        private int lastId = -1;
        private byte[] lastKey;

        MemoryInstall(Applied at) {
            this.at = at;
        }

        @Override
        public void put(Keyspace keyspace, byte[] key, byte[] value) {
            requireOpen();
            requireAscending(keyspace.id(), key);
            editor.put(keyspace, key, value);
        }

        @Override
        public void commit() {
            requireOpen();
            synchronized (commitLock) {
                MemoryStateStore.this.open();
                root = new Root(at, editor.done());
            }
            close();
        }

        @Override
        public void close() {
            install.compareAndSet(this, null);
        }

        private void requireOpen() {
            if (install.get() != this) throw new StorageException.Closed("install");
        }

        private void requireAscending(int id, byte[] key) {
            boolean ascends =
                    id > lastId || id == lastId && Arrays.compareUnsigned(key, lastKey) > 0;
            if (!ascends) throw new IllegalArgumentException("install feed is not ascending");
            lastId = id;
            lastKey = key;
        }
    }
}
