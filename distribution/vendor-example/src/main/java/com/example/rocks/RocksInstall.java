package com.example.rocks;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.StorageException;

import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

import java.util.Arrays;

/** A new state on its way into a database of its own, a small write batch at a time. */
final class RocksInstall implements Install {
    private static final long BATCH_BYTES = 1 << 20;

    private final RocksStateStore store;
    private final Database target;
    private final Applied at;
    private final WriteBatch batch = new WriteBatch();
    private long live;
    private int lastId = -1;
    private byte[] lastKey;
    private boolean ended;

    RocksInstall(RocksStateStore store, Database target, Applied at) {
        this.store = store;
        this.target = target;
        this.at = at;
    }

    @Override
    public void put(Keyspace keyspace, byte[] key, byte[] value) {
        requireOpen();
        int id = keyspace.id();
        if (id < lastId || id == lastId && Arrays.compareUnsigned(key, lastKey) <= 0) {
            throw new IllegalArgumentException("install feed is not ascending");
        }
        lastId = id;
        lastKey = key;
        try {
            batch.put(RocksStateStore.key(keyspace, key), value);
        } catch (RocksDBException e) {
            throw Database.meaning("cannot gather an install", e);
        }
        live += key.length + value.length;
        if (batch.getDataSize() > BATCH_BYTES) write();
    }

    private void write() {
        target.write(batch);
        batch.clear();
    }

    @Override
    public void commit() {
        requireOpen();
        Meta meta = new Meta(at, live);
        try {
            batch.put(Meta.KEY, meta.encoded());
        } catch (RocksDBException e) {
            throw Database.meaning("cannot gather an install", e);
        }
        write();
        target.flush();
        store.replace(target, meta);
        end();
    }

    @Override
    public void close() {
        if (ended) return;
        target.doom();
        target.release();
        end();
    }

    private void end() {
        ended = true;
        batch.close();
        store.endInstall();
    }

    private void requireOpen() {
        if (ended) throw new StorageException.Closed("install");
    }
}
