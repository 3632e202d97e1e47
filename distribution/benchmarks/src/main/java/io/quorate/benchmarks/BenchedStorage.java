package io.quorate.benchmarks;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A storage plugin, opened on real files as the server opens it. What it reports outside a call
 * ends the run with {@link #close}: such figures are nobody's.
 */
public final class BenchedStorage implements StorageEnv, AutoCloseable {
    private final StorageProvider provider;
    private final Map<String, String> settings;
    private final Path directory;
    private final LongAdder logForces = new LongAdder();
    private final LongAdder logNanos = new LongAdder();
    private final ExecutorService background =
            Executors.newThreadPerTaskExecutor(
                    Thread.ofPlatform().daemon().name("background-", 0).factory());
    private final AtomicReference<StorageException> reported = new AtomicReference<>();

    /**
     * @param settings of the plugin
     * @param directory for its files, there already
     */
    public BenchedStorage(StorageProvider provider, Map<String, String> settings, Path directory) {
        this.provider = provider;
        this.settings = settings;
        this.directory = directory;
    }

    /** The plugin of this name, among those that are on the module path. */
    static BenchedStorage named(String name, Map<String, String> settings, Path directory) {
        List<StorageProvider> all =
                ServiceLoader.load(StorageProvider.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .toList();
        StorageProvider provider =
                all.stream()
                        .filter(one -> one.name().equals(name))
                        .findAny()
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "no storage plugin \""
                                                + name
                                                + "\"; found: "
                                                + names(all)));
        return new BenchedStorage(provider, settings, directory);
    }

    private static String names(List<StorageProvider> all) {
        return all.stream().map(StorageProvider::name).sorted().collect(Collectors.joining(", "));
    }

    public StateStore openState() {
        return provider.openState(this);
    }

    public RaftLog openLog() {
        return provider.openLog(this);
    }

    /** Bytes of all files of a folder; some may go meanwhile. */
    static long bytes(Path folder) {
        try (Stream<Path> paths = Files.list(folder)) {
            long sum = 0;
            for (Path path : paths.toList()) {
                sum += Files.isDirectory(path) ? bytes(path) : size(path);
            }
            return sum;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long size(Path file) throws IOException {
        try {
            return Files.size(file);
        } catch (NoSuchFileException removed) {
            return 0;
        }
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public FileIo io() {
        return new NioFileIo();
    }

    @Override
    public Settings settings() {
        return new Settings("storage " + provider.name(), settings);
    }

    @Override
    public Executor background() {
        return background;
    }

    @Override
    public void report(StorageException failure) {
        if (!reported.compareAndSet(null, failure)) reported.get().addSuppressed(failure);
    }

    /**
     * After the stores are closed: ends the background work.
     *
     * @throws IllegalStateException when a store reported a failure outside a call
     */
    @Override
    public void close() {
        background.close();
        StorageException failure = reported.get();
        if (failure != null) {
            throw new IllegalStateException(
                    "the storage failed meanwhile, so nothing was measured: "
                            + failure.getMessage(),
                    failure);
        }
    }

    @Override
    public void observe(Timing timing, long nanos) {
        if (timing == Timing.LOG_FSYNC) logForces.increment();
        if (timing != Timing.STATE_COMMIT) logNanos.add(nanos);
    }

    /** Nanoseconds that the log spent in write and fsync so far. */
    long logNanos() {
        return logNanos.sum();
    }

    /** How often the log was forced to the disk so far. */
    long logForces() {
        return logForces.sum();
    }
}
