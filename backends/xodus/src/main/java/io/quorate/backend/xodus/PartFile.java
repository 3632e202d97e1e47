package io.quorate.backend.xodus;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * One file of an environment with a checksum for each of its pages. While the file grows the
 * checksums are in the heap; when it is full they are written behind its pages, and read back when
 * the first page is. A length here is what counts of the file: bytes beyond it are leftovers.
 *
 * <p>What Xodus appends goes to the heap first, and from there to the disk by {@link #drain}, so
 * that an append cannot fail: Xodus 2.0.1 does not survive a write that finds no space.
 *
 * <p>One thread appends, under Xodus' commit lock; one at a time drains; any thread reads.
 */
final class PartFile {
    private final FileIo io;
    private final Path path;
    private final long fileBytes;
    private final int pageBytes;

    private volatile FileIo.Channel channel; // null until the file is made, by the first drain

    /** Written before the length that covers them; null while a full file has not been read. */
    private volatile int[] pageCrcs;

    private volatile long length;

    // Guarded by this.
    private CRC32C lastPage = new CRC32C(); // of the page that is growing
    private byte[] heap = new byte[0]; // the bytes [drained, length), and room for more
    private long drained;

    private boolean sealed; // whether the checksums are on disk; of the one who drains

    private PartFile(FileIo io, Path path, long fileBytes, int pageBytes) {
        this.io = io;
        this.path = path;
        this.fileBytes = fileBytes;
        this.pageBytes = pageBytes;
    }

    /** A new file, which is not made yet. */
    static PartFile planned(FileIo io, Path path, long fileBytes, int pageBytes) {
        PartFile file = new PartFile(io, path, fileBytes, pageBytes);
        file.pageCrcs = new int[(int) (fileBytes / pageBytes)];
        return file;
    }

    /** A file that was full when the mark was made. */
    static PartFile full(FileIo io, Path path, long fileBytes, int pageBytes) throws IOException {
        PartFile file = new PartFile(io, path, fileBytes, pageBytes);
        file.channel = io.open(path, FileIo.Mode.READ_WRITE);
        file.length = fileBytes;
        file.drained = fileBytes;
        file.sealed = true;
        return file;
    }

    /**
     * The file that a mark ends in.
     *
     * @throws StorageException.Corruption when it does not have the mark's checksum
     */
    static PartFile tail(
            FileIo io, Path path, long fileBytes, int pageBytes, long length, int tailCrc)
            throws IOException {
        PartFile file = planned(io, path, fileBytes, pageBytes);
        file.channel = io.open(path, FileIo.Mode.READ_WRITE);
        try {
            file.load(length, tailCrc);
            return file;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private synchronized void load(long newLength, int tailCrc) throws IOException {
        byte[] page = new byte[pageBytes];
        while (length < newLength) {
            int count = (int) Math.min(pageBytes, newLength - length);
            drained = length + count;
            readFully(page, 0, length, count);
            account(page, 0, count);
        }
        if (tailCrc() != tailCrc) throw damaged("[0, " + newLength + ")");
        sealed = isFull();
    }

    long length() {
        return length;
    }

    boolean isFull() {
        return length == fileBytes;
    }

    synchronized void append(byte[] bytes, int offset, int count) {
        int used = (int) (length - drained);
        if (heap.length < used + count) {
            heap = Arrays.copyOf(heap, Math.max(used + count, heap.length * 2));
        }
        System.arraycopy(bytes, offset, heap, used, count);
        account(bytes, offset, count);
    }

    private void account(byte[] bytes, int offset, int count) {
        while (count > 0) {
            int inPage = (int) (length % pageBytes);
            int piece = Math.min(count, pageBytes - inPage);
            lastPage.update(bytes, offset, piece);
            pageCrcs[(int) (length / pageBytes)] = (int) lastPage.getValue();
            if (inPage + piece == pageBytes) lastPage = new CRC32C();
            length += piece;
            offset += piece;
            count -= piece;
        }
    }

    /** Bytes that are in the heap only. */
    synchronized long undrained() {
        return length - drained;
    }

    /**
     * Writes what is in the heap, and the checksums of a full file, which it forces too. After an
     * exception it can be called again.
     *
     * @return whether nothing will follow: the file is full
     */
    boolean drain() throws IOException {
        if (channel == null) channel = make();
        byte[] bytes;
        int count;
        long at;
        synchronized (this) {
            at = drained;
            count = (int) (length - drained);
            bytes = heap;
        }
        // Appends meanwhile go behind count, or into another array.
        if (count > 0) channel.write(ByteBuffer.wrap(bytes, 0, count), at);
        synchronized (this) {
            drained += count;
            int left = (int) (length - drained);
            heap = left == 0 ? new byte[0] : Arrays.copyOfRange(heap, count, count + left);
            if (left > 0 || !isFull()) return false;
        }
        if (!sealed) {
            seal();
            channel.force(false);
            sealed = true;
        }
        return true;
    }

    private FileIo.Channel make() throws IOException {
        // What was written after the last mark before a crash, or before a full disk.
        if (io.exists(path)) io.delete(path);
        FileIo.Channel made = io.open(path, FileIo.Mode.CREATE_NEW);
        try {
            io.forceDirectory(path.getParent());
            return made;
        } catch (IOException e) {
            made.close();
            throw e;
        }
    }

    private void seal() throws IOException {
        ByteBuffer table = ByteBuffer.allocate(4 * pages() + 4);
        for (int crc : pageCrcs) table.putInt(crc);
        table.putInt(crcOf(table.array(), 4 * pages()));
        channel.write(table.rewind(), fileBytes);
    }

    void force() throws IOException {
        channel.force(false);
    }

    /** Checksum of the page checksums up to the length. */
    synchronized int tailCrc() throws IOException {
        int[] crcs = crcs();
        ByteBuffer table = ByteBuffer.allocate(4 * pages());
        for (int i = 0; i < pages(); i++) table.putInt(crcs[i]);
        return crcOf(table.array(), table.capacity());
    }

    private int pages() {
        return (int) ((length + pageBytes - 1) / pageBytes);
    }

    /**
     * Reads up to {@code count} bytes at a position, each page checked as a whole.
     *
     * @return how many bytes there were
     */
    int read(byte[] output, long position, int offset, int count) throws IOException {
        int left = (int) Math.min(count, length - position);
        int done = 0;
        while (done < left) {
            long at = position + done;
            int inPage = (int) (at % pageBytes);
            int piece = Math.min(left - done, pageBytes - inPage);
            if (piece == pageBytes) {
                readPage(output, offset + done, at);
            } else {
                byte[] page = new byte[pageBytes];
                readPage(page, 0, at - inPage);
                System.arraycopy(page, inPage, output, offset + done, piece);
            }
            done += piece;
        }
        return done;
    }

    private void readPage(byte[] output, int offset, long position) throws IOException {
        int page = (int) (position / pageBytes);
        if (position + pageBytes <= length) {
            int expected = crcs()[page];
            readFully(output, offset, position, pageBytes);
            check(output, offset, pageBytes, expected, position);
            return;
        }
        synchronized (this) { // the page that is growing
            int count = (int) Math.min(pageBytes, length - position);
            readFully(output, offset, position, count);
            check(output, offset, count, pageCrcs[page], position);
        }
    }

    private void check(byte[] bytes, int offset, int count, int expected, long position) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, count);
        if ((int) crc.getValue() != expected) throw damaged("the page at " + position);
    }

    private int[] crcs() throws IOException {
        int[] known = pageCrcs;
        if (known != null) return known;
        synchronized (this) {
            if (pageCrcs == null) pageCrcs = readCrcs();
            return pageCrcs;
        }
    }

    private int[] readCrcs() throws IOException {
        int pages = (int) (fileBytes / pageBytes);
        byte[] table = new byte[4 * pages + 4];
        readFully(table, 0, fileBytes, table.length);
        ByteBuffer bytes = ByteBuffer.wrap(table);
        int[] crcs = new int[pages];
        for (int i = 0; i < pages; i++) crcs[i] = bytes.getInt();
        if (bytes.getInt() != crcOf(table, 4 * pages)) throw damaged("its table of checksums");
        return crcs;
    }

    /** Reads and checks everything. */
    void verify() throws IOException {
        byte[] page = new byte[pageBytes];
        for (long at = 0; at < length; at += pageBytes) read(page, at, 0, pageBytes);
    }

    private void readFully(byte[] target, int offset, long position, int count) throws IOException {
        int fromDisk = count;
        synchronized (this) {
            if (position < fileBytes && position + count > drained) {
                fromDisk = (int) Math.max(0, drained - position);
                int inHeap = (int) (position + fromDisk - drained);
                System.arraycopy(heap, inHeap, target, offset + fromDisk, count - fromDisk);
            }
        }
        ByteBuffer buffer = ByteBuffer.wrap(target, offset, fromDisk);
        while (buffer.hasRemaining()) {
            int got = channel.read(buffer, position + buffer.position() - offset);
            if (got < 0) throw damaged("its end is missing from " + position + " on;");
        }
    }

    private StorageException.Corruption damaged(String what) {
        return new StorageException.Corruption(
                path
                        + ": "
                        + what
                        + " is damaged; restore the member from its peers or from a backup",
                null);
    }

    private static int crcOf(byte[] bytes, int count) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, count);
        return (int) crc.getValue();
    }

    void close() throws IOException {
        if (channel != null) channel.close();
    }

    /** Closes the file and removes it. */
    void delete() throws IOException {
        if (channel == null) return;
        channel.close();
        io.delete(path);
    }
}
