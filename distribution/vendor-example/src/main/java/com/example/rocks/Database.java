package com.example.rocks;

import io.quorate.spi.storage.StorageException;

import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * One RocksDB with its options. It writes no log of its own: what was not flushed is replayed from
 * the Raft log, so a flush is what makes commits durable.
 */
final class Database implements AutoCloseable {
    static {
        RocksDB.loadLibrary();
    }

    private final Path path;
    private final LRUCache cache;
    private final BloomFilter filter = new BloomFilter(10);
    private final Options options;
    private final WriteOptions unlogged = new WriteOptions().setDisableWAL(true);
    private final FlushOptions waiting = new FlushOptions().setWaitForFlush(true);
    private final ReadOptions reading = new ReadOptions().setVerifyChecksums(true);
    private final RocksDB rocks;
    private int users = 1; // guarded by this
    private boolean doomed; // guarded by this: its files go with it

    Database(Path path, long cacheBytes, long memtableBytes) {
        this.path = path;
        cache = new LRUCache(cacheBytes);
        options =
                new Options()
                        .setCreateIfMissing(true)
                        .setParanoidChecks(true)
                        .setParanoidFileChecks(true)
                        .setWriteBufferSize(memtableBytes)
                        .setUseFsync(true)
                        .setKeepLogFileNum(2)
                        .setTableFormatConfig(
                                new BlockBasedTableConfig()
                                        .setBlockCache(cache)
                                        .setFilterPolicy(filter)
                                        .setVerifyCompression(true));
        try {
            rocks = RocksDB.open(options, path.toString());
        } catch (RocksDBException e) {
            throw meaning("cannot open " + path, e);
        }
    }

    Path path() {
        return path;
    }

    RocksDB rocks() {
        return rocks;
    }

    ReadOptions reading() {
        return reading;
    }

    /** Another user; the database closes after the last. */
    synchronized void retain() {
        users++;
    }

    /** Fewer users by one. */
    void release() {
        synchronized (this) {
            if (--users > 0) return;
        }
        rocks.close();
        reading.close();
        waiting.close();
        unlogged.close();
        options.close();
        filter.close();
        cache.close();
        if (doomed) delete(path);
    }

    /** Has its files removed when the last user is gone. */
    synchronized void doom() {
        doomed = true;
    }

    byte[] get(byte[] key) {
        try {
            return rocks.get(reading, key);
        } catch (RocksDBException e) {
            throw meaning("cannot read " + path, e);
        }
    }

    void write(WriteBatch batch) {
        try {
            rocks.write(unlogged, batch);
        } catch (RocksDBException e) {
            throw meaning("cannot write " + path, e);
        }
    }

    void flush() {
        try {
            rocks.flush(waiting);
        } catch (RocksDBException e) {
            throw meaning("cannot flush " + path, e);
        }
    }

    void compact() {
        flush();
        try {
            rocks.compactRange();
        } catch (RocksDBException e) {
            throw meaning("cannot compact " + path, e);
        }
    }

    void verify() {
        try {
            rocks.verifyChecksum();
        } catch (RocksDBException e) {
            throw meaning("cannot verify " + path, e);
        }
    }

    long sizeOnDisk() {
        try (Stream<Path> files = Files.list(path)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException e) {
            throw new StorageException.Fatal("cannot list " + path + ": " + e, e);
        }
    }

    /** Which of the four meanings a failure has. */
    static StorageException meaning(String doing, RocksDBException e) {
        String message = doing + ": " + e.getMessage();
        Status status = e.getStatus();
        if (status != null && status.getCode() == Status.Code.Corruption) {
            return new StorageException.Corruption(
                    message + "; restore the member from its peers or a backup", e);
        }
        if (status != null && status.getSubCode() == Status.SubCode.NoSpace) {
            return new StorageException.NoSpace(message + "; free space", e);
        }
        if (message.contains("No such file") || message.contains("does not exist")) {
            return new StorageException.Corruption(message, e);
        }
        return new StorageException.Fatal(message + "; check the disk, restart this member", e);
    }

    static void delete(Path path) {
        if (!Files.exists(path)) return;
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) Files.delete(file);
        } catch (IOException e) {
            throw new StorageException.Fatal("cannot remove " + path + ": " + e, e);
        }
    }

    @Override
    public void close() {
        release();
    }
}
