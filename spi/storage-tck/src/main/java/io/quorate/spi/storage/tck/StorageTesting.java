package io.quorate.spi.storage.tck;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.LongAdder;

/**
 * The environment that tests open stores with: {@code
 * provider.openLog(StorageTesting.env(directory))}. Immutable but for what it records.
 */
public final class StorageTesting implements StorageEnv {
    private final Path directory;
    private final FileIo io;
    private final Map<String, String> settings;
    private final List<StorageException> reports = new CopyOnWriteArrayList<>();
    private final Map<Timing, LongAdder> observed = new ConcurrentHashMap<>();

    private StorageTesting(Path directory, FileIo io, Map<String, String> settings) {
        this.directory = directory;
        this.io = io;
        this.settings = settings;
    }

    /** The real file system and default settings, in a directory that exists. */
    public static StorageTesting env(Path directory) {
        return new StorageTesting(directory, new NioFileIo(), Map.of());
    }

    /** The same on another disk. */
    public StorageTesting on(FileIo disk) {
        return new StorageTesting(directory, disk, settings);
    }

    /** The same with one more setting. */
    public StorageTesting with(String key, String value) {
        Map<String, String> more = new TreeMap<>(settings);
        more.put(key, value);
        return new StorageTesting(directory, io, more);
    }

    /** The same with these settings too. */
    public StorageTesting with(Map<String, String> added) {
        Map<String, String> more = new TreeMap<>(settings);
        more.putAll(added);
        return new StorageTesting(directory, io, more);
    }

    /** What the store reported outside a call. */
    public List<StorageException> reports() {
        return reports;
    }

    /** How often something was timed. */
    public long observations(Timing timing) {
        LongAdder count = observed.get(timing);
        return count == null ? 0 : count.sum();
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public FileIo io() {
        return io;
    }

    @Override
    public Settings settings() {
        return new Settings("storage under test", settings);
    }

    @Override
    public Executor background() {
        return ForkJoinPool.commonPool();
    }

    @Override
    public void report(StorageException failure) {
        reports.add(failure);
    }

    @Override
    public void observe(Timing timing, long nanos) {
        observed.computeIfAbsent(timing, ignored -> new LongAdder()).increment();
    }
}
