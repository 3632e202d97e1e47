package io.quorate.backend.xodus;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.DirectoryLock;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.IoThread;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.Stamp;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.WriteBatch;

import jetbrains.exodus.ByteIterable;
import jetbrains.exodus.env.Cursor;
import jetbrains.exodus.env.Transaction;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The state in an environment of Xodus. A commit is one transaction, written by a thread of this
 * store that nobody interrupts; a lazy one is not forced, and a crash comes back to the last force,
 * from where the engine replays (I2, I4). Forces run on a thread of their own beside commits.
 *
 * <p>An install, or a defragmentation, fills a new environment and then replaces the old one, which
 * goes when its last view closes.
 */
final class XodusStateStore implements StateStore {
    private final StorageEnv env;
    private final XodusSettings settings;
    private final AutoCloseable directoryLock;
    private final IoThread writer = new IoThread("quorate-state-commit");
    private final IoThread forcer = new IoThread("quorate-state-force");
    private final Set<Holder> holders = ConcurrentHashMap.newKeySet();
    private final AtomicReference<StorageException> failure;
    private final AtomicInteger forcesQueued = new AtomicInteger();

    private volatile StateMeta meta;
    private volatile Applied durableApplied;
    private volatile boolean closed;

    // Guarded by lock, which is never held over I/O.
    private final Object lock = new Object();
    private Holder current;
    private Snapshot shared; // of all views since the last commit; null before the first
    private long lastGeneration;
    private XodusInstall install;

    /** An environment and how many hold it: the store, while it is current, and its views. */
    private final class Holder {
        final Database database;
        private final AtomicInteger references = new AtomicInteger(1);

        Holder(Database database) {
            this.database = database;
            holders.add(this);
        }

        void retain() {
            references.incrementAndGet();
        }

        void release() {
            if (references.decrementAndGet() == 0 && !closed) forcer.execute(this::remove);
        }

        private void remove() {
            if (!holders.remove(this)) return;
            try {
                database.close();
                database.delete();
            } catch (StorageException e) {
                env.report(e);
            }
        }
    }

    private XodusStateStore(
            StorageEnv env,
            XodusSettings settings,
            AutoCloseable directoryLock,
            AtomicReference<StorageException> failure,
            Database database) {
        this.env = env;
        this.settings = settings;
        this.directoryLock = directoryLock;
        this.failure = failure;
        current = new Holder(database);
        lastGeneration = database.generation();
        Transaction transaction = database.snapshot();
        meta = Database.translated(() -> StateMeta.read(database, transaction));
        transaction.abort();
        durableApplied = meta.applied();
    }

    /** Opens and recovers, or creates, the state of a directory. */
    static XodusStateStore open(StorageEnv env) {
        XodusSettings settings = XodusSettings.ofState(env.settings());
        AutoCloseable directoryLock = DirectoryLock.take(env);
        boolean opened = false;
        IoThread opener = new IoThread("quorate-state-open");
        try {
            XodusStateStore store = opener.call(() -> openLocked(env, settings, directoryLock));
            opened = true;
            return store;
        } finally {
            opener.finish();
            if (!opened) DirectoryLock.release(directoryLock);
        }
    }

    private static XodusStateStore openLocked(
            StorageEnv env, XodusSettings settings, AutoCloseable directoryLock) {
        try {
            new Stamp(XodusStorageProvider.NAME, StorageProvider.Part.STATE, 1)
                    .checkOrWrite(env.io(), env.directory());
            AtomicReference<StorageException> failure = new AtomicReference<>();
            Database database =
                    Generations.openCurrent(
                            env.io(),
                            env.directory(),
                            settings,
                            failed -> poison(env, failure, failed));
            return new XodusStateStore(env, settings, directoryLock, failure, database);
        } catch (IOException e) {
            throw StorageException.of("cannot open the state in " + env.directory(), e);
        }
    }

    private static void poison(
            StorageEnv env, AtomicReference<StorageException> failure, StorageException failed) {
        if (failure.compareAndSet(null, failed)) env.report(failed);
    }

    private void requireUsable() {
        if (closed) throw new StorageException.Closed("state store xodus");
        StorageException failed = failure.get();
        if (failed != null) throw failed;
    }

    @Override
    public Applied applied() {
        requireUsable();
        return meta.applied();
    }

    @Override
    public Applied durableApplied() {
        requireUsable();
        return durableApplied;
    }

    @Override
    public CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability durability) {
        requireUsable();
        long begin = System.nanoTime();
        writer.call(() -> commitOnThread(batch, at));
        return switch (durability) {
            case LAZY -> CompletableFuture.completedFuture(null);
            case FORCE -> {
                CompletableFuture<Void> done = new CompletableFuture<>();
                forcer.execute(() -> force(done, begin));
                yield done;
            }
        };
    }

    private Void commitOnThread(WriteBatch batch, Applied at) {
        requireUsable();
        StateMeta before = meta;
        if (at.index() < before.applied().index()) {
            throw new IllegalArgumentException(
                    "commit at index " + at.index() + " after " + before.applied().index());
        }
        Database database = currentDatabase();
        StateMeta[] after = new StateMeta[1];
        database.update(transaction -> {
            StateWriter change = new StateWriter(database, transaction, before);
            change.apply(batch);
            after[0] = change.finish(at);
        });
        published(after[0]);
        // Files that Xodus has emptied go with the next force.
        if (database.hasGarbage() && forcesQueued.get() == 0) {
            forcesQueued.incrementAndGet();
            forcer.execute(() -> {
                forcesQueued.decrementAndGet();
                forceQuietly();
            });
        }
        return null;
    }

    private Database currentDatabase() {
        synchronized (lock) {
            return current.database;
        }
    }

    private void published(StateMeta after) {
        Snapshot old;
        synchronized (lock) {
            meta = after;
            old = shared;
            shared = null;
        }
        if (old != null) old.release();
    }

    private void force(CompletableFuture<Void> done, long begin) {
        try {
            requireUsable();
            forceCurrent();
            env.observe(StorageEnv.Timing.STATE_COMMIT, System.nanoTime() - begin);
            done.complete(null);
        } catch (StorageException e) {
            done.completeExceptionally(e);
        }
    }

    private void forceQuietly() {
        try {
            if (!closed && failure.get() == null) forceCurrent();
        } catch (StorageException.NoSpace e) {
            env.report(e);
        } catch (StorageException e) {
            // It has been reported by whoever poisoned the files.
        }
    }

    private void forceCurrent() {
        Holder held;
        Applied covered;
        synchronized (lock) {
            held = current;
            covered = meta.applied();
        }
        held.database.force();
        synchronized (lock) {
            if (current == held) durableApplied = covered;
        }
    }

    @Override
    public ReadView view() {
        requireUsable();
        synchronized (lock) {
            if (shared == null) shared = snapshot(current);
            if (!shared.tryRetain()) throw new AssertionError("the store's own reference is gone");
            return new XodusView(shared, () -> closed);
        }
    }

    /** Also makes Xodus set up what it otherwise would at the first read, not safe for threads. */
    private Snapshot snapshot(Holder holder) {
        Database database = holder.database;
        Transaction transaction = database.snapshot();
        holder.retain();
        Snapshot snapshot =
                Database.translated(() -> {
                    Applied at = StateMeta.read(database, transaction).applied();
                    database.data().count(transaction);
                    database.values().prepare(transaction);
                    return new Snapshot(database, transaction, at, () -> end(holder, transaction));
                });
        return snapshot;
    }

    private void end(Holder holder, Transaction transaction) {
        if (!closed) transaction.abort();
        holder.release();
    }

    @Override
    public Install beginInstall(Applied at) {
        requireUsable();
        synchronized (lock) {
            if (install != null) {
                throw new IllegalStateException("another install is open; close it first");
            }
            install = new XodusInstall(this, at);
            return install;
        }
    }

    void endInstall() {
        synchronized (lock) {
            install = null;
        }
    }

    /** A new, empty environment that nothing refers to yet. */
    Database createDatabase() {
        requireUsable();
        long generation;
        synchronized (lock) {
            generation = ++lastGeneration;
        }
        try {
            return Database.create(
                    env.io(),
                    env.directory(),
                    generation,
                    settings,
                    failed -> poison(env, failure, failed));
        } catch (IOException e) {
            throw failed("cannot make an environment in " + env.directory(), e);
        }
    }

    private StorageException failed(String doing, IOException e) {
        StorageException failed = StorageException.of(doing, e);
        if (failed instanceof StorageException.Fatal) poison(env, failure, failed);
        return failed;
    }

    /** Makes a filled and forced environment the current one. */
    void replace(Database database, StateMeta after) {
        writer.call(() -> replaceOnThread(database, after));
    }

    private Void replaceOnThread(Database database, StateMeta after) {
        requireUsable();
        try {
            Generations.write(env.io(), env.directory(), database.generation());
        } catch (IOException e) {
            throw failed("cannot make the new state in " + env.directory() + " current", e);
        }
        Holder old;
        synchronized (lock) {
            old = current;
            current = new Holder(database);
            durableApplied = after.applied();
        }
        published(after);
        old.release();
        return null;
    }

    @Override
    public long sizeOnDisk() {
        requireUsable();
        return currentDatabase().sizeOnDisk();
    }

    @Override
    public long sizeInUse() {
        requireUsable();
        return meta.liveBytes();
    }

    /** Copies what is live into a new environment. Commits wait, views do not. */
    @Override
    public void defragment() {
        requireUsable();
        writer.call(this::defragmentOnThread);
        // The old environment is removed there; who defragments looks at the disk next.
        forcer.call(() -> null);
    }

    private Void defragmentOnThread() {
        Holder held;
        synchronized (lock) {
            held = current;
            held.retain(); // not to be removed under the transaction
        }
        try {
            return copyOnThread(held.database);
        } finally {
            held.release();
        }
    }

    private Void copyOnThread(Database from) {
        Transaction transaction = from.snapshot();
        StateFeed feed = new StateFeed(createDatabase());
        boolean done = false;
        try (Cursor cursor = from.data().openCursor(transaction)) {
            while (Database.translated(cursor::getNext)) {
                ByteIterable key = Database.iterable(Database.bytes(cursor.getKey()));
                byte[] value =
                        Database.translated(
                                () -> from.values().decode(transaction, cursor.getValue()));
                feed.put(key, value);
            }
            StateMeta after = feed.finish(meta.applied());
            replaceOnThread(feed.database(), after);
            done = true;
        } finally {
            transaction.abort();
            if (!done) feed.discard();
        }
        return null;
    }

    @Override
    public void verify() {
        requireUsable();
        Holder held;
        synchronized (lock) {
            held = current;
            held.retain();
        }
        try {
            held.database.verify();
        } finally {
            held.release();
        }
    }

    @Override
    public void close() {
        XodusInstall open;
        synchronized (lock) {
            if (closed) return;
            open = install;
        }
        if (open != null) open.close();
        synchronized (lock) {
            if (closed) return;
            closed = true;
        }
        writer.finish();
        try {
            forcer.call(() -> {
                for (Holder holder : holders) holder.database.close();
                return null;
            });
        } finally {
            forcer.finish();
            DirectoryLock.release(directoryLock);
        }
    }
}
