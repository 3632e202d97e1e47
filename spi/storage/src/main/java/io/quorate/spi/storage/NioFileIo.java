package io.quorate.spi.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * The real file system, on {@link FileChannel}. {@code force(false)} is fdatasync.
 *
 * <p>A FileChannel closes itself when a thread that uses it is interrupted. Reads come from any
 * thread, so a read opens the file again and goes on, and the thread keeps its interrupt. Writes
 * and forces do not: after an interrupt nobody knows what was written, so they fail, and backends
 * run them on threads of their own.
 */
public final class NioFileIo implements FileIo {
    private static final int ZERO_BYTES = 1 << 20;

    @Override
    public Channel open(Path path, Mode mode) throws IOException {
        try {
            return new NioChannel(path, mode);
        } catch (IOException e) {
            throw sharpened(e);
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        try {
            Files.move(
                    from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw sharpened(e);
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.delete(path);
    }

    @Override
    public void createDirectory(Path path) throws IOException {
        try {
            Files.createDirectory(path);
        } catch (IOException e) {
            throw sharpened(e);
        }
    }

    @Override
    public void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        List<Path> paths = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(paths::add);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        Collections.sort(paths);
        return paths;
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    /** A lock of the operating system on this file, which is made when it is not there. */
    @Override
    public AutoCloseable lock(Path path) throws IOException {
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean held = false;
        try {
            FileLock lock = channel.tryLock();
            held = lock != null;
        } catch (OverlappingFileLockException e) {
            throw locked(path, "another open store of this process");
        } finally {
            if (!held) channel.close();
        }
        if (!held) throw locked(path, "another process");
        return channel;
    }

    private static StorageException.Locked locked(Path path, String holder) {
        return new StorageException.Locked(
                path.getParent()
                        + " is in use by "
                        + holder
                        + ", which holds the lock on "
                        + path.getFileName()
                        + "; stop it, or give this server another data directory");
    }

    /** Java has no type for a full disk: the text of errno is all there is. */
    private static IOException sharpened(IOException e) {
        String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        boolean full =
                message.contains("no space left")
                        || message.contains("quota exceeded")
                        || message.contains("not enough space");
        return full ? new OutOfSpace(e.getMessage(), e) : e;
    }

    /**
     * Reads through a channel of their own: an interrupt of a reading thread closes the channel
     * that it reads from, and must not take that of the writer along.
     */
    private static final class NioChannel implements Channel {
        private final Path path;
        // Null for a file that is only read.
        private final FileChannel writer;
        // Opened by the first read, replaced when a reader was interrupted; guarded by this for
        // writing.
        private volatile FileChannel reader;
        private boolean closed;

        NioChannel(Path path, Mode mode) throws IOException {
            this.path = path;
            switch (mode) {
                case READ -> {
                    writer = null;
                    reader = FileChannel.open(path, StandardOpenOption.READ);
                }
                case READ_WRITE -> writer = FileChannel.open(path, StandardOpenOption.WRITE);
                case CREATE_NEW ->
                        writer =
                                FileChannel.open(
                                        path,
                                        StandardOpenOption.WRITE,
                                        StandardOpenOption.CREATE_NEW);
                default -> throw new AssertionError(mode);
            }
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return (int) reading(channel -> channel.read(target, position));
        }

        private long reading(Reading what) throws IOException {
            boolean interrupted = Thread.interrupted();
            try {
                while (true) {
                    FileChannel current = reader;
                    try {
                        if (current != null) return what.from(current);
                    } catch (ClosedByInterruptException e) {
                        interrupted |= Thread.interrupted();
                    } catch (ClosedChannelException e) {
                        // Another reader's interrupt closed it under us.
                    }
                    reopen(current);
                }
            } finally {
                if (interrupted) Thread.currentThread().interrupt();
            }
        }

        private interface Reading {
            long from(FileChannel channel) throws IOException;
        }

        private synchronized void reopen(FileChannel broken) throws IOException {
            if (closed) throw new ClosedChannelException();
            if (reader == broken) reader = FileChannel.open(path, StandardOpenOption.READ);
        }

        private FileChannel writer() throws IOException {
            if (writer == null) throw new NonWritableChannelException();
            return writer;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            try {
                while (source.hasRemaining()) position += writer().write(source, position);
            } catch (IOException e) {
                throw sharpened(e);
            }
        }

        @Override
        public void force(boolean metadata) throws IOException {
            writer().force(metadata);
        }

        @Override
        public void preallocate(long bytes) throws IOException {
            ByteBuffer zeros = ByteBuffer.allocateDirect(ZERO_BYTES);
            for (long at = size(); at < bytes; at += zeros.position()) {
                zeros.clear().limit((int) Math.min(ZERO_BYTES, bytes - at));
                write(zeros, at);
                // Bit by bit: one fsync of all of it would hold up those of other files.
                force(false);
            }
        }

        @Override
        public long size() throws IOException {
            return writer == null ? reading(FileChannel::size) : writer.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            writer().truncate(size);
        }

        @Override
        public synchronized void close() throws IOException {
            closed = true;
            try {
                if (writer != null) writer.close();
            } finally {
                if (reader != null) reader.close();
            }
        }
    }
}
