package com.example.rocks;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Keyspace;

import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatchWithIndex;

import java.util.Arrays;

/** Turns a batch into one write of RocksDB and counts what is live. */
final class RowWriter implements AutoCloseable {
    private final Database database;
    private final WriteBatchWithIndex writes = new WriteBatchWithIndex(true);
    private long live;

    RowWriter(Database database, Meta before) {
        this.database = database;
        live = before.liveBytes();
    }

    void apply(io.quorate.spi.storage.WriteBatch batch) {
        try {
            for (io.quorate.spi.storage.WriteBatch.Op op : batch.ops()) {
                switch (op) {
                    case io.quorate.spi.storage.WriteBatch.Put(var space, var key, var value) ->
                            put(RocksStateStore.key(space, key), value);
                    case io.quorate.spi.storage.WriteBatch.Delete(var space, var key) ->
                            delete(RocksStateStore.key(space, key));
                    case io.quorate.spi.storage.WriteBatch.Clear(var space) -> clear(space);
                }
            }
        } catch (RocksDBException e) {
            throw Database.meaning("cannot gather a batch", e);
        }
    }

    private void put(byte[] row, byte[] value) throws RocksDBException {
        forget(row, old(row));
        writes.put(row, value);
        live += row.length - 2 + value.length;
    }

    private void delete(byte[] row) throws RocksDBException {
        byte[] old = old(row);
        if (old == null) return;
        forget(row, old);
        writes.delete(row);
    }

    private byte[] old(byte[] row) throws RocksDBException {
        return writes.getFromBatchAndDB(database.rocks(), database.reading(), row);
    }

    private void forget(byte[] row, byte[] old) {
        if (old != null) live -= row.length - 2 + old.length;
    }

    private void clear(Keyspace space) throws RocksDBException {
        byte[] first = RocksStateStore.key(space, new byte[0]);
        try (RocksIterator stored = database.rocks().newIterator(database.reading());
                RocksIterator all = writes.newIteratorWithBase(stored)) {
            java.util.List<byte[]> rows = new java.util.ArrayList<>();
            for (all.seek(first); all.isValid(); all.next()) {
                byte[] row = all.key();
                if (!Arrays.equals(row, 0, 2, first, 0, 2)) break;
                rows.add(row);
            }
            for (byte[] row : rows) delete(row);
        }
    }

    /** Writes it all with its position; visible on return. */
    Meta write(Applied at) {
        Meta after = new Meta(at, live);
        try (org.rocksdb.WriteOptions options =
                new org.rocksdb.WriteOptions().setDisableWAL(true)) {
            writes.put(Meta.KEY, after.encoded());
            database.rocks().write(options, writes);
            return after;
        } catch (RocksDBException e) {
            throw Database.meaning("cannot write " + database.path(), e);
        }
    }

    @Override
    public void close() {
        writes.close();
    }
}
