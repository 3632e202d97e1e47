package io.quorate.microbenchmarks;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** What a storage plugin works with, in a new folder of the system's temporary one. */
public final class BenchmarkStorage implements StorageEnv, AutoCloseable {
    private final Path directory = Files.createTempDirectory("microbenchmark-");
    private final ExecutorService background = Executors.newCachedThreadPool();

    public BenchmarkStorage() throws IOException {}

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
        return new Settings("storage of a benchmark", Map.of());
    }

    @Override
    public Executor background() {
        return background;
    }

    @Override
    public void report(StorageException failure) {
        failure.printStackTrace();
    }

    @Override
    public void observe(Timing timing, long nanos) {}

    /** After the store is closed: removes its files. */
    @Override
    public void close() throws IOException {
        background.shutdown();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
    }
}
