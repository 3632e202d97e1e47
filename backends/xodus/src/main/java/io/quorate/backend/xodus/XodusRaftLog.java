package io.quorate.backend.xodus;

import io.quorate.spi.storage.DirectoryLock;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.IoThread;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.Stamp;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;

import jetbrains.exodus.env.Transaction;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The log in an environment of Xodus. An append changes the image in the heap at once; one thread
 * takes all units that wait, writes them in one transaction, forces it with its mark, and completes
 * their futures. What is not yet in Xodus is read from the heap.
 *
 * <p>When the disk is full, the image goes back to the last force and all that waited fails. If it
 * is the mark that found no space, the environment is opened again as of the mark before, since
 * Xodus cannot take a transaction back.
 */
final class XodusRaftLog implements RaftLog {
    /** Payload that goes into one transaction, which lives in the heap. */
    private static final long GROUP_BYTES = 32L << 20;

    private final StorageEnv env;
    private final XodusSettings settings;
    private final AutoCloseable directoryLock;
    private final AtomicReference<StorageException> failure;
    private final IoThread writer = new IoThread("quorate-log-write");

    /** Held for reading by who reads the environment, for writing by who opens it again. */
    private final ReentrantReadWriteLock environmentLock = new ReentrantReadWriteLock();

    private volatile Database database;

    // Guarded by lock, which is never held over I/O.
    private final Object lock = new Object();
    private final ArrayDeque<Unit> queue = new ArrayDeque<>();
    private final TreeMap<Long, LogEntry> pending = new TreeMap<>(); // not in Xodus yet
    private LogImage image; // with everything that was appended
    private LogImage durable; // with what is acknowledged
    private long durableIndex;
    private boolean scheduled;
    private boolean closed;

    // Of the writer thread: the entries that are in Xodus.
    private long storedFirst;
    private long storedLast;

    /** Something to be written as a whole. {@code after} is the image with it. */
    private record Unit(Change change, LogImage after, CompletableFuture<Void> future) {}

    private sealed interface Change {}

    private record Append(List<LogEntry> entries, HardState stateOrNull) implements Change {}

    private record Reset() implements Change {}

    private record Initialize() implements Change {}

    private XodusRaftLog(
            StorageEnv env,
            XodusSettings settings,
            AutoCloseable directoryLock,
            AtomicReference<StorageException> failure,
            Database database) {
        this.env = env;
        this.settings = settings;
        this.directoryLock = directoryLock;
        this.failure = failure;
        this.database = database;
        loadImage();
    }

    /** Opens and recovers, or creates, the log of a directory. */
    static XodusRaftLog open(StorageEnv env) {
        XodusSettings settings = XodusSettings.ofLog(env.settings());
        AutoCloseable directoryLock = DirectoryLock.take(env);
        boolean opened = false;
        IoThread opener = new IoThread("quorate-log-open");
        try {
            XodusRaftLog log = opener.call(() -> openLocked(env, settings, directoryLock));
            opened = true;
            return log;
        } finally {
            opener.finish();
            if (!opened) DirectoryLock.release(directoryLock);
        }
    }

    private static XodusRaftLog openLocked(
            StorageEnv env, XodusSettings settings, AutoCloseable directoryLock) {
        AtomicReference<StorageException> failure = new AtomicReference<>();
        try {
            new Stamp(XodusStorageProvider.NAME, StorageProvider.Part.LOG, 1)
                    .checkOrWrite(env.io(), env.directory());
            Database database = openDatabase(env, settings, failure);
            return new XodusRaftLog(env, settings, directoryLock, failure, database);
        } catch (IOException e) {
            throw StorageException.of("cannot open the log in " + env.directory(), e);
        }
    }

    private static Database openDatabase(
            StorageEnv env, XodusSettings settings, AtomicReference<StorageException> failure)
            throws IOException {
        return Generations.openCurrent(
                env.io(),
                env.directory(),
                settings,
                failed -> {
                    if (failure.compareAndSet(null, failed)) env.report(failed);
                });
    }

    private void loadImage() {
        Database opened = database;
        Transaction transaction = opened.snapshot();
        try {
            durable = Database.translated(() -> LogRows.load(opened, transaction));
        } finally {
            transaction.abort();
        }
        image = durable;
        durableIndex = durable.last();
        storedFirst = durable.base() + 1;
        storedLast = durable.last();
    }

    /** Called under lock. */
    private LogImage usable() {
        if (closed) throw new StorageException.Closed("raft log xodus");
        StorageException failed = failure.get();
        if (failed != null) throw failed;
        return image;
    }

    @Override
    public Identity identity() {
        synchronized (lock) {
            return usable().identity();
        }
    }

    @Override
    public long baseIndex() {
        synchronized (lock) {
            return usable().base();
        }
    }

    @Override
    public long baseTerm() {
        synchronized (lock) {
            return usable().baseTerm();
        }
    }

    @Override
    public long lastIndex() {
        synchronized (lock) {
            return usable().last();
        }
    }

    @Override
    public long durableIndex() {
        synchronized (lock) {
            usable();
            return durableIndex;
        }
    }

    @Override
    public HardState hardState() {
        synchronized (lock) {
            return usable().hardState();
        }
    }

    @Override
    public long term(long index) {
        synchronized (lock) {
            LogImage now = usable();
            if (index != now.base()) requireHeld(now, index);
            return now.term(index);
        }
    }

    private static void requireHeld(LogImage image, long index) {
        if (index > image.base() && index <= image.last()) return;
        throw new IllegalArgumentException(
                "entry "
                        + index
                        + " is not held; the log holds ("
                        + image.base()
                        + ", "
                        + image.last()
                        + "]");
    }

    @Override
    public void initialize(Identity given) {
        CompletableFuture<Void> done;
        synchronized (lock) {
            LogImage now = usable();
            if (now.identity() != null && !now.identity().equals(given)) {
                throw new IllegalArgumentException("the log belongs to " + now.identity());
            }
            done = enqueue(new Initialize(), now.initialize(given));
        }
        IoThread.await(done);
    }

    @Override
    public CompletableFuture<Void> append(List<LogEntry> entries, HardState stateOrNull) {
        synchronized (lock) {
            LogImage now = usable();
            if (!entries.isEmpty()) {
                requireContiguous(now, entries);
                long first = entries.getFirst().index();
                pending.tailMap(first, true).clear();
                for (LogEntry entry : entries) pending.put(entry.index(), entry);
                durableIndex = Math.min(durableIndex, first - 1);
            }
            return enqueue(
                    new Append(List.copyOf(entries), stateOrNull),
                    now.append(entries, stateOrNull));
        }
    }

    private static void requireContiguous(LogImage image, List<LogEntry> entries) {
        long first = entries.getFirst().index();
        if (first > image.last() + 1) {
            throw new IllegalArgumentException(
                    "entry " + first + " leaves a gap after " + image.last());
        }
        long committed = Math.min(image.hardState().commit(), image.last());
        if (first <= Math.max(image.base(), committed)) {
            throw new IllegalArgumentException(
                    "entry " + first + " would replace a committed entry");
        }
        for (LogEntry entry : entries) {
            if (entry.index() != first++) {
                throw new IllegalArgumentException(
                        "entry " + entry.index() + " where " + (first - 1) + " was due");
            }
        }
    }

    @Override
    public void reset(long index, long term) {
        CompletableFuture<Void> done;
        synchronized (lock) {
            LogImage now = usable();
            pending.clear();
            durableIndex = Math.min(durableIndex, index);
            done = enqueue(new Reset(), now.reset(index, term));
        }
        IoThread.await(done);
    }

    /** Called under lock. */
    private CompletableFuture<Void> enqueue(Change change, LogImage after) {
        image = after;
        CompletableFuture<Void> future = new CompletableFuture<>();
        queue.add(new Unit(change, after, future));
        schedule();
        return future;
    }

    private void schedule() {
        if (scheduled) return;
        scheduled = true;
        writer.execute(this::drain);
    }

    @Override
    public void compact(long index) {
        synchronized (lock) {
            LogImage now = usable();
            if (index <= now.base()) return;
            if (index > durableIndex) {
                throw new IllegalArgumentException(
                        "entry " + index + " is not durable; " + durableIndex + " is");
            }
            image = now.compact(index, now.term(index));
            schedule();
        }
    }

    // ---- the writer thread ----

    private void drain() {
        while (true) {
            List<Unit> group = takeGroup();
            if (group.isEmpty()) {
                deleteCompacted();
                synchronized (lock) {
                    if (!queue.isEmpty()) continue;
                    scheduled = false;
                    return;
                }
            }
            try {
                write(group);
            } catch (StorageException e) {
                takeBack(group, e);
                continue;
            } catch (RuntimeException | Error e) {
                fail(group, e);
                continue;
            }
            acknowledge(group);
        }
    }

    private List<Unit> takeGroup() {
        List<Unit> group = new ArrayList<>();
        long bytes = 0;
        synchronized (lock) {
            while (!queue.isEmpty() && bytes < GROUP_BYTES) {
                Unit unit = queue.remove();
                group.add(unit);
                if (unit.change instanceof Append append) {
                    for (LogEntry entry : append.entries) bytes += entry.data().length;
                }
            }
        }
        return group;
    }

    private void write(List<Unit> group) {
        StorageException failed = failure.get();
        if (failed != null) throw failed;
        long begin = System.nanoTime();
        Database target = database;
        long first = storedFirst;
        long last = storedLast;
        boolean written = false;
        try {
            target.update(transaction -> {
                for (Unit unit : group) apply(target, transaction, unit);
            });
            written = true;
        } finally {
            if (!written) {
                storedFirst = first;
                storedLast = last;
            }
        }
        long end = System.nanoTime();
        env.observe(StorageEnv.Timing.LOG_WRITE, end - begin);
        try {
            target.force();
        } catch (StorageException.NoSpace e) {
            openAgain();
            throw e;
        }
        env.observe(StorageEnv.Timing.LOG_FSYNC, System.nanoTime() - end);
    }

    private void apply(Database target, Transaction transaction, Unit unit) {
        switch (unit.change) {
            case Append(var entries, var stateOrNull) -> {
                if (!entries.isEmpty()) put(target, transaction, entries);
                if (stateOrNull != null) LogRows.putHardState(target, transaction, stateOrNull);
            }
            case Reset() -> {
                LogRows.delete(target, transaction, storedFirst, storedLast);
                LogImage after = unit.after;
                LogRows.putBase(target, transaction, after.base(), after.baseTerm());
                LogRows.putHardState(target, transaction, after.hardState());
                storedFirst = after.base() + 1;
                storedLast = after.base();
            }
            case Initialize() -> LogRows.putIdentity(target, transaction, unit.after.identity());
        }
    }

    private void put(Database target, Transaction transaction, List<LogEntry> entries) {
        long first = entries.getFirst().index();
        if (first <= storedLast) LogRows.delete(target, transaction, first, storedLast);
        for (LogEntry entry : entries) LogRows.put(target, transaction, entry);
        storedLast = entries.getLast().index();
    }

    private void acknowledge(List<Unit> group) {
        synchronized (lock) {
            durable = group.getLast().after.compact(image.base(), image.baseTerm());
            for (Unit unit : group) {
                if (!(unit.change instanceof Append append)) continue;
                // Not one that a later append has replaced meanwhile.
                for (LogEntry entry : append.entries) pending.remove(entry.index(), entry);
            }
            long replacedFrom = pending.isEmpty() ? Long.MAX_VALUE : pending.firstKey();
            durableIndex = Math.min(durable.last(), Math.min(replacedFrom - 1, image.last()));
        }
        for (Unit unit : group) unit.future.complete(null);
    }

    /** Nothing of the group, nor of what waits behind it, is there any more. */
    private void takeBack(List<Unit> group, StorageException reason) {
        List<Unit> lost = new ArrayList<>(group);
        synchronized (lock) {
            lost.addAll(queue);
            queue.clear();
            pending.clear();
            image = durable.compact(image.base(), image.baseTerm());
            durableIndex = image.last();
        }
        for (Unit unit : lost) unit.future.completeExceptionally(reason);
    }

    private void fail(List<Unit> group, Throwable e) {
        StorageException.Fatal fatal =
                new StorageException.Fatal("the log's writer failed: " + e, e);
        if (failure.compareAndSet(null, fatal)) env.report(fatal);
        takeBack(group, fatal);
    }

    /** Goes back to the last mark. */
    private void openAgain() {
        environmentLock.writeLock().lock();
        try {
            database.close();
            database = openDatabase(env, settings, failure);
            Database opened = database;
            Transaction transaction = opened.snapshot();
            LogImage found = Database.translated(() -> LogRows.load(opened, transaction));
            transaction.abort();
            storedFirst = found.base() + 1;
            storedLast = found.last();
        } catch (IOException e) {
            throw new StorageException.Fatal("cannot open the log again after a full disk", e);
        } finally {
            environmentLock.writeLock().unlock();
        }
    }

    /** Removes the rows below the base, lazily: the next force makes it durable. */
    private void deleteCompacted() {
        LogImage now;
        synchronized (lock) {
            now = image;
        }
        if (storedFirst > now.base() || failure.get() != null) return;
        Database target = database;
        try {
            target.update(transaction -> {
                LogRows.delete(target, transaction, storedFirst, now.base());
                LogRows.putBase(target, transaction, now.base(), now.baseTerm());
            });
            storedFirst = now.base() + 1;
        } catch (StorageException.NoSpace e) {
            env.report(e); // tried again after the next group
        } catch (StorageException e) {
            // Poisoned, and reported; the next call tells its caller.
        }
    }

    // ---- reading ----

    @Override
    public List<LogEntry> read(long from, long toExclusive, long maxBytes) {
        environmentLock.readLock().lock();
        try {
            return readHeld(from, toExclusive, maxBytes);
        } finally {
            environmentLock.readLock().unlock();
        }
    }

    private List<LogEntry> readHeld(long from, long toExclusive, long maxBytes) {
        Database source;
        Transaction transaction;
        List<LogEntry> fresh = new ArrayList<>(); // the end of the range, perhaps all of it
        synchronized (lock) {
            LogImage now = usable();
            if (from >= toExclusive) return List.of();
            requireHeld(now, from);
            requireHeld(now, toExclusive - 1);
            fresh.addAll(pending.subMap(from, toExclusive).values());
            if (fresh.size() == toExclusive - from) return limited(List.of(), fresh, maxBytes);
            source = database;
            transaction = source.snapshot();
        }
        try {
            long stored = toExclusive - fresh.size();
            List<LogEntry> old =
                    Database.translated(
                            () -> LogRows.read(source, transaction, from, stored, maxBytes));
            return old.size() < stored - from ? old : limited(old, fresh, maxBytes);
        } finally {
            transaction.abort();
        }
    }

    private static List<LogEntry> limited(
            List<LogEntry> first, List<LogEntry> second, long maxBytes) {
        List<LogEntry> all = new ArrayList<>(first);
        long taken = 0;
        for (LogEntry entry : first) taken += entry.data().length;
        for (LogEntry entry : second) {
            taken += entry.data().length;
            if (taken > maxBytes && !all.isEmpty()) break;
            all.add(entry);
        }
        return all;
    }

    @Override
    public long sizeOnDisk() {
        synchronized (lock) {
            usable();
        }
        return database.sizeOnDisk();
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) return;
            closed = true;
        }
        writer.finish();
        environmentLock.writeLock().lock();
        try {
            database.close();
        } finally {
            environmentLock.writeLock().unlock();
            DirectoryLock.release(directoryLock);
        }
    }
}
