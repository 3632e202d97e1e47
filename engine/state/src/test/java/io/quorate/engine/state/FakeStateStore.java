package io.quorate.engine.state;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A store in the heap. A view freezes the maps as they are; the next commit then copies what it
 * changes. Can refuse a commit, and can go back to its last forced state as after a power loss.
 */
final class FakeStateStore implements StateStore {
    private Map<Keyspace, NavigableMap<byte[], byte[]>> live = new HashMap<>();
    private Map<Keyspace, NavigableMap<byte[], byte[]>> durable = Map.of();
    private Applied applied = Applied.NONE;
    private Applied durableApplied = Applied.NONE;
    private boolean full;
    private final AtomicInteger openViews = new AtomicInteger();

    /** The store after a crash: what was forced, and nothing else. */
    synchronized FakeStateStore crash() {
        FakeStateStore after = new FakeStateStore();
        after.live = new HashMap<>(durable);
        after.durable = durable;
        after.applied = durableApplied;
        after.durableApplied = durableApplied;
        return after;
    }

    synchronized void refuseCommits(boolean refuse) {
        full = refuse;
    }

    int openViews() {
        return openViews.get();
    }

    /** Rows of a keyspace. */
    synchronized int rows(Keyspace keyspace) {
        return live.getOrDefault(keyspace, new TreeMap<>()).size();
    }

    @Override
    public synchronized Applied applied() {
        return applied;
    }

    @Override
    public synchronized Applied durableApplied() {
        return durableApplied;
    }

    @Override
    public synchronized CompletableFuture<Void> commit(
            WriteBatch batch, Applied at, Durability durability) {
        if (full) throw new StorageException.NoSpace("the fake is full", null);
        if (at.index() < applied.index()) throw new IllegalArgumentException("index decreases");
        Map<Keyspace, NavigableMap<byte[], byte[]>> next = new HashMap<>(live);
        Map<Keyspace, NavigableMap<byte[], byte[]>> own = new HashMap<>();
        for (WriteBatch.Op op : batch.ops()) apply(op, next, own);
        live = next;
        applied = at;
        if (durability == Durability.FORCE) {
            durable = live;
            durableApplied = at;
        }
        return CompletableFuture.completedFuture(null);
    }

    private static void apply(
            WriteBatch.Op op,
            Map<Keyspace, NavigableMap<byte[], byte[]>> next,
            Map<Keyspace, NavigableMap<byte[], byte[]>> own) {
        switch (op) {
            case WriteBatch.Put(var keyspace, var key, var value) ->
                    own(keyspace, next, own).put(key, value);
            case WriteBatch.Delete(var keyspace, var key) -> own(keyspace, next, own).remove(key);
            case WriteBatch.Clear(var keyspace) -> own(keyspace, next, own).clear();
        }
    }

    private static NavigableMap<byte[], byte[]> own(
            Keyspace keyspace,
            Map<Keyspace, NavigableMap<byte[], byte[]>> next,
            Map<Keyspace, NavigableMap<byte[], byte[]>> own) {
        return own.computeIfAbsent(
                keyspace,
                k -> {
                    NavigableMap<byte[], byte[]> copy = new TreeMap<>(Arrays::compareUnsigned);
                    copy.putAll(next.getOrDefault(k, new TreeMap<>()));
                    next.put(k, copy);
                    return copy;
                });
    }

    @Override
    public synchronized ReadView view() {
        openViews.incrementAndGet();
        return new View(live, applied);
    }

    @Override
    public Install beginInstall(Applied at) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long sizeOnDisk() {
        return 4096;
    }

    @Override
    public long sizeInUse() {
        return 2048;
    }

    @Override
    public void defragment() {}

    @Override
    public void verify() {}

    @Override
    public void close() {}

    private final class View implements ReadView {
        private final Map<Keyspace, NavigableMap<byte[], byte[]>> maps;
        private final Applied applied;
        private boolean closed;

        View(Map<Keyspace, NavigableMap<byte[], byte[]>> maps, Applied applied) {
            this.maps = maps;
            this.applied = applied;
        }

        @Override
        public Applied applied() {
            return applied;
        }

        @Override
        public byte[] get(Keyspace keyspace, byte[] key) {
            return map(keyspace).get(key);
        }

        @Override
        public Cursor cursor(Keyspace keyspace, byte[] from, byte[] to, boolean descending) {
            NavigableMap<byte[], byte[]> map = map(keyspace);
            if (from != null) map = map.tailMap(from, true);
            if (to != null) map = map.headMap(to, false);
            return new MapCursor((descending ? map.descendingMap() : map).entrySet().iterator());
        }

        private NavigableMap<byte[], byte[]> map(Keyspace keyspace) {
            if (closed) throw new StorageException.Closed("the view");
            NavigableMap<byte[], byte[]> map = maps.get(keyspace);
            return map == null ? new TreeMap<>(Arrays::compareUnsigned) : map;
        }

        @Override
        public void close() {
            if (!closed) openViews.decrementAndGet();
            closed = true;
        }
    }

    private static final class MapCursor implements Cursor {
        private final Iterator<Map.Entry<byte[], byte[]>> entries;
        private Map.Entry<byte[], byte[]> at;

        MapCursor(Iterator<Map.Entry<byte[], byte[]>> entries) {
            this.entries = entries;
        }

        @Override
        public boolean next() {
            if (!entries.hasNext()) return false;
            at = entries.next();
            return true;
        }

        @Override
        public byte[] key() {
            return at.getKey();
        }

        @Override
        public byte[] value() {
            return at.getValue();
        }

        @Override
        public void close() {}
    }
}
