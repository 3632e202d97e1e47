package io.quorate.engine.node;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** Environments for backends under test. */
final class TestStorage {
    private static final Executor BACKGROUND =
            Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory());

    private TestStorage() {}

    /**
     * @param directory null for a backend that has none
     */
    static StorageEnv env(Path directory) {
        return env(directory, Map.of());
    }

    static StorageEnv env(Path directory, Map<String, String> settings) {
        return new StorageEnv() {
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
                return new Settings("test", settings);
            }

            @Override
            public Executor background() {
                return BACKGROUND;
            }

            @Override
            public void report(StorageException failure) {
                throw new AssertionError("nothing may fail here", failure);
            }

            @Override
            public void observe(Timing timing, long nanos) {}
        };
    }
}
