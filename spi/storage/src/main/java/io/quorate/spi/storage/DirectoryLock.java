package io.quorate.spi.storage;

import io.quorate.spi.plugin.Experimental;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The exclusive hold on a data directory, and what its holder may tidy up: a support class for
 * backends.
 */
@Experimental(decideIn = "1.0")
public final class DirectoryLock {
    private static final String FILE = "LOCK";

    /** How the names of files end that are being written and that nothing refers to yet. */
    public static final String DRAFT_SUFFIX = ".tmp";

    private DirectoryLock() {}

    /**
     * @throws StorageException.Locked when somebody else has it
     */
    public static AutoCloseable take(StorageEnv env) {
        Path path = env.directory().resolve(FILE);
        try {
            return env.io().lock(path);
        } catch (IOException e) {
            throw StorageException.of("cannot lock " + path, e);
        }
    }

    /**
     * Gives the directory up.
     *
     * @throws StorageException.Fatal when the lock cannot be given up
     */
    public static void release(AutoCloseable lock) {
        try {
            lock.close();
        } catch (Exception e) {
            throw new StorageException.Fatal("cannot give up a lock: " + e.getMessage(), e);
        }
    }

    /** Removes files that were being written when a crash came; nothing refers to them. */
    public static void deleteDrafts(FileIo io, Path directory) throws IOException {
        for (Path path : io.list(directory)) {
            if (path.getFileName().toString().endsWith(DRAFT_SUFFIX)) io.delete(path);
        }
    }
}
