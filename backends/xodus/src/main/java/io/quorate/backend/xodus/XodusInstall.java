package io.quorate.backend.xodus;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.IoThread;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.StorageException;

import jetbrains.exodus.ByteIterable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A new state on its way into an environment of its own, written by a thread that nobody
 * interrupts. Leftovers of a crash are removed at open.
 */
final class XodusInstall implements Install {
    private static final long HANDOVER_BYTES = 256 << 10;
    private static final int HANDOVER_ENTRIES = 1000;

    private final XodusStateStore store;
    private final Applied at;
    private final IoThread thread = new IoThread("quorate-state-install");
    private StateFeed feed; // null until something is fed or committed
    private List<Entry> pending = new ArrayList<>();
    private long pendingBytes;
    private int lastId = -1;
    private byte[] lastKey;
    private boolean ended;

    private record Entry(ByteIterable key, byte[] value) {}

    XodusInstall(XodusStateStore store, Applied at) {
        this.store = store;
        this.at = at;
    }

    @Override
    public synchronized void put(Keyspace keyspace, byte[] key, byte[] value) {
        requireOpen();
        requireAscending(keyspace.id(), key);
        pending.add(new Entry(StateWriter.key(keyspace, key), value));
        pendingBytes += key.length + value.length;
        if (pendingBytes >= HANDOVER_BYTES || pending.size() >= HANDOVER_ENTRIES) {
            thread.call(this::write);
        }
    }

    private Void write() {
        if (feed == null) feed = new StateFeed(store.createDatabase());
        for (Entry entry : pending) feed.put(entry.key, entry.value);
        pending = new ArrayList<>();
        pendingBytes = 0;
        return null;
    }

    @Override
    public synchronized void commit() {
        requireOpen();
        StateMeta after =
                thread.call(() -> {
                    write();
                    return feed.finish(at);
                });
        store.replace(feed.database(), after);
        feed = null;
        end();
    }

    @Override
    public synchronized void close() {
        if (ended) return;
        StateFeed abandoned = feed;
        feed = null;
        try {
            if (abandoned != null) {
                thread.call(() -> {
                    abandoned.discard();
                    return null;
                });
            }
        } finally {
            end();
        }
    }

    private void end() {
        ended = true;
        thread.finish();
        store.endInstall();
    }

    private void requireOpen() {
        if (ended) throw new StorageException.Closed("install");
    }

    private void requireAscending(int id, byte[] key) {
        boolean ascends = id > lastId || id == lastId && Arrays.compareUnsigned(key, lastKey) > 0;
        if (!ascends) throw new IllegalArgumentException("install feed is not ascending");
        lastId = id;
        lastKey = key;
    }
}
