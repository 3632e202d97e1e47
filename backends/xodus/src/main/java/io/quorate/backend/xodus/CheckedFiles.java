package io.quorate.backend.xodus;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import jetbrains.exodus.io.Block;
import jetbrains.exodus.io.DataReader;
import jetbrains.exodus.io.DataWriter;
import jetbrains.exodus.io.RemoveBlockType;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The files of one Xodus environment, in place of Xodus' own reader and writer, which know no
 * checksums, swallow a failed fsync when a thread was interrupted, and go on after any other. Laws:
 *
 * <ul>
 *   <li>No byte is handed to Xodus whose page has another checksum than when it was written.
 *   <li>After an open the log ends where the last {@link Mark} says: what was written behind it was
 *       never acknowledged, what stands before it is all there.
 *   <li>A file that Xodus removes stays until the transaction that moved its content is under the
 *       mark.
 *   <li>A write of Xodus goes to the heap, from where {@link #drain} brings it to the disk. So a
 *       full disk is met between transactions and not inside, which Xodus does not survive.
 *   <li>A failed write or force other than for want of space poisons: nothing succeeds after it.
 * </ul>
 *
 * <p>Xodus writes, syncs and removes under its commit lock, so from one thread at a time; any
 * thread reads.
 */
final class CheckedFiles implements DataReader, DataWriter {
    /** Bytes that may wait in the heap before a transaction is over. */
    private static final long HEAP_BYTES = 1 << 20;

    private final FileIo io;
    private final Path directory;
    private final String prefix;
    private final FileIo.Channel markChannel;
    private final Consumer<StorageException> poisoned;
    private final ConcurrentSkipListMap<Long, PartFile> files = new ConcurrentSkipListMap<>();

    private volatile StorageException failure;
    private volatile Mark mark;

    // Guarded by Xodus' commit lock.
    private PartFile current; // null when no file is open for appending
    private long currentAddress;

    private Thread marking; // guarded by markLock, read under the commit lock
    private Capture capture;
    private final Object markLock = new Object();
    private final List<PartFile> garbage = new ArrayList<>(); // guarded by itself

    /** Held by who drains; the queue is in order of address, its last file may grow. */
    private final ReentrantLock drainLock = new ReentrantLock();

    private final ConcurrentLinkedDeque<PartFile> undrained = new ConcurrentLinkedDeque<>();
    private volatile boolean closing;

    /** The log as it stood between two transactions. */
    private record Capture(long high, PartFile tail, int tailCrc) {}

    private CheckedFiles(
            FileIo io,
            Path directory,
            String prefix,
            FileIo.Channel markChannel,
            Mark mark,
            Consumer<StorageException> poisoned) {
        this.io = io;
        this.directory = directory;
        this.prefix = prefix;
        this.markChannel = markChannel;
        this.mark = mark;
        this.poisoned = poisoned;
    }

    private static Path markPath(Path directory, String prefix) {
        return directory.resolve(prefix + ".mark");
    }

    private Path path(long address) {
        return directory.resolve("%s-%016x.xd".formatted(prefix, address));
    }

    /**
     * Makes a new environment's mark; its files follow as Xodus writes.
     *
     * @param prefix what the names of its files begin with
     * @param poisoned gets the failure after which nothing succeeds any more
     */
    static CheckedFiles create(
            FileIo io,
            Path directory,
            String prefix,
            XodusSettings settings,
            Consumer<StorageException> poisoned)
            throws IOException {
        FileIo.Channel channel = io.open(markPath(directory, prefix), FileIo.Mode.CREATE_NEW);
        try {
            Mark first = new Mark(1, settings.fileBytes(), settings.pageBytes(), 0, 0);
            channel.preallocate(Mark.BYTES);
            channel.write(first.slot(), first.position());
            channel.force(true);
            io.forceDirectory(directory);
            return new CheckedFiles(io, directory, prefix, channel, first, poisoned);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Opens an environment's files as of its mark, and removes what was written after it. */
    static CheckedFiles open(
            FileIo io, Path directory, String prefix, Consumer<StorageException> poisoned)
            throws IOException {
        Path markPath = markPath(directory, prefix);
        FileIo.Channel channel = io.open(markPath, FileIo.Mode.READ_WRITE);
        CheckedFiles files = null;
        try {
            Mark mark = Mark.read(channel, markPath);
            files = new CheckedFiles(io, directory, prefix, channel, mark, poisoned);
            files.load();
            return files;
        } catch (IOException | RuntimeException e) {
            if (files == null) channel.close();
            else files.closeAll();
            throw e;
        }
    }

    private void load() throws IOException {
        long tail = tailAddress(mark.high());
        for (Path path : io.list(directory)) {
            long address = address(path);
            if (address < 0) continue;
            if (address > tail || mark.high() == 0) {
                io.delete(path);
                continue;
            }
            long fileBytes = mark.fileBytes();
            int pageBytes = mark.pageBytes();
            PartFile file =
                    address < tail
                            ? PartFile.full(io, path, fileBytes, pageBytes)
                            : PartFile.tail(
                                    io,
                                    path,
                                    fileBytes,
                                    pageBytes,
                                    mark.high() - address,
                                    mark.tailCrc());
            files.put(address, file);
        }
        if (mark.high() > 0 && !files.containsKey(tail)) {
            throw new StorageException.Corruption(
                    path(tail) + " is missing; restore the member from its peers or a backup",
                    null);
        }
    }

    /** The file that the byte before {@code high} is in. */
    private long tailAddress(long high) {
        return high == 0 ? 0 : (high - 1) / mark.fileBytes() * mark.fileBytes();
    }

    /** Where a file's content stands in the log; -1 for files that are not this environment's. */
    private long address(Path path) {
        String name = path.getFileName().toString();
        if (!name.startsWith(prefix + "-") || !name.endsWith(".xd")) return -1;
        String digits = name.substring(prefix.length() + 1, name.length() - 3);
        return digits.matches("[0-9a-f]{16}") ? Long.parseLong(digits, 16) : -1;
    }

    Mark mark() {
        return mark;
    }

    /** Throws what poisoned these files, if something did. */
    void requireUsable() {
        StorageException failed = failure;
        if (failed != null) throw failed;
    }

    boolean isPoisoned() {
        return failure != null;
    }

    private StorageException failed(String doing, IOException e) {
        StorageException failed = StorageException.of(doing, e);
        return failed instanceof StorageException.Fatal ? poison(failed) : failed;
    }

    StorageException poison(StorageException failed) {
        synchronized (this) {
            if (failure != null) return failure;
            failure = failed;
        }
        poisoned.accept(failed);
        return failed;
    }

    // ---- the mark ----

    /**
     * Makes durable all transactions committed so far. Called by one thread at a time, one that
     * nobody interrupts.
     *
     * @param sync has Xodus call {@link #sync()} between two transactions
     * @throws StorageException.NoSpace when the mark could not be written; a later call tries again
     */
    void force(Runnable sync) {
        requireUsable();
        Capture captured;
        synchronized (markLock) {
            marking = Thread.currentThread();
        }
        sync.run();
        synchronized (markLock) {
            captured = capture;
            capture = null;
            marking = null;
        }
        if (captured == null) throw new IllegalStateException("the environment is closed");
        try {
            drainAll();
            if (captured.high != mark.high()) {
                captured.tail.force();
                Mark next = mark.next(captured.high, captured.tailCrc);
                markChannel.write(next.slot(), next.position());
                markChannel.force(false);
                mark = next;
            }
            deleteGarbage();
        } catch (IOException e) {
            throw failed("cannot make the environment in " + directory + " durable", e);
        }
    }

    /**
     * Xodus asks for durability at the end of a file, amid a transaction, and before it removes
     * files; {@link #force} has it called between transactions.
     */
    @Override
    public void sync() {
        if (closing) return;
        requireUsable();
        synchronized (markLock) {
            if (marking == Thread.currentThread()) capture = captured();
        }
    }

    private Capture captured() {
        Map.Entry<Long, PartFile> last = files.lastEntry();
        // A transaction that was taken back may leave an empty file at the end.
        if (last != null && last.getValue().length() == 0) last = files.lowerEntry(last.getKey());
        if (last == null) return new Capture(0, null, 0);
        PartFile tail = last.getValue();
        try {
            return new Capture(last.getKey() + tail.length(), tail, tail.tailCrc());
        } catch (IOException e) {
            throw failed("cannot read " + path(last.getKey()), e);
        }
    }

    /** Where the log ends, between two transactions. */
    long high() {
        return captured().high;
    }

    private void deleteGarbage() throws IOException {
        List<PartFile> deleting;
        synchronized (garbage) {
            if (garbage.isEmpty()) return;
            deleting = List.copyOf(garbage);
            garbage.clear();
        }
        for (PartFile file : deleting) file.delete();
        io.forceDirectory(directory);
    }

    /**
     * Brings to the disk what waits in the heap.
     *
     * @throws StorageException.NoSpace when there is no space for it; a later call tries again
     */
    void drain() {
        requireUsable();
        try {
            drainAll();
        } catch (IOException e) {
            throw failed("cannot write the environment in " + directory, e);
        }
    }

    private void drainAll() throws IOException {
        drainLock.lock();
        try {
            for (PartFile file = undrained.peek(); file != null; file = undrained.peek()) {
                if (!file.drain()) return; // the last one, which goes on growing
                undrained.remove();
            }
        } finally {
            drainLock.unlock();
        }
    }

    /** The same, but what finds no space goes on waiting. */
    void drainIfPossible() {
        try {
            drain();
        } catch (StorageException.NoSpace e) {
            // The next transaction is refused, or the next force fails, unless there is space then.
        }
    }

    /** Bytes that wait in the heap. */
    long undrainedBytes() {
        long sum = 0;
        for (PartFile file : undrained) sum += file.undrained();
        return sum;
    }

    // ---- what Xodus calls ----

    @Override
    public boolean isOpen() {
        return current != null;
    }

    @Override
    public Block openOrCreateBlock(long address, long length) {
        requireUsable();
        if (current != null) throw new IllegalStateException("another file is being written");
        PartFile file = files.get(address);
        if (file == null) {
            file = PartFile.planned(io, path(address), mark.fileBytes(), mark.pageBytes());
            files.put(address, file);
        }
        if (file.length() != length) throw cut(address);
        if (undrained.peekLast() != file) undrained.add(file);
        current = file;
        currentAddress = address;
        return new PartBlock(address, file);
    }

    @Override
    public Block write(byte[] bytes, int offset, int count) {
        requireUsable();
        current.append(bytes, offset, count);
        if (undrainedBytes() > HEAP_BYTES) drainIfPossible();
        return new PartBlock(currentAddress, current);
    }

    @Override
    public void truncateBlock(long address, long length) {
        throw cut(address);
    }

    /**
     * Xodus cuts its log when it opens and does not find its newest root, and when a transaction
     * failed amid its writes. The first is damage; after the second its image in the heap is not to
     * be trusted.
     */
    private StorageException cut(long address) {
        return poison(
                new StorageException.Corruption(
                        "Xodus finds "
                                + path(address)
                                + " inconsistent; restart this member, and if that does not help"
                                + " restore it from its peers or from a backup",
                        null));
    }

    @Override
    public void removeBlock(long address, RemoveBlockType type) {
        requireUsable();
        if (mark.high() == 0) throw cut(address);
        PartFile file = files.remove(address);
        if (file == null) return;
        undrained.remove(file);
        synchronized (garbage) {
            garbage.add(file);
        }
    }

    /** Whether files wait for the next mark to be deleted. */
    boolean hasGarbage() {
        synchronized (garbage) {
            return !garbage.isEmpty();
        }
    }

    /** Ends the appending to the current file. Readers go on. */
    @Override
    public void close() {
        current = null;
    }

    /** Each new file has its directory forced as it is made. */
    @Override
    public void syncDirectory() {}

    /** Only asked for when Xodus would rather lose a damaged log, which it is told not to. */
    @Override
    public void clear() {
        throw new StorageException.Corruption(
                "Xodus finds the log in " + directory + " inconsistent; restore the member", null);
    }

    /** The directory is locked by whoever opened these files. */
    @Override
    public boolean lock(long timeoutMillis) {
        return true;
    }

    @Override
    public boolean release() {
        return true;
    }

    @Override
    public String lockInfo() {
        return "";
    }

    @Override
    public String getLocation() {
        return directory.toString();
    }

    @Override
    public Iterable<Block> getBlocks() {
        return getBlocks(0);
    }

    @Override
    public Iterable<Block> getBlocks(long fromAddress) {
        List<Block> blocks = new ArrayList<>();
        files.tailMap(fromAddress, true)
                .forEach((address, file) -> blocks.add(new PartBlock(address, file)));
        return blocks;
    }

    // ---- the whole ----

    /** Bytes in files, with their checksums. */
    long sizeOnDisk() {
        long sum = Mark.BYTES;
        for (PartFile file : files.values()) sum += file.length();
        return sum;
    }

    /** Reads all files and checks them. */
    void verify() {
        try {
            for (PartFile file : files.values()) file.verify();
        } catch (IOException e) {
            throw failed("cannot read the environment in " + directory, e);
        }
    }

    /** From here on Xodus closes, and what is not durable is given up. */
    void beginClose() {
        closing = true;
    }

    /** Closes all files, after Xodus has closed. */
    void closeAll() {
        try {
            for (PartFile file : files.values()) file.close();
            synchronized (garbage) {
                for (PartFile file : garbage) file.close();
            }
            markChannel.close();
        } catch (IOException e) {
            throw failed("cannot close the environment in " + directory, e);
        }
    }

    /** Removes the files of an environment that nothing refers to. */
    static void delete(FileIo io, Path directory, String prefix) throws IOException {
        for (Path path : io.list(directory)) {
            String name = path.getFileName().toString();
            if (name.startsWith(prefix + "-") || name.equals(prefix + ".mark")) io.delete(path);
        }
    }

    private final class PartBlock implements Block {
        private final long address;
        private final PartFile file;

        PartBlock(long address, PartFile file) {
            this.address = address;
            this.file = file;
        }

        @Override
        public long getAddress() {
            return address;
        }

        @Override
        public long length() {
            return file.length();
        }

        @Override
        public int read(byte[] output, long position, int offset, int count) {
            try {
                return file.read(output, position, offset, count);
            } catch (IOException e) {
                throw failed("cannot read " + path(address), e);
            }
        }

        @Override
        public Block refresh() {
            return this;
        }
    }
}
