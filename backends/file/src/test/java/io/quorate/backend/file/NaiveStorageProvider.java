package io.quorate.backend.file;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.WriteBatch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * A state as one would write it in an afternoon: a map in the heap and one file, written over in
 * place at each commit, without checksums. Right while nothing goes wrong.
 */
public final class NaiveStorageProvider implements StorageProvider {
    @Override
    public String name() {
        return "naive";
    }

    @Override
    public String description() {
        return "wrong on purpose";
    }

    @Override
    public int spiMajor() {
        return SPI_MAJOR;
    }

    @Override
    public Set<Part> parts() {
        return Set.of(Part.STATE);
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(1 << 20, 1 << 24, 1 << 26, true, true);
    }

    @Override
    public RaftLog openLog(StorageEnv env) {
        throw new UnsupportedOperationException("state only");
    }

    @Override
    public StateStore openState(StorageEnv env) {
        try {
            return new NaiveStore(env);
        } catch (IOException e) {
            throw StorageException.of("cannot open", e);
        }
    }

    private static final class NaiveStore implements StateStore {
        private final FileIo.Channel file;
        private TreeMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);
        private Applied applied = Applied.NONE;
        private Applied durable = Applied.NONE;

        NaiveStore(StorageEnv env) throws IOException {
            var path = env.directory().resolve("state");
            boolean there = env.io().exists(path);
            file = env.io().open(path, there ? FileIo.Mode.READ_WRITE : FileIo.Mode.CREATE_NEW);
            if (there) read();
            env.io().forceDirectory(env.directory());
        }

        private void read() throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) continue;
            bytes.flip();
            if (bytes.remaining() < 20) return;
            applied = new Applied(bytes.getLong(), bytes.getLong());
            durable = applied;
            for (int count = bytes.getInt(); count > 0 && bytes.remaining() >= 8; count--) {
                byte[] key = bytes(bytes);
                map.put(key, bytes(bytes));
            }
        }

        private static byte[] bytes(ByteBuffer from) {
            int length = from.remaining() < 4 ? 0 : from.getInt();
            byte[] bytes = new byte[Math.max(0, Math.min(length, from.remaining()))];
            from.get(bytes);
            return bytes;
        }

        private void write(boolean force) {
            int size = 20;
            for (Map.Entry<byte[], byte[]> e : map.entrySet()) {
                size += 8 + e.getKey().length + e.getValue().length;
            }
            ByteBuffer bytes = ByteBuffer.allocate(size);
            bytes.putLong(applied.index()).putLong(applied.term()).putInt(map.size());
            map.forEach((key, value) ->
                    bytes.putInt(key.length).put(key).putInt(value.length).put(value));
            try {
                file.write(bytes.flip(), 0);
                if (force) file.force(false);
                if (force) durable = applied;
            } catch (IOException e) {
                throw StorageException.of("cannot write", e);
            }
        }

        private static byte[] key(Keyspace keyspace, byte[] key) {
            byte[] all = new byte[key.length + 1];
            all[0] = (byte) keyspace.id();
            System.arraycopy(key, 0, all, 1, key.length);
            return all;
        }

        @Override
        public Applied applied() {
            return applied;
        }

        @Override
        public Applied durableApplied() {
            return durable;
        }

        @Override
        public CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability force) {
            map = new TreeMap<>(map);
            for (WriteBatch.Op op : batch.ops()) {
                switch (op) {
                    case WriteBatch.Put(var space, var key, var value) ->
                            map.put(key(space, key), value);
                    case WriteBatch.Delete(var space, var key) -> map.remove(key(space, key));
                    case WriteBatch.Clear(var space) ->
                            map.keySet().removeIf(key -> key[0] == (byte) space.id());
                }
            }
            applied = at;
            write(force == Durability.FORCE);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public ReadView view() {
            return new View(map, applied);
        }

        @Override
        public Install beginInstall(Applied at) {
            TreeMap<byte[], byte[]> fed = new TreeMap<>(Arrays::compareUnsigned);
            return new Install() {
                @Override
                public void put(Keyspace keyspace, byte[] key, byte[] value) {
                    fed.put(key(keyspace, key), value);
                }

                @Override
                public void commit() {
                    map = fed;
                    applied = at;
                    write(true);
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public long sizeOnDisk() {
            return sizeInUse();
        }

        @Override
        public long sizeInUse() {
            return map.values().stream().mapToLong(value -> value.length).sum();
        }

        @Override
        public void defragment() {}

        @Override
        public void verify() {}

        @Override
        public void close() {
            try {
                file.close();
            } catch (IOException e) {
                throw StorageException.of("cannot close", e);
            }
        }
    }

    private record View(TreeMap<byte[], byte[]> map, Applied applied) implements ReadView {
        @Override
        public byte[] get(Keyspace keyspace, byte[] key) {
            return map.get(NaiveStore.key(keyspace, key));
        }

        @Override
        public Cursor cursor(Keyspace keyspace, byte[] from, byte[] to, boolean descending) {
            byte[] low = NaiveStore.key(keyspace, from == null ? new byte[0] : from);
            byte[] high =
                    to == null ? new byte[] {(byte) (low[0] + 1)} : NaiveStore.key(keyspace, to);
            var tail = low[0] == -1 && to == null ? map.tailMap(low, true) : null;
            var range =
                    tail != null
                            ? tail
                            : Arrays.compareUnsigned(low, high) > 0
                                    ? new TreeMap<byte[], byte[]>()
                                    : map.subMap(low, true, high, false);
            Iterator<Map.Entry<byte[], byte[]>> all =
                    (descending ? range.descendingMap() : range).entrySet().iterator();
            return new Cursor() {
                private Map.Entry<byte[], byte[]> at;

                @Override
                public boolean next() {
                    at = all.hasNext() ? all.next() : null;
                    return at != null;
                }

                @Override
                public byte[] key() {
                    return Arrays.copyOfRange(at.getKey(), 1, at.getKey().length);
                }

                @Override
                public byte[] value() {
                    return at.getValue();
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void close() {}
    }
}
