package com.example.rocks;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StorageException;

import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Snapshot;

import java.util.Arrays;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** A snapshot of the state. Native memory must not go under a reader, hence the lock. */
final class RocksView implements ReadView {
    private final Database database;
    private final Applied applied;
    private final Snapshot snapshot;
    private final ReadOptions options;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed; // guarded by lock

    RocksView(Database database, Applied applied) {
        this.database = database;
        this.applied = applied;
        database.retain();
        snapshot = database.rocks().getSnapshot();
        options = new ReadOptions().setSnapshot(snapshot).setVerifyChecksums(true);
    }

    @Override
    public Applied applied() {
        return applied;
    }

    @Override
    public byte[] get(Keyspace keyspace, byte[] key) {
        lock.readLock().lock();
        try {
            requireOpen();
            return database.rocks().get(options, RocksStateStore.key(keyspace, key));
        } catch (RocksDBException e) {
            throw Database.meaning("cannot read " + database.path(), e);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public Cursor cursor(Keyspace keyspace, byte[] from, byte[] toExclusive, boolean descending) {
        lock.readLock().lock();
        try {
            requireOpen();
            return new RocksCursor(keyspace, from, toExclusive, descending);
        } finally {
            lock.readLock().unlock();
        }
    }

    private void requireOpen() {
        if (closed) throw new StorageException.Closed("read view");
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (closed) return;
            closed = true;
            options.close();
            database.rocks().releaseSnapshot(snapshot);
        } finally {
            lock.writeLock().unlock();
        }
        database.release();
    }

    private final class RocksCursor implements Cursor {
        private final RocksIterator rows;
        private final byte[] low;
        private final byte[] high;
        private final boolean descending;
        private boolean started;
        private boolean over;
        private byte[] key;
        private byte[] value;

        RocksCursor(Keyspace keyspace, byte[] from, byte[] toExclusive, boolean descending) {
            this.descending = descending;
            low = RocksStateStore.key(keyspace, from == null ? new byte[0] : from);
            high = toExclusive == null ? end(keyspace) : RocksStateStore.key(keyspace, toExclusive);
            rows = database.rocks().newIterator(options);
            database.retain();
        }

        /** Behind the last key of a keyspace. */
        private static byte[] end(Keyspace keyspace) {
            return keyspace.id() == 255
                    ? new byte[] {2}
                    : new byte[] {1, (byte) (keyspace.id() + 1)};
        }

        @Override
        public boolean next() {
            lock.readLock().lock();
            try {
                requireOpen();
                if (over) return false;
                move();
                over = !rows.isValid() || !inside(rows.key());
                if (over) rows.status();
                key = over ? null : Arrays.copyOfRange(rows.key(), 2, rows.key().length);
                value = over ? null : rows.value();
                return !over;
            } catch (RocksDBException e) {
                throw Database.meaning("cannot read " + database.path(), e);
            } finally {
                lock.readLock().unlock();
            }
        }

        private void move() {
            if (started) {
                if (descending) rows.prev();
                else rows.next();
                return;
            }
            started = true;
            if (!descending) {
                rows.seek(low);
                return;
            }
            rows.seekForPrev(high);
            if (rows.isValid() && Arrays.equals(rows.key(), high)) rows.prev();
        }

        private boolean inside(byte[] row) {
            return Arrays.compareUnsigned(row, low) >= 0 && Arrays.compareUnsigned(row, high) < 0;
        }

        @Override
        public byte[] key() {
            return key;
        }

        @Override
        public byte[] value() {
            return value;
        }

        @Override
        public void close() {
            if (!rows.isOwningHandle()) return;
            rows.close();
            database.release();
        }
    }
}
