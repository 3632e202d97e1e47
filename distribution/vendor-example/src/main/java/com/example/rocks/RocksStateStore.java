package com.example.rocks;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.DirectoryLock;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.IoThread;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.Stamp;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.WriteBatch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * The state in RocksDB: a row's key is a one, the id of its keyspace, and its key. A commit is one
 * write batch, a force is a flush, a view is a snapshot, an install is another database that takes
 * the place of the first by a rename of {@code CURRENT-DB}.
 */
final class RocksStateStore implements StateStore {
    private static final String POINTER = "CURRENT-DB";

    private final StorageEnv env;
    private final long cacheBytes;
    private final long memtableBytes;
    private final AutoCloseable directoryLock;
    private final IoThread flusher = new IoThread("rocks-flush");

    // Guarded by this.
    private Database database;
    private Meta meta;
    private int databases;
    private boolean installing;

    private volatile Applied durable;
    private volatile StorageException.Fatal failure;
    private volatile boolean closed;

    private RocksStateStore(
            StorageEnv env, long cacheBytes, long memtableBytes, AutoCloseable directoryLock)
            throws IOException {
        this.env = env;
        this.cacheBytes = cacheBytes;
        this.memtableBytes = memtableBytes;
        this.directoryLock = directoryLock;
        new Stamp(RocksStorageProvider.NAME, StorageProvider.Part.STATE, 1)
                .checkOrWrite(env.io(), env.directory());
        DirectoryLock.deleteDrafts(env.io(), env.directory());
        databases = pointer();
        deleteLeftovers();
        boolean created = databases == 0;
        if (created) databases = 1;
        database = database(databases);
        meta = Meta.decode(database.get(Meta.KEY));
        durable = meta.applied();
        if (created) point(databases);
    }

    static RocksStateStore open(StorageEnv env) {
        Settings settings = env.settings();
        long cache = settings.bytes("cache-bytes", 64L << 20, 1L << 20, 1L << 40);
        long memtable = settings.bytes("memtable-bytes", 64L << 20, 64L << 10, 4L << 30);
        settings.refuseUnknown();
        AutoCloseable lock = DirectoryLock.take(env);
        boolean opened = false;
        try {
            RocksStateStore store = new RocksStateStore(env, cache, memtable, lock);
            opened = true;
            return store;
        } catch (IOException e) {
            throw StorageException.of("cannot open the state in " + env.directory(), e);
        } finally {
            if (!opened) DirectoryLock.release(lock);
        }
    }

    private Database database(int number) {
        return new Database(env.directory().resolve("db-" + number), cacheBytes, memtableBytes);
    }

    /** Number of the current database, 0 for none. */
    private int pointer() throws IOException {
        Path path = env.directory().resolve(POINTER);
        if (!Files.exists(path)) return 0;
        String text = Files.readString(path, StandardCharsets.ISO_8859_1);
        // Written twice, so that damage shows.
        String[] numbers = text.split("\n", -1);
        if (numbers.length == 2 && numbers[0].equals(numbers[1])) {
            try {
                return Integer.parseInt(numbers[0]);
            } catch (NumberFormatException e) {
                // Damaged, as below.
            }
        }
        throw new StorageException.Corruption(path + " is damaged; restore the member", null);
    }

    private void point(int number) throws IOException {
        FileIo io = env.io();
        Path draft = env.directory().resolve(POINTER + DirectoryLock.DRAFT_SUFFIX);
        if (io.exists(draft)) io.delete(draft);
        try (FileIo.Channel channel = io.open(draft, FileIo.Mode.CREATE_NEW)) {
            channel.write(
                    ByteBuffer.wrap((number + "\n" + number).getBytes(StandardCharsets.ISO_8859_1)),
                    0);
            channel.force(true);
        }
        io.rename(draft, env.directory().resolve(POINTER));
        io.forceDirectory(env.directory());
    }

    private void deleteLeftovers() throws IOException {
        try (Stream<Path> entries = Files.list(env.directory())) {
            for (Path entry : entries.toList()) {
                String name = entry.getFileName().toString();
                if (name.startsWith("db-") && !name.equals("db-" + databases)) {
                    Database.delete(entry);
                }
            }
        }
    }

    private void requireUsable() {
        if (closed) throw new StorageException.Closed("state store rocks");
        if (failure != null) throw failure;
    }

    /** After a failed write nobody knows what is there. */
    private StorageException told(StorageException e) {
        if (e instanceof StorageException.Fatal fatal && failure == null) {
            failure = fatal;
            env.report(fatal);
        }
        return e;
    }

    @Override
    public synchronized Applied applied() {
        requireUsable();
        return meta.applied();
    }

    @Override
    public Applied durableApplied() {
        requireUsable();
        return durable;
    }

    @Override
    public synchronized CompletableFuture<Void> commit(
            WriteBatch batch, Applied at, Durability durability) {
        requireUsable();
        if (at.index() < meta.applied().index()) {
            throw new IllegalArgumentException(
                    "commit at index " + at.index() + " after " + meta.applied().index());
        }
        try (RowWriter rows = new RowWriter(database, meta)) {
            rows.apply(batch);
            meta = rows.write(at);
        } catch (StorageException e) {
            throw told(e);
        }
        if (durability == Durability.LAZY) return CompletableFuture.completedFuture(null);
        CompletableFuture<Void> done = new CompletableFuture<>();
        Database target = database;
        target.retain();
        flusher.execute(() -> flush(target, at, done));
        return done;
    }

    private void flush(Database target, Applied at, CompletableFuture<Void> done) {
        long begin = System.nanoTime();
        try {
            target.flush();
            synchronized (this) {
                if (target == database) durable = at;
            }
            env.observe(StorageEnv.Timing.STATE_COMMIT, System.nanoTime() - begin);
            done.complete(null);
        } catch (StorageException e) {
            done.completeExceptionally(told(e));
        } finally {
            target.release();
        }
    }

    @Override
    public synchronized ReadView view() {
        requireUsable();
        return new RocksView(database, meta.applied());
    }

    @Override
    public synchronized Install beginInstall(Applied at) {
        requireUsable();
        if (installing) {
            throw new IllegalStateException("another install is open; close it first");
        }
        installing = true;
        databases++;
        return new RocksInstall(this, database(databases), at);
    }

    synchronized void endInstall() {
        installing = false;
    }

    /** Puts a filled and flushed database in the place of the present one. */
    synchronized void replace(Database filled, Meta filledMeta) {
        requireUsable();
        String name = filled.path().getFileName().toString();
        IoThread thread = new IoThread("rocks-install");
        try {
            thread.call(() -> {
                try {
                    point(Integer.parseInt(name.substring("db-".length())));
                    return null;
                } catch (IOException e) {
                    throw told(StorageException.of("cannot install " + filled.path(), e));
                }
            });
        } finally {
            thread.finish();
        }
        Database old = database;
        database = filled;
        meta = filledMeta;
        durable = filledMeta.applied();
        old.doom();
        old.release();
    }

    static byte[] key(Keyspace keyspace, byte[] key) {
        byte[] row = new byte[2 + key.length];
        row[0] = 1;
        row[1] = (byte) keyspace.id();
        System.arraycopy(key, 0, row, 2, key.length);
        return row;
    }

    @Override
    public synchronized long sizeOnDisk() {
        requireUsable();
        return database.sizeOnDisk();
    }

    @Override
    public synchronized long sizeInUse() {
        requireUsable();
        return meta.liveBytes();
    }

    @Override
    public synchronized void defragment() {
        requireUsable();
        try {
            database.compact();
            durable = meta.applied();
        } catch (StorageException e) {
            throw told(e);
        }
    }

    @Override
    public synchronized void verify() {
        requireUsable();
        database.verify();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) return;
            closed = true;
        }
        flusher.finish();
        database.release();
        DirectoryLock.release(directoryLock);
    }
}
