package io.quorate.backend.file;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.file.Path;

/** The exclusive hold on a data directory, and what its holder may tidy up. */
final class DirectoryLock {
    private static final String FILE = "LOCK";
    static final String DRAFT_SUFFIX = ".tmp";

    private DirectoryLock() {}

    /**
     * @throws StorageException.Locked when somebody else has it
     */
    static AutoCloseable take(StorageEnv env) {
        Path path = env.directory().resolve(FILE);
        try {
            return env.io().lock(path);
        } catch (IOException e) {
            throw Failures.of("cannot lock " + path, e);
        }
    }

    static void release(AutoCloseable lock) {
        try {
            lock.close();
        } catch (Exception e) {
            throw new StorageException.Fatal("cannot give up a lock: " + e.getMessage(), e);
        }
    }

    /** Removes files that were being written when a crash came; nothing refers to them. */
    static void deleteDrafts(FileIo io, Path directory) throws IOException {
        for (Path path : io.list(directory)) {
            if (path.getFileName().toString().endsWith(DRAFT_SUFFIX)) io.delete(path);
        }
    }
}
