package io.quorate.spi.storage;

import io.quorate.spi.plugin.Stable;

import java.io.IOException;

/** Everything a backend throws. The subtype decides what the engine does next. */
@Stable(since = "1.0")
public abstract sealed class StorageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private StorageException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * What an I/O error means: a full disk is {@link NoSpace}; any other failure leaves the outcome
     * unknown, so it is {@link Fatal}.
     *
     * @param doing what was tried and on which file, such as {@code cannot write /data/log/1.wal}
     */
    public static StorageException of(String doing, IOException e) {
        if (e instanceof FileIo.OutOfSpace) {
            return new NoSpace(doing + ": the disk or its quota is full; free space", e);
        }
        return new Fatal(
                doing + ": " + e.getMessage() + "; check the disk, then restart this member", e);
    }

    /**
     * Nothing of the failed call took effect and the store stays usable; the engine raises NOSPACE.
     */
    public static final class NoSpace extends StorageException {
        private static final long serialVersionUID = 1;

        public NoSpace(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Durable bytes are not what was written. Never repaired by dropping acknowledged data. */
    public static final class Corruption extends StorageException {
        private static final long serialVersionUID = 1;

        /** The message names the file and the offset. */
        public Corruption(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * An fsync failed, or an I/O error left the outcome unknown: every later call throws until a
     * restart.
     */
    public static final class Fatal extends StorageException {
        private static final long serialVersionUID = 1;

        public Fatal(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Another process, or another open store of this one, holds the directory. */
    public static final class Locked extends StorageException {
        private static final long serialVersionUID = 1;

        public Locked(String message) {
            super(message, null);
        }
    }

    /** The directory was written by another backend or format; the message says by which. */
    public static final class Foreign extends StorageException {
        private static final long serialVersionUID = 1;

        public Foreign(String message) {
            super(message, null);
        }
    }

    /** A call after {@code close}. */
    public static final class Closed extends StorageException {
        private static final long serialVersionUID = 1;

        public Closed(String what) {
            super(what + " is closed", null);
        }
    }
}
