package io.quorate.spi.storage;

import io.quorate.spi.plugin.Stable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything of a file system whose failure or reordering the contract suite injects. A full disk
 * is an {@link OutOfSpace}, every other failure another {@link IOException}.
 */
@Stable(since = "1.0")
public interface FileIo {
    /** Opens a file; never truncates. */
    Channel open(Path path, Mode mode) throws IOException;

    /** Atomic replacement inside one file system; durable only after {@link #forceDirectory}. */
    void rename(Path from, Path to) throws IOException;

    /** Removes a file; durable only after {@link #forceDirectory}. */
    void delete(Path path) throws IOException;

    /** Makes a directory; durable only after {@link #forceDirectory} of its parent. */
    void createDirectory(Path path) throws IOException;

    /** fsync of the directory itself; throws, never warns. */
    void forceDirectory(Path directory) throws IOException;

    /** The paths in a directory, sorted. */
    List<Path> list(Path directory) throws IOException;

    boolean exists(Path path) throws IOException;

    /**
     * Takes an exclusive lock that ends with close or with the process.
     *
     * @throws StorageException.Locked when it is taken
     */
    AutoCloseable lock(Path path) throws IOException;

    /**
     * The disk or a quota is full: nothing of the failed call was done, except that a write or a
     * preallocation may have happened in part.
     */
    final class OutOfSpace extends IOException {
        private static final long serialVersionUID = 1;

        public OutOfSpace(String message, Throwable cause) {
            super(message, cause);
        }
    }

    enum Mode {
        READ,
        READ_WRITE,
        CREATE_NEW
    }

    /** An open file. Positions and sizes in bytes. */
    interface Channel extends AutoCloseable {
        /**
         * May be short; -1 at the end. Any thread may read, interrupted or not; the channel stays
         * open.
         */
        int read(ByteBuffer target, long position) throws IOException;

        /** Writes the whole buffer. Never called by a thread that somebody interrupts. */
        void write(ByteBuffer source, long position) throws IOException;

        /**
         * fdatasync, or fsync with {@code metadata}. After an exception all since the last good one
         * is in doubt.
         */
        void force(boolean metadata) throws IOException;

        /**
         * Writes zeros from the present size up to this one, so that later writes there allocate
         * nothing.
         */
        void preallocate(long bytes) throws IOException;

        long size() throws IOException;

        void truncate(long size) throws IOException;

        @Override
        void close() throws IOException;
    }
}
