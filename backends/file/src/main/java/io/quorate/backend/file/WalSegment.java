package io.quorate.backend.file;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * One file of the log. The writer thread alone writes; readers use a channel of their own, which an
 * interrupt cannot break for the writer. A segment that is read is not recycled: see {@link
 * #retain()}.
 */
final class WalSegment {
    private final FileIo io;
    final Path path;
    final long id;
    final long bytes;
    private final FileIo.Channel writes;
    // Guarded by the lock of the log.
    long maxIndex;
    // The following are guarded by this.
    private FileIo.Channel reads;
    private int readers;
    private Runnable whenUnread;

    WalSegment(FileIo io, Path path, long id) throws IOException {
        this.io = io;
        this.path = path;
        this.id = id;
        writes = io.open(path, FileIo.Mode.READ_WRITE);
        bytes = writes.size();
    }

    static String fileName(long id) {
        return "%016x.wal".formatted(id);
    }

    /** The id in a file name, or 0 when it is not a segment's. */
    static long idOf(Path path) {
        String name = path.getFileName().toString();
        return name.matches("[0-9a-f]{16}\\.wal") ? Long.parseUnsignedLong(name, 0, 16, 16) : 0;
    }

    void write(ByteBuffer source, long offset) throws IOException {
        writes.write(source, offset);
    }

    void force() throws IOException {
        writes.force(false);
    }

    /** Keeps the file from being recycled until {@link #release()}. */
    synchronized void retain() {
        readers++;
    }

    void release() {
        Runnable recycle = null;
        synchronized (this) {
            readers--;
            if (readers == 0) recycle = whenUnread;
            if (recycle != null) whenUnread = null;
        }
        if (recycle != null) recycle.run();
    }

    /** Runs this once nobody reads, which may be at once. */
    void whenUnread(Runnable recycle) {
        synchronized (this) {
            if (readers > 0) {
                whenUnread = recycle;
                return;
            }
        }
        recycle.run();
    }

    /** Fills the buffer from the file. */
    void readFully(ByteBuffer target, long offset) throws IOException {
        FileIo.Channel channel = readChannel();
        while (target.hasRemaining()) {
            int count = channel.read(target, offset);
            if (count < 0) {
                throw new StorageException.Corruption(
                        path + " ends at " + offset + " where the log needs more", null);
            }
            offset += count;
        }
    }

    private synchronized FileIo.Channel readChannel() throws IOException {
        if (reads == null) reads = io.open(path, FileIo.Mode.READ);
        return reads;
    }

    void close() throws IOException {
        try {
            writes.close();
        } finally {
            synchronized (this) {
                if (reads != null) reads.close();
            }
        }
    }
}
