package io.quorate.backend.xodus;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * One file of an environment with a checksum for each of its pages. While the file grows the
 * checksums are in the heap; when it is full they are written behind its pages, and read back when
 * the first page is. A length here is what counts of the file: bytes beyond it are leftovers.
 *
 * <p>One thread appends, under Xodus' commit lock; any thread reads.
 */
final class PartFile {
    private final Path path;
    private final FileIo.Channel channel;
    private final long fileBytes;
    private final int pageBytes;

    /** Written before the length that covers them; null while a full file has not been read. */
    private volatile int[] pageCrcs;

    private CRC32C lastPage = new CRC32C(); // of the page that is growing
    private volatile long length;
    private volatile boolean sealed;

    private PartFile(Path path, FileIo.Channel channel, long fileBytes, int pageBytes) {
        this.path = path;
        this.channel = channel;
        this.fileBytes = fileBytes;
        this.pageBytes = pageBytes;
    }

    static PartFile empty(Path path, FileIo.Channel channel, long fileBytes, int pageBytes) {
        PartFile file = new PartFile(path, channel, fileBytes, pageBytes);
        file.pageCrcs = new int[(int) (fileBytes / pageBytes)];
        return file;
    }

    /** A file that was full when the mark was made. */
    static PartFile full(Path path, FileIo.Channel channel, long fileBytes, int pageBytes) {
        PartFile file = new PartFile(path, channel, fileBytes, pageBytes);
        file.length = fileBytes;
        file.sealed = true;
        return file;
    }

    long length() {
        return length;
    }

    boolean isFull() {
        return length == fileBytes;
    }

    void append(byte[] bytes, int offset, int count) throws IOException {
        channel.write(ByteBuffer.wrap(bytes, offset, count), length);
        account(bytes, offset, count);
    }

    private synchronized void account(byte[] bytes, int offset, int count) {
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

    /** Forgets the end; a later append writes over it. */
    synchronized void truncate(long newLength) throws IOException {
        if (newLength == length) return;
        int[] crcs = crcs();
        int inPage = (int) (newLength % pageBytes);
        byte[] page = new byte[inPage];
        readFully(page, 0, newLength - inPage, inPage);
        lastPage = new CRC32C();
        lastPage.update(page);
        if (inPage > 0) crcs[(int) (newLength / pageBytes)] = (int) lastPage.getValue();
        length = newLength;
        sealed = false;
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
     * Takes the first {@code newLength} bytes for its content if they have that checksum.
     *
     * @throws StorageException.Corruption if not
     */
    void load(long newLength, int tailCrc) throws IOException {
        byte[] page = new byte[pageBytes];
        while (length < newLength) {
            int count = (int) Math.min(pageBytes, newLength - length);
            readFully(page, 0, length, count);
            account(page, 0, count);
        }
        if (tailCrc() != tailCrc) throw damaged("[0, " + newLength + ")");
    }

    /** Writes the checksums of a full file behind its pages; a force must follow. */
    void seal() throws IOException {
        if (sealed) return;
        ByteBuffer table = ByteBuffer.allocate(4 * pages() + 4);
        synchronized (this) {
            for (int crc : pageCrcs) table.putInt(crc);
        }
        table.putInt(crcOf(table.array(), 4 * pages()));
        channel.write(table.rewind(), fileBytes);
        sealed = true;
    }

    void force() throws IOException {
        channel.force(false);
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

    private void readFully(byte[] target, int offset, long position, int count)
            throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(target, offset, count);
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
        channel.close();
    }
}
