package io.quorate.engine.simulator;

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

/** The state of one life of a member, over the states that its disk may come back to. */
final class SimulatedStore implements StateStore {
    private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

    private final Disk disk;
    private boolean installing;

    SimulatedStore(Disk disk) {
        this.disk = disk;
    }

    /**
     * A state as one commit left it.
     *
     * @param hash of all rows, whatever the way to them was
     */
    record Root(Applied applied, ByteTree<byte[]>[] spaces, long hash) {
        static final Root EMPTY = new Root(Applied.NONE, spaces(0), 0);

        @SuppressWarnings({"unchecked", "rawtypes"})
        private static ByteTree<byte[]>[] spaces(int length) {
            ByteTree<byte[]>[] spaces = new ByteTree[length];
            Arrays.fill(spaces, ByteTree.<byte[]>empty());
            return spaces;
        }

        private ByteTree<byte[]> space(int id) {
            return id < spaces.length ? spaces[id] : ByteTree.empty();
        }

        private Root with(WriteBatch batch, Applied at) {
            Editor editor = new Editor(this);
            for (WriteBatch.Op op : batch.ops()) {
                switch (op) {
                    case WriteBatch.Put(var space, var key, var value) ->
                            editor.put(space, key, value);
                    case WriteBatch.Delete(var space, var key) -> editor.delete(space, key);
                    case WriteBatch.Clear(var space) -> editor.clear(space);
                }
            }
            return editor.done(at);
        }
    }

    private static final class Editor {
        private ByteTree<byte[]>[] spaces;
        private ByteTree.Editor<byte[]>[] editors;
        private long hash;

        @SuppressWarnings({"unchecked", "rawtypes"})
        private Editor(Root from) {
            spaces = from.spaces;
            editors = new ByteTree.Editor[spaces.length];
            hash = from.hash;
        }

        private ByteTree.Editor<byte[]> editor(int id) {
            if (id >= spaces.length) {
                ByteTree<byte[]>[] larger = Root.spaces(id + 1);
                System.arraycopy(spaces, 0, larger, 0, spaces.length);
                spaces = larger;
                editors = Arrays.copyOf(editors, id + 1);
            }
            if (editors[id] == null) {
                editors[id] = spaces[id].edit();
            }
            return editors[id];
        }

        private void put(Keyspace space, byte[] key, byte[] value) {
            byte[] old = editor(space.id()).put(key, value);
            if (old != null) {
                hash -= hash(space.id(), key, old);
            }
            hash += hash(space.id(), key, value);
        }

        private void delete(Keyspace space, byte[] key) {
            byte[] old = editor(space.id()).remove(key);
            if (old != null) {
                hash -= hash(space.id(), key, old);
            }
        }

        private void clear(Keyspace space) {
            ByteTree.Walk<byte[]> walk = editor(space.id()).tree().walk(null, null, false);
            while (walk.next()) {
                hash -= hash(space.id(), walk.key(), walk.value());
            }
            spaces = spaces.clone();
            spaces[space.id()] = ByteTree.empty();
            editors[space.id()] = null;
        }

        private Root done(Applied at) {
            ByteTree<byte[]>[] result = spaces.clone();
            for (int id = 0; id < result.length; id++) {
                if (editors[id] != null) {
                    result[id] = editors[id].tree();
                }
            }
            return new Root(at, result, hash);
        }

        // Sums of it must not cancel out for rows that are alike, so each bit is mixed well.
        private static long hash(int space, byte[] key, byte[] value) {
            long hash = (31L * space + Arrays.hashCode(key)) << 32 ^ Arrays.hashCode(value);
            hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
            hash = (hash ^ hash >>> 33) * 0xc4ceb9fe1a85ec53L;
            return hash ^ hash >>> 33;
        }
    }

    /** Of all rows. */
    long hash() {
        return disk.state().hash;
    }

    @Override
    public Applied applied() {
        return disk.state().applied;
    }

    @Override
    public Applied durableApplied() {
        return disk.durableState().applied;
    }

    @Override
    public CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability durability) {
        if (at.index() < applied().index()) {
            throw new Violation("commit at " + at + " after " + applied());
        }
        disk.commit(disk.state().with(batch, at));
        return durability == Durability.FORCE ? disk.forceState() : DONE;
    }

    @Override
    public ReadView view() {
        return new View(disk.state());
    }

    @Override
    public Install beginInstall(Applied at) {
        if (installing) {
            throw new IllegalStateException("another install is open");
        }
        installing = true;
        return new Feed(at);
    }

    @Override
    public long sizeOnDisk() {
        return 1 << 20;
    }

    @Override
    public long sizeInUse() {
        return 1 << 20;
    }

    @Override
    public void defragment() {
        // There is nothing to give back.
    }

    @Override
    public void verify() {
        // The heap does not rot.
    }

    @Override
    public void close() {
        // The disk belongs to the machine.
    }

    private final class Feed implements Install {
        private final Applied at;
        private final Editor editor = new Editor(Root.EMPTY);
        private boolean open = true;

        private Feed(Applied at) {
            this.at = at;
        }

        @Override
        public void put(Keyspace space, byte[] key, byte[] value) {
            editor.put(space, key, value);
        }

        @Override
        public void commit() {
            disk.install(editor.done(at));
            close();
        }

        @Override
        public void close() {
            if (open) {
                open = false;
                installing = false;
            }
        }
    }

    private static final class View implements ReadView {
        private Root root;

        private View(Root root) {
            this.root = root;
        }

        private Root open() {
            if (root == null) {
                throw new StorageException.Closed("view of a simulated state");
            }
            return root;
        }

        @Override
        public Applied applied() {
            return open().applied;
        }

        @Override
        public byte[] get(Keyspace space, byte[] key) {
            return open().space(space.id()).get(key);
        }

        @Override
        public Cursor cursor(Keyspace space, byte[] from, byte[] toExclusive, boolean descending) {
            ByteTree.Walk<byte[]> walk =
                    open().space(space.id()).walk(from, toExclusive, descending);
            return new Cursor() {
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
            };
        }

        @Override
        public void close() {
            root = null;
        }
    }
}
