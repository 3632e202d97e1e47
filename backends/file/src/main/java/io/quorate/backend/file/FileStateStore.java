package io.quorate.backend.file;

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
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A log-structured merge tree whose write-ahead log is the Raft log. A commit changes the mem-table
 * only; what a crash takes is replayed by the engine from {@link #durableApplied()} (I2, I4). When
 * the mem-table is large, or a commit asks for FORCE, it is frozen and flushed to a new table file,
 * and a new {@link Manifest} makes table and position durable together.
 *
 * <p>Everything readable is one immutable {@link Version}; a view is a reference to one. Three
 * threads change it: the committer (mem-table), the flusher (frozen to table), the merger (many
 * tables to one). Locks, in the order in which they are taken, none held by readers over I/O:
 *
 * <ul>
 *   <li>{@code commitLock}: who changes or freezes the mem-table;
 *   <li>{@code manifestLock}: who changes the list of tables, held while the manifest is written;
 *   <li>{@code lock}: replaces {@link #version}; never held over I/O.
 * </ul>
 *
 * <p>A full disk leaves the frozen mem-tables in the heap: their FORCE futures fail with NoSpace,
 * and the next flush tries again. Any other failed write or force poisons the store.
 */
final class FileStateStore implements StateStore {
    /** Frozen mem-tables may take this many times the heap of one before commits wait. */
    private static final int FROZEN_MAX = 3;

    private final StorageEnv env;
    private final Path directory;
    private final StateSettings settings;
    private final AutoCloseable directoryLock;
    private final TableFiles files;
    private final IoThread flusher = new IoThread("quorate-state-flush");
    private final IoThread merger = new IoThread("quorate-state-merge");

    private final ReentrantLock commitLock = new ReentrantLock();
    private final ReentrantLock manifestLock = new ReentrantLock();
    private final Object lock = new Object();

    private volatile Version version;
    private volatile StorageException failure;
    private volatile boolean closed;

    // Guarded by manifestLock for writing.
    private volatile Applied durableApplied;
    private long[] durableLive;

    // Guarded by lock.
    private final ArrayDeque<Force> forces = new ArrayDeque<>();
    private long sequence;
    private long epoch; // counts installs: what was begun before one is void after it
    private StorageException.NoSpace flushFailure;
    private boolean flushing;
    private boolean merging;
    private FileInstall install;

    /** Somebody who waits for a frozen mem-table to be durable. */
    private record Force(long sequence, CompletableFuture<Void> future, long begin) {}

    private FileStateStore(
            StorageEnv env,
            StateSettings settings,
            AutoCloseable directoryLock,
            TableFiles files,
            Manifest manifest,
            List<Table> tables) {
        this.env = env;
        this.directory = env.directory();
        this.settings = settings;
        this.directoryLock = directoryLock;
        this.files = files;
        durableApplied = manifest.applied();
        durableLive = manifest.liveBytes();
        version =
                version(
                        manifest.applied(),
                        manifest.liveBytes(),
                        MemTable.EMPTY,
                        new Slab(),
                        List.of(),
                        tables);
    }

    private Version version(
            Applied applied,
            long[] live,
            MemTable mem,
            Slab slab,
            List<Version.Frozen> frozen,
            List<Table> tables) {
        return Version.of(applied, live, mem, slab, frozen, tables, this::dispose);
    }

    /** Opens and recovers, or creates, the state of a directory. */
    static FileStateStore open(StorageEnv env) {
        StateSettings settings = StateSettings.of(env.settings());
        AutoCloseable directoryLock = DirectoryLock.take(env);
        boolean opened = false;
        IoThread opener = new IoThread("quorate-state-open");
        try {
            FileStateStore store = opener.call(() -> openLocked(env, settings, directoryLock));
            opened = true;
            store.mergeIfUseful();
            return store;
        } finally {
            opener.finish();
            if (!opened) DirectoryLock.release(directoryLock);
        }
    }

    private static FileStateStore openLocked(
            StorageEnv env, StateSettings settings, AutoCloseable directoryLock) {
        FileIo io = env.io();
        Path directory = env.directory();
        try {
            new Stamp(FileStorageProvider.NAME, StorageProvider.Part.STATE, 1)
                    .checkOrWrite(io, directory);
            DirectoryLock.deleteDrafts(io, directory);
            Manifest manifest = readOrCreate(io, directory);
            deleteLeftovers(io, directory, manifest);
            TableFiles files =
                    new TableFiles(
                            io,
                            directory,
                            settings.blockBytes(),
                            new BlockCache(settings.cacheBytes()),
                            manifest.nextTableId());
            List<Table> tables = files.openAll(manifest.tables());
            return new FileStateStore(env, settings, directoryLock, files, manifest, tables);
        } catch (IOException e) {
            throw StorageException.of("cannot open the state in " + directory, e);
        }
    }

    private static Manifest readOrCreate(FileIo io, Path directory) throws IOException {
        if (io.exists(Manifest.path(directory))) return Manifest.read(io, directory);
        for (Path path : io.list(directory)) {
            if (Table.idOf(path) != 0) {
                throw new StorageException.Corruption(
                        directory + " has tables but no MANIFEST; restore it from a backup", null);
            }
        }
        Manifest manifest = Manifest.empty();
        manifest.write(io, directory);
        return manifest;
    }

    /** Tables that a crash left before, or after, a manifest named them. */
    private static void deleteLeftovers(FileIo io, Path directory, Manifest manifest)
            throws IOException {
        Set<Long> live = new HashSet<>();
        for (Manifest.TableRef table : manifest.tables()) live.add(table.id());
        for (Path path : io.list(directory)) {
            long id = Table.idOf(path);
            if (id != 0 && !live.contains(id)) io.delete(path);
        }
    }

    @Override
    public Applied applied() {
        return usable().applied();
    }

    @Override
    public Applied durableApplied() {
        usable();
        return durableApplied;
    }

    @Override
    public CompletableFuture<Void> commit(WriteBatch batch, Applied at, Durability durability) {
        awaitRoom();
        commitLock.lock();
        try {
            Version old = hold();
            try {
                if (at.index() < old.applied().index()) {
                    throw new IllegalArgumentException(
                            "commit at index " + at.index() + " after " + old.applied().index());
                }
                Change change = new Change(old);
                change.apply(batch);
                return publish(at, change, durability);
            } finally {
                old.set().release();
            }
        } finally {
            commitLock.unlock();
        }
    }

    private CompletableFuture<Void> publish(Applied at, Change change, Durability durability) {
        MemTable mem = change.mem.done();
        boolean force = durability == Durability.FORCE;
        CompletableFuture<Void> done = CompletableFuture.completedFuture(null);
        LiveSet replaced;
        synchronized (lock) {
            Version old = usable();
            version = new Version(at, change.live, mem, old.slab(), old.frozen(), old.set());
            if (!force && version.memoryBytes() < settings.memBytes()) return done;
            replaced = freeze();
            if (force) {
                done = new CompletableFuture<>();
                forces.add(new Force(sequence, done, System.nanoTime()));
            }
        }
        replaced.release();
        return done;
    }

    /**
     * Hands the mem-table to the flusher, also an empty one: it carries the position. Returns what
     * the caller releases without the lock.
     */
    private LiveSet freeze() {
        Version old = version;
        List<Version.Frozen> frozen = new ArrayList<>(old.frozen().size() + 1);
        sequence++;
        frozen.add(
                new Version.Frozen(
                        sequence, old.mem(), old.slab(), old.applied(), old.liveBytes()));
        frozen.addAll(old.frozen());
        version =
                version(
                        old.applied(),
                        old.liveBytes(),
                        MemTable.EMPTY,
                        new Slab(),
                        frozen,
                        old.set().tables());
        scheduleFlush();
        return old.set();
    }

    private void scheduleFlush() {
        if (flushing) return;
        flushing = true;
        flusher.execute(this::flush);
    }

    /** Holds a committer back while the flusher is far behind; refuses it on a full disk. */
    private void awaitRoom() {
        boolean interrupted = false;
        synchronized (lock) {
            boolean retried = false;
            while (usable().frozenMemoryBytes() > FROZEN_MAX * settings.memBytes()) {
                if (!flushing) {
                    if (retried && flushFailure != null) throw again(flushFailure);
                    retried = true;
                    scheduleFlush();
                }
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /** The flusher's failure with the trace of the caller who gets it. */
    private static StorageException.NoSpace again(StorageException.NoSpace failure) {
        return new StorageException.NoSpace(failure.getMessage(), failure);
    }

    /** One batch on its way into the mem-table, with the count of live bytes. */
    private static final class Change {
        private final Version below;
        private final MemTable.Editor mem;
        private final long[] live;

        Change(Version below) {
            this.below = below;
            mem = new MemTable.Editor(below.mem(), below.slab());
            live = below.liveBytes().clone();
        }

        void apply(WriteBatch batch) {
            for (WriteBatch.Op op : batch.ops()) {
                switch (op) {
                    case WriteBatch.Put(var keyspace, var key, var value) ->
                            put(keyspace, key, value);
                    case WriteBatch.Delete(var keyspace, var key) -> delete(keyspace, key);
                    case WriteBatch.Clear(var keyspace) -> {
                        mem.clear(keyspace);
                        live[keyspace.id()] = 0;
                    }
                }
            }
        }

        private void put(Keyspace keyspace, byte[] key, byte[] value) {
            // A given array of length 0 must not be taken for the tombstone.
            byte[] own = value == MemTable.TOMBSTONE ? new byte[0] : value;
            int old = valueLength(keyspace, key);
            int id = keyspace.id();
            live[id] += old < 0 ? entryBytes(key, own.length) : own.length - old;
            mem.put(keyspace, key, own);
        }

        private void delete(Keyspace keyspace, byte[] key) {
            MemValue known = mem.get(keyspace, key);
            if (known == MemValue.TOMBSTONE) return;
            int below = mem.isCleared(keyspace) ? -1 : valueLengthBelow(keyspace, key);
            int old = known == null ? below : known.length();
            if (old < 0) return;
            live[keyspace.id()] -= entryBytes(key, old);
            if (below >= 0) mem.delete(keyspace, key);
            else mem.forget(keyspace, key);
        }

        private static long entryBytes(byte[] key, int valueLength) {
            return (long) key.length + valueLength + Block.ENTRY_OVERHEAD_BYTES;
        }

        /** Length of the present value, -1 when there is none. */
        private int valueLength(Keyspace keyspace, byte[] key) {
            MemValue known = mem.get(keyspace, key);
            if (known != null) return length(known);
            return mem.isCleared(keyspace) ? -1 : valueLengthBelow(keyspace, key);
        }

        private int valueLengthBelow(Keyspace keyspace, byte[] key) {
            for (Version.Frozen one : below.frozen()) {
                MemValue known = one.mem().tree(keyspace.id()).get(key);
                if (known != null) return length(known);
                if (one.mem().isCleared(keyspace.id())) return -1;
            }
            Table.Hit hit = below.findInTables(keyspace.id(), key);
            return hit == null ? -1 : hit.block().valueLength(hit.entry());
        }

        private static int length(MemValue value) {
            return value == MemValue.TOMBSTONE ? -1 : value.length();
        }
    }

    @Override
    public ReadView view() {
        return new FileView(hold());
    }

    /** The present version with a reference on its set, which the caller releases. */
    private Version hold() {
        while (true) {
            Version current = usable();
            if (current.set().tryRetain()) return current;
            // Replaced between the two steps: the next version has live tables.
        }
    }

    // ---- flush ----

    private void flush() {
        Version begun;
        long begunEpoch;
        synchronized (lock) {
            begun = version;
            begunEpoch = epoch;
            boolean useless = begun.frozen().isEmpty() || failure != null || closed;
            if (useless || !begun.set().tryRetain()) {
                endFlush(null);
                return;
            }
        }
        try {
            List<Force> done = flush(begun, begunEpoch);
            endFlush(null);
            for (Force force : done) {
                env.observe(StorageEnv.Timing.STATE_COMMIT, System.nanoTime() - force.begin);
                force.future.complete(null);
            }
            mergeIfUseful();
        } catch (StorageException.NoSpace e) {
            List<Force> failed = endFlush(e);
            for (Force force : failed) force.future.completeExceptionally(e);
            env.report(e);
        } catch (StorageException.Closed e) {
            endFlush(null); // close() waits for the end of this
        } catch (StorageException e) {
            poison(e);
        } catch (RuntimeException | Error e) {
            poison(new StorageException.Fatal("the state flusher failed: " + e, e));
        }
    }

    private List<Force> flush(Version held, long begunEpoch) {
        try {
            return commitFlush(held.frozen(), writeTable(held.frozen()), begunEpoch);
        } catch (IOException e) {
            throw StorageException.of("cannot write the state in " + directory, e);
        } finally {
            held.set().release();
        }
    }

    /** All frozen mem-tables as one table, or null when they hold nothing. */
    private Table writeTable(List<Version.Frozen> batch) throws IOException {
        List<TableMerge.Layer> layers = new ArrayList<>();
        for (Version.Frozen one : batch) layers.add(TableMerge.Layer.of(one.mem()));
        return files.write(writer -> TableMerge.write(layers, false, writer, () -> closed));
    }

    private List<Force> commitFlush(List<Version.Frozen> batch, Table tableOrNull, long begunEpoch)
            throws IOException {
        Version.Frozen newest = batch.getFirst();
        manifestLock.lock();
        try {
            synchronized (lock) {
                if (epoch != begunEpoch) {
                    files.discard(tableOrNull);
                    return List.of();
                }
            }
            List<Table> tables = new ArrayList<>(version.set().tables());
            if (tableOrNull != null) tables.addFirst(tableOrNull);
            writeManifest(newest.applied(), newest.liveBytes(), tables, tableOrNull);
            return installFlushed(newest.sequence(), tables);
        } finally {
            manifestLock.unlock();
        }
    }

    /** Makes the list of tables durable; the new one is discarded when that found no space. */
    private void writeManifest(Applied applied, long[] live, List<Table> tables, Table newOrNull)
            throws IOException {
        try {
            files.writeManifest(applied, live, tables);
        } catch (FileIo.OutOfSpace e) {
            files.discard(newOrNull);
            throw e;
        }
        durableApplied = applied;
        durableLive = live;
    }

    private List<Force> installFlushed(long flushed, List<Table> tables) {
        LiveSet replaced;
        List<Force> done = new ArrayList<>();
        synchronized (lock) {
            Version old = version;
            List<Version.Frozen> frozen = new ArrayList<>();
            for (Version.Frozen one : old.frozen()) if (one.sequence() > flushed) frozen.add(one);
            replaced = old.set();
            version =
                    version(old.applied(), old.liveBytes(), old.mem(), old.slab(), frozen, tables);
            while (!forces.isEmpty() && forces.peek().sequence <= flushed) done.add(forces.poll());
        }
        replaced.release();
        return done;
    }

    /** Wakes who waits for the flusher; on a full disk returns those who waited for durability. */
    private List<Force> endFlush(StorageException.NoSpace noSpaceOrNull) {
        List<Force> failed = new ArrayList<>();
        synchronized (lock) {
            flushing = false;
            flushFailure = noSpaceOrNull;
            if (noSpaceOrNull != null) {
                failed.addAll(forces);
                forces.clear();
            } else if (!version.frozen().isEmpty() && failure == null && !closed) {
                scheduleFlush();
            }
            lock.notifyAll();
        }
        return failed;
    }

    // ---- merge ----

    private void mergeIfUseful() {
        synchronized (lock) {
            if (merging || closed || failure != null) return;
            if (TableMerge.choose(version, settings.tablesMax()) == null) return;
            merging = true;
        }
        merger.execute(this::mergeUntilSettled);
    }

    private void mergeUntilSettled() {
        try {
            while (mergeOnce(false)) continue;
        } catch (StorageException.NoSpace e) {
            env.report(e);
        } catch (StorageException.Closed e) {
            return; // close() waits for the end of this
        } catch (StorageException e) {
            poison(e);
        } catch (RuntimeException | Error e) {
            poison(new StorageException.Fatal("the state merger failed: " + e, e));
        } finally {
            synchronized (lock) {
                merging = false;
            }
        }
    }

    /** Merges what is worth it, or everything; false when there was nothing to do. */
    private boolean mergeOnce(boolean everything) {
        Version base = usableForMerge();
        if (base == null) return false;
        try {
            List<Table> all = base.set().tables();
            List<Table> chosen = everything ? all : TableMerge.choose(base, settings.tablesMax());
            if (chosen == null || chosen.isEmpty()) return false;
            boolean oldest = chosen.getLast() == all.getLast();
            if (chosen.size() == 1 && !(oldest && TableMerge.hasWaste(chosen.getFirst()))) {
                return false;
            }
            List<TableMerge.Layer> layers = new ArrayList<>();
            for (Table table : chosen) layers.add(TableMerge.Layer.of(table));
            Table merged =
                    files.write(writer -> TableMerge.write(layers, oldest, writer, () -> closed));
            return commitMerge(chosen, merged);
        } catch (IOException e) {
            throw StorageException.of("cannot merge the state in " + directory, e);
        } finally {
            base.set().release();
        }
    }

    private Version usableForMerge() {
        while (failure == null && !closed) {
            Version current = version;
            if (current.set().tryRetain()) return current;
        }
        return null;
    }

    private boolean commitMerge(List<Table> chosen, Table mergedOrNull) throws IOException {
        LiveSet replaced;
        manifestLock.lock();
        try {
            List<Table> now = version.set().tables();
            int at = now.indexOf(chosen.getFirst());
            if (at < 0 || closed) {
                // An install, or the end, came in between.
                files.discard(mergedOrNull);
                return false;
            }
            List<Table> tables = new ArrayList<>(now);
            tables.subList(at, at + chosen.size()).clear();
            if (mergedOrNull != null) tables.add(at, mergedOrNull);
            writeManifest(durableApplied, durableLive, tables, mergedOrNull);
            for (Table table : chosen) table.markObsolete();
            synchronized (lock) {
                Version old = version;
                replaced = old.set();
                version =
                        version(
                                old.applied(),
                                old.liveBytes(),
                                old.mem(),
                                old.slab(),
                                old.frozen(),
                                tables);
            }
        } finally {
            manifestLock.unlock();
        }
        replaced.release();
        return true;
    }

    // ---- install ----

    @Override
    public Install beginInstall(Applied at) {
        synchronized (lock) {
            usable();
            if (install != null) {
                throw new IllegalStateException("another install is open; close it first");
            }
            install = new FileInstall(this, files, at);
            return install;
        }
    }

    void endInstall() {
        synchronized (lock) {
            install = null;
        }
    }

    /** Runs on the install's own thread: the manifest is the moment of the switch. */
    void commitInstall(Applied at, long[] live, Table tableOrNull) throws IOException {
        LiveSet replaced;
        List<Force> superseded;
        commitLock.lock();
        try {
            manifestLock.lock();
            try {
                usable();
                List<Table> tables = tableOrNull == null ? List.of() : List.of(tableOrNull);
                writeManifest(at, live, tables, tableOrNull);
                for (Table table : version.set().tables()) table.markObsolete();
                synchronized (lock) {
                    replaced = version.set();
                    epoch++;
                    version = version(at, live, MemTable.EMPTY, new Slab(), List.of(), tables);
                    superseded = new ArrayList<>(forces);
                    forces.clear();
                }
            } finally {
                manifestLock.unlock();
            }
        } finally {
            commitLock.unlock();
        }
        replaced.release();
        for (Force force : superseded) force.future.complete(null);
    }

    // ---- the rest ----

    /** Bytes of the table files, and what the mem-tables will add to them. */
    @Override
    public long sizeOnDisk() {
        Version current = usable();
        return current.tableBytes() + current.memFileBytes();
    }

    @Override
    public long sizeInUse() {
        return usable().liveSum();
    }

    @Override
    public void defragment() {
        CompletableFuture<Void> flushed = new CompletableFuture<>();
        LiveSet replaced;
        commitLock.lock();
        try {
            synchronized (lock) {
                usable();
                replaced = freeze();
                forces.add(new Force(sequence, flushed, System.nanoTime()));
            }
        } finally {
            commitLock.unlock();
        }
        replaced.release();
        IoThread.await(flushed);
        try {
            merger.call(() -> mergeOnce(true));
            // Files that nobody reads are deleted there; who defragments looks at the disk next.
            flusher.call(() -> null);
        } catch (RejectedExecutionException e) {
            throw new StorageException.Closed("state store " + directory);
        } catch (StorageException.NoSpace | StorageException.Closed e) {
            throw e;
        } catch (StorageException e) {
            throw poison(e);
        }
    }

    @Override
    public void verify() {
        Version current = hold();
        try {
            Manifest.read(env.io(), directory);
            for (Table table : current.set().tables()) table.verify();
        } catch (IOException e) {
            throw poison(StorageException.of("cannot read the state in " + directory, e));
        } finally {
            current.set().release();
        }
    }

    @Override
    public void close() {
        FileInstall open;
        synchronized (lock) {
            if (closed) return;
            closed = true;
            open = install;
            lock.notifyAll();
        }
        if (open != null) open.close();
        merger.finish();
        flusher.finish();
        List<Force> left;
        synchronized (lock) {
            left = new ArrayList<>(forces);
            forces.clear();
        }
        StorageException closedError = new StorageException.Closed("state store " + directory);
        for (Force force : left) force.future.completeExceptionally(closedError);
        version.set().release();
        DirectoryLock.release(directoryLock);
    }

    private Version usable() {
        if (closed) throw new StorageException.Closed("state store " + directory);
        StorageException broken = failure;
        if (broken != null) throw broken;
        return version;
    }

    /** Nobody holds the table any more: closes it and, when no manifest names it, deletes it. */
    private void dispose(Table table) {
        try {
            if (!closed) {
                flusher.execute(() -> files.dispose(table, env::report));
                return;
            }
        } catch (RejectedExecutionException e) {
            // The store was closed in this moment: what is left over is deleted at the next open.
        }
        files.closeOnly(table, env::report);
    }

    StorageException poison(StorageException cause) {
        List<Force> failed;
        synchronized (lock) {
            if (failure != null) return failure;
            failure = cause;
            failed = new ArrayList<>(forces);
            forces.clear();
            flushing = false;
            lock.notifyAll();
        }
        for (Force force : failed) force.future.completeExceptionally(cause);
        env.report(cause);
        return cause;
    }
}
