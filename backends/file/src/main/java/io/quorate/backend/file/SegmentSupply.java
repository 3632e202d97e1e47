package io.quorate.backend.file;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.IoThread;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Keeps the next segment ready before it is needed. A segment is a recycled file when there is one
 * (its blocks are allocated, so an fdatasync need not touch the journal of the file system), else a
 * new one filled with zeros. All file work is done on a thread of its own.
 *
 * <p>A new log starts with a small segment, and each next one is four times as large until the
 * configured size is reached: a member that has just been created must not wait for zeros which it
 * may never need.
 */
final class SegmentSupply {
    /** Released files kept for reuse; more are deleted. */
    private static final int SPARES_MAX = 2;

    /** The first segment of a new log has this part of the configured size, and at most 1 MiB. */
    private static final int FIRST_PART = 64;

    private static final long FIRST_BYTES_MAX = 1 << 20;
    private static final int GROWTH = 4;

    private final FileIo io;
    private final Path directory;
    private final long segmentBytes;
    private final Consumer<StorageException> report;
    private final IoThread thread;

    // Guarded by this.
    private final ArrayDeque<Spare> spares = new ArrayDeque<>();
    private long nextId;
    private long nextBytes; // at least this is prepared next; at most segmentBytes
    private WalSegment next;
    private boolean preparing;
    private StorageException failure; // why there is no next
    private long idleBytes; // of spares and next

    private record Spare(Path path, long bytes) {}

    /**
     * @param lastBytes size of the segment that is written now, 0 for none
     * @param nextId above the id of every segment in the directory
     */
    SegmentSupply(
            FileIo io,
            Path directory,
            long segmentBytes,
            long lastBytes,
            long nextId,
            Consumer<StorageException> report) {
        this.io = io;
        this.directory = directory;
        this.segmentBytes = segmentBytes;
        this.nextId = nextId;
        this.report = report;
        nextBytes = Math.min(segmentBytes / FIRST_PART, FIRST_BYTES_MAX);
        if (lastBytes > 0) growAfter(lastBytes);
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
        WalSegment tooSmall;
        long id;
        long bytes;
        synchronized (this) {
            prepare();
            while (preparing) waitForChange();
            if (next == null) throw failure;
            WalSegment prepared = next;
            next = null;
            idleBytes -= prepared.bytes;
            if (prepared.bytes >= bytesMin) {
                growAfter(prepared.bytes);
                return prepared;
            }
            tooSmall = prepared;
            // The prepared one has a lower id, and whatever is prepared from now on a higher one.
            id = nextId++;
            // Rounded up, so that a little more of the next group fits too.
            bytes = Math.max(nextBytes, bytesMin + 4095 & ~4095L);
            growAfter(bytes);
        }
        release(tooSmall);
        return thread.call(() -> make(id, bytes, null));
    }

    private void growAfter(long bytes) {
        nextBytes = Math.min(segmentBytes, Math.max(nextBytes, bytes * GROWTH));
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
        List<Spare> tooSmall = new ArrayList<>();
        Spare spare;
        long id;
        long bytes;
        synchronized (this) {
            spare = pollSpare(tooSmall);
            id = nextId++;
            bytes = nextBytes;
        }
        WalSegment made = null;
        StorageException problem = null;
        try {
            for (Spare small : tooSmall) delete(small.path);
            made = make(id, bytes, spare);
        } catch (StorageException e) {
            problem = e;
        } catch (RuntimeException | Error e) {
            // Who waits for the segment must not wait for ever.
            problem = new StorageException.Fatal("cannot prepare a log segment: " + e, e);
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

    /** A spare that is large enough, or null; those that the log has outgrown are given up. */
    private Spare pollSpare(List<Spare> tooSmall) {
        for (Spare spare = spares.poll(); spare != null; spare = spares.poll()) {
            idleBytes -= spare.bytes;
            if (spare.bytes >= nextBytes) return spare;
            tooSmall.add(spare);
        }
        return null;
    }

    private void delete(Path path) {
        try {
            io.delete(path);
        } catch (IOException e) {
            throw StorageException.of("cannot delete " + path, e);
        }
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

    private void keepOrDelete(Path path, long bytes) throws IOException {
        synchronized (this) {
            boolean fits = bytes >= nextBytes && bytes <= segmentBytes;
            if (fits && spares.size() < SPARES_MAX) {
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
