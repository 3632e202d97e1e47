package io.quorate.backend.xodus;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import jetbrains.exodus.ArrayByteIterable;
import jetbrains.exodus.ByteIterable;
import jetbrains.exodus.env.EnvironmentConfig;
import jetbrains.exodus.env.EnvironmentImpl;
import jetbrains.exodus.env.Environments;
import jetbrains.exodus.env.Store;
import jetbrains.exodus.env.StoreConfig;
import jetbrains.exodus.env.Transaction;
import jetbrains.exodus.io.DataReaderWriterProvider;
import jetbrains.exodus.log.LogConfig;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One Xodus environment on {@link CheckedFiles}, with three stores: {@code data}, {@code blobs} for
 * the pieces of long values, and {@code meta}. Whatever Xodus throws leaves here as a {@link
 * StorageException}.
 *
 * <p>A generation numbers the environments of a directory: an install or a defragmentation fills
 * the next one. Safe for several threads, except that one at a time writes.
 */
final class Database implements AutoCloseable {
    private final FileIo io;
    private final Path directory;
    private final long generation;
    private final CheckedFiles files;
    private final EnvironmentImpl environment;
    private final Store data;
    private final Store meta;
    private final LongValues values;

    private Database(
            FileIo io,
            Path directory,
            long generation,
            XodusSettings settings,
            CheckedFiles files,
            EnvironmentImpl environment) {
        this.io = io;
        this.directory = directory;
        this.generation = generation;
        this.files = files;
        this.environment = environment;
        Store[] stores = new Store[3];
        update(transaction -> {
            stores[0] = store("data", transaction);
            stores[1] = store("blobs", transaction);
            stores[2] = store("meta", transaction);
        });
        data = stores[0];
        values = new LongValues(stores[1], settings.chunkBytes());
        meta = stores[2];
    }

    private Store store(String name, Transaction transaction) {
        return environment.openStore(name, StoreConfig.WITHOUT_DUPLICATES, transaction);
    }

    /** Makes an empty environment, durable on return. */
    static Database create(
            FileIo io,
            Path directory,
            long generation,
            XodusSettings settings,
            Consumer<StorageException> poisoned)
            throws IOException {
        CheckedFiles files =
                CheckedFiles.create(io, directory, prefix(generation), settings, poisoned);
        Database database = start(io, directory, generation, settings, files);
        try {
            database.force();
            return database;
        } catch (RuntimeException e) {
            database.close();
            throw e;
        }
    }

    /** Opens an environment as of its last {@link #force}. */
    static Database open(
            FileIo io,
            Path directory,
            long generation,
            XodusSettings settings,
            Consumer<StorageException> poisoned)
            throws IOException {
        CheckedFiles files = CheckedFiles.open(io, directory, prefix(generation), poisoned);
        return start(io, directory, generation, settings, files);
    }

    private static Database start(
            FileIo io,
            Path directory,
            long generation,
            XodusSettings settings,
            CheckedFiles files) {
        EnvironmentImpl environment = null;
        try {
            long high = files.mark().high();
            XodusSettings fixed = fixed(settings, files.mark());
            environment =
                    translated(() ->
                            (EnvironmentImpl)
                                    Environments.newInstance(
                                            LogConfig.create(files, files), config(fixed)));
            // More is possible: garbage collection may have begun.
            if (files.high() < high) {
                throw new StorageException.Corruption(
                        "Xodus lost acknowledged transactions in "
                                + directory
                                + "; restore the member from its peers or from a backup",
                        null);
            }
            return new Database(io, directory, generation, fixed, files, environment);
        } catch (RuntimeException e) {
            files.beginClose();
            if (environment != null) environment.close();
            files.closeAll();
            throw e;
        }
    }

    /** File and page sizes cannot change during an environment's life. */
    private static XodusSettings fixed(XodusSettings settings, Mark mark) {
        return new XodusSettings(mark.fileBytes(), mark.pageBytes(), settings.cacheBytes());
    }

    private static EnvironmentConfig config(XodusSettings settings) {
        return new EnvironmentConfig()
                // Only named: the files are given; the default would inspect the file system.
                .setLogDataReaderWriterProvider(
                        DataReaderWriterProvider.IN_MEMORY_READER_WRITER_PROVIDER)
                .setLogFileSize(settings.fileBytes() / 1024)
                .setLogCachePageSize(settings.pageBytes())
                .setLogCacheShared(false)
                .setMemoryUsage(settings.cacheBytes())
                .setLogDurableWrite(false)
                .setLogClearInvalid(false)
                .setLogSyncPeriod(Integer.MAX_VALUE)
                .setEnvMonitorTxnsExpirationTimeout(0)
                .setEnvMonitorTxnsTimeout(0)
                .setEnvCloseForcedly(true)
                .setGcFilesDeletionDelay(0)
                .setGcStartIn(0)
                .setManagementEnabled(false)
                .setEnvGatherStatistics(false);
    }

    static String prefix(long generation) {
        return "%08x".formatted(generation);
    }

    long generation() {
        return generation;
    }

    Store data() {
        return data;
    }

    Store meta() {
        return meta;
    }

    LongValues values() {
        return values;
    }

    /**
     * Runs changes in one transaction and commits it, visible on return, durable after the next
     * {@link #force}. When this throws, nothing was changed.
     */
    void update(Consumer<Transaction> changes) {
        // What an earlier transaction left in the heap for want of space goes first, or this fails.
        files.drain();
        try {
            // Exclusive, or Xodus' garbage collection could come in between and void it.
            Transaction transaction = environment.beginExclusiveTransaction();
            boolean committed = false;
            try {
                changes.accept(transaction);
                committed = transaction.commit();
            } finally {
                if (!committed && !transaction.isFinished()) transaction.abort();
            }
            if (!committed) throw new IllegalStateException("Xodus refused a transaction");
            files.drainIfPossible();
        } catch (RuntimeException e) {
            StorageException known = known(e);
            if (known != null) throw known;
            if (e instanceof IllegalArgumentException) throw e;
            throw files.poison(
                    new StorageException.Fatal(
                            "Xodus failed in " + directory + ": " + e + "; restart this member",
                            e));
        }
    }

    /** Makes all that was committed durable. Called by one thread, which nobody interrupts. */
    void force() {
        files.force(environment::flushAndSync);
    }

    /** Whether a force would give disk space back. */
    boolean hasGarbage() {
        return files.hasGarbage();
    }

    /** A point-in-time view; ends with {@code abort}, in any thread. */
    Transaction snapshot() {
        files.requireUsable();
        return translated(environment::beginReadonlyTransaction);
    }

    void requireUsable() {
        files.requireUsable();
    }

    long sizeOnDisk() {
        return files.sizeOnDisk();
    }

    void verify() {
        files.verify();
    }

    /** Asks Xodus to collect garbage soon, in a thread of its own. */
    void collectGarbage() {
        environment.gc();
    }

    @Override
    public void close() {
        files.beginClose();
        try {
            translated(() -> {
                environment.close();
                return null;
            });
        } finally {
            files.closeAll();
        }
    }

    /**
     * Removes the files of an environment that is closed and that nothing refers to; where the disk
     * has failed, the next open does.
     */
    void delete() {
        if (files.isPoisoned()) return;
        try {
            CheckedFiles.delete(io, directory, prefix(generation));
            io.forceDirectory(directory);
        } catch (IOException e) {
            throw StorageException.of("cannot remove what was replaced in " + directory, e);
        }
    }

    /** Runs something that reads. */
    static <T> T translated(Supplier<T> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            StorageException known = known(e);
            if (known != null) throw known;
            throw new StorageException.Corruption(
                    "Xodus cannot read what it wrote: "
                            + e
                            + "; restore the member from its peers or from a backup",
                    e);
        }
    }

    private static StorageException known(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof StorageException known) return known;
        }
        return null;
    }

    /** The bytes without copying where Xodus has them as an array of their own. */
    static byte[] bytes(ByteIterable iterable) {
        byte[] bytes = iterable.getBytesUnsafe();
        int length = iterable.getLength();
        return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
    }

    static ByteIterable iterable(byte[] bytes) {
        return new ArrayByteIterable(bytes);
    }
}
