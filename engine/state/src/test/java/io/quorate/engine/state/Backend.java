package io.quorate.engine.state;

import io.quorate.backend.file.FileStorageProvider;
import io.quorate.backend.memory.MemoryStorageProvider;
import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Executor;

/** The stores that random tests run on. */
enum Backend {
    /** Comes back from a crash with what was forced and nothing else. */
    FAKE,
    /** Comes back with all commits. */
    MEMORY,
    /** Comes back with what was forced, and maybe more. */
    FILE;

    StateStore open(Path directory, Executor background) {
        return switch (this) {
            case FAKE -> new FakeStateStore();
            case MEMORY -> open(new MemoryStorageProvider(), directory, background);
            case FILE -> open(new FileStorageProvider(), directory, background);
        };
    }

    StateStore crash(StateStore store, Path directory, Executor background) {
        return switch (this) {
            case FAKE -> ((FakeStateStore) store).crash();
            case MEMORY -> store;
            case FILE -> {
                store.close();
                yield open(directory, background);
            }
        };
    }

    private static StateStore open(StorageProvider provider, Path directory, Executor background) {
        return provider.openState(new Env(directory, new NioFileIo(), background));
    }

    private record Env(Path directory, FileIo io, Executor background) implements StorageEnv {
        @Override
        public Settings settings() {
            return new Settings("the store of a test", Map.of());
        }

        @Override
        public void report(StorageException failure) {
            throw failure;
        }

        @Override
        public void observe(Timing timing, long nanos) {}
    }
}
