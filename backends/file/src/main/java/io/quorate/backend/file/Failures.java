package io.quorate.backend.file;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;

/** What an I/O error means to the engine. */
final class Failures {
    private Failures() {}

    /**
     * A full disk is {@link StorageException.NoSpace}; any other failure leaves the outcome
     * unknown, so it is {@link StorageException.Fatal}.
     *
     * @param doing what was tried and on which file, such as {@code cannot write /data/log/1.wal}
     */
    static StorageException of(String doing, IOException e) {
        if (e instanceof FileIo.OutOfSpace) {
            return new StorageException.NoSpace(
                    doing + ": the disk or its quota is full; free space", e);
        }
        return new StorageException.Fatal(
                doing + ": " + e.getMessage() + "; check the disk, then restart this member", e);
    }
}
