package io.quorate.backend.file;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.IoThread;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Keeps the next segment ready before it is needed. A segment is a recycled file when there is one
 * (its blocks are allocated, so an fdatasync need not touch the journal of the file system), else a
 * new one filled with zeros. All file work is done on a thread of its own.
 */
final class SegmentSupply {
    /** Released files kept for reuse; more are deleted. */
    private static final int SPARES_MAX = 2;

    private final FileIo io;
    private final Path directory;
    private final long segmentBytes;
    private final Consumer<StorageException> report;
    private final IoThread thread;

    // Guarded by this.
    private final ArrayDeque<Spare> spares = new ArrayDeque<>();
    private long nextId;
    private WalSegment next;
    private boolean preparing;
    private StorageException failure; // why there is no next
    private long idleBytes; // of spares and next

    private record Spare(Path path, long bytes) {}

    SegmentSupply(
            FileIo io,
            Path directory,
            long segmentBytes,
            long nextId,
            Consumer<StorageException> report) {
        this.io = io;
        this.directory = directory;
        this.segmentBytes = segmentBytes;
        this.nextId = nextId;
        this.report = report;
        thread = new IoThread("quorate-log-files");
    }

    /** Starts to make the next segment, unless there is one or it is being made. */
    synchronized void prepare() {
        if (next != null || preparing) return;
        preparing = true;
        failure = null;
        thread.execute(this::prepareNow);
    }

    /** Why the next segment could not be made, after one more try; null when there is one. */
    StorageException failureAfterRetry() {
        synchronized (this) {
            if (!(failure instanceof StorageException.NoSpace)) return failure;
        }
        prepare();
        thread.call(() -> null);
        synchronized (this) {
            return failure;
        }
    }

    /** The next segment, of at least this size; waits for one that is being made. */
    WalSegment take(long bytesMin) throws IOException {
        return bytesMin > segmentBytes ? makeOversized(bytesMin) : takeNext();
    }

    private synchronized WalSegment takeNext() {
        prepare();
        while (preparing) waitForChange();
        if (next == null) throw failure;
        WalSegment taken = next;
        next = null;
        idleBytes -= taken.bytes;
        return taken;
    }

    private WalSegment makeOversized(long bytesMin) throws IOException {
        long id;
        synchronized (this) {
            while (preparing) waitForChange();
            if (next != null) {
                // Its id would be lower than that of the segment before it.
                next.close();
                spares.add(new Spare(next.path, next.bytes));
                next = null;
            }
            id = nextId++;
        }
        // Rounded up, so that a little more of the next group fits too.
        long bytes = bytesMin + 4095 & ~4095L;
        return thread.call(() -> make(id, bytes, null));
    }

    /** A file of the log that is needed no more; its content is void. */
    void release(WalSegment segment) {
        thread.execute(() -> {
            try {
                segment.close();
                keepOrDelete(segment.path, segment.bytes);
            } catch (IOException e) {
                report.accept(StorageException.of("cannot release " + segment.path, e));
            }
        });
    }

    /** Bytes of the files that wait for use. */
    synchronized long idleBytes() {
        return idleBytes;
    }

    void close() throws IOException {
        thread.finish();
        synchronized (this) {
            if (next != null) next.close();
            next = null;
        }
    }

    private void prepareNow() {
        Spare spare;
        long id;
        synchronized (this) {
            spare = spares.poll();
            if (spare != null) idleBytes -= spare.bytes;
            id = nextId++;
        }
        WalSegment made = null;
        StorageException problem = null;
        try {
            made = make(id, segmentBytes, spare);
        } catch (StorageException e) {
            problem = e;
        }
        synchronized (this) {
            next = made;
            failure = problem;
            preparing = false;
            if (made != null) idleBytes += made.bytes;
            notifyAll();
        }
        if (problem instanceof StorageException.Fatal) report.accept(problem);
    }

    private WalSegment make(long id, long bytes, Spare spareOrNull) {
        Path path = directory.resolve(WalSegment.fileName(id));
        try {
            if (spareOrNull != null) io.rename(spareOrNull.path, path);
            else create(path, bytes);
            io.forceDirectory(directory);
            return new WalSegment(io, path, id);
        } catch (IOException e) {
            throw StorageException.of("cannot prepare " + path, e);
        }
    }

    private void create(Path path, long bytes) throws IOException {
        Path draft = path.resolveSibling(path.getFileName() + ".tmp");
        boolean done = false;
        try {
            try (FileIo.Channel channel = io.open(draft, FileIo.Mode.CREATE_NEW)) {
                channel.preallocate(bytes);
                channel.force(true);
            }
            io.rename(draft, path);
            done = true;
        } finally {
            if (!done && io.exists(draft)) io.delete(draft);
        }
    }

    void keepOrDelete(Path path, long bytes) throws IOException {
        synchronized (this) {
            if (bytes == segmentBytes && spares.size() < SPARES_MAX) {
                spares.add(new Spare(path, bytes));
                idleBytes += bytes;
                return;
            }
        }
        io.delete(path);
    }

    private void waitForChange() {
        boolean interrupted = false;
        try {
            wait();
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
