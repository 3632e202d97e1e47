package io.quorate.backend.xodus;

import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.StorageException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * How far the log of an environment is known to be on stable storage, and the checksum of its last
 * file up to there. Xodus itself would take whatever root it finds last, an older one when the
 * newest is damaged; with the mark an acknowledged transaction is there or the open fails.
 *
 * <p>A mark file has two slots, written in turn, of two copies each. A copy stands alone in a
 * sector. A torn write can hurt only the slot being written, so the one before it is still there; a
 * damaged copy leaves the other copy of its slot.
 *
 * @param sequence counts the marks of an environment from 1
 * @param fileBytes size of the environment's files, fixed for its life
 * @param pageBytes size of its pages, likewise
 * @param high end of what is durable, in bytes since the environment began
 * @param tailCrc checksum of the page checksums of the file that holds {@code high}
 */
record Mark(long sequence, long fileBytes, int pageBytes, long high, int tailCrc) {
    static final int BYTES = 2048;
    private static final int SECTOR = 512;
    private static final int RECORD = 8 + 8 + 8 + 4 + 8 + 4;
    private static final long MAGIC = 0x7175_6f72_786f_6431L;

    Mark next(long newHigh, int newTailCrc) {
        return new Mark(sequence + 1, fileBytes, pageBytes, newHigh, newTailCrc);
    }

    /** Where its slot begins. */
    long position() {
        return (sequence & 1) * 2 * SECTOR;
    }

    /** Both copies of its slot. */
    ByteBuffer slot() {
        ByteBuffer slot = ByteBuffer.allocate(2 * SECTOR);
        for (int copy = 0; copy < 2; copy++) {
            slot.position(copy * SECTOR);
            slot.putLong(MAGIC).putLong(sequence).putLong(fileBytes).putInt(pageBytes);
            slot.putLong(high).putInt(tailCrc);
            slot.putInt(crc(slot.array(), copy * SECTOR));
        }
        return slot.rewind();
    }

    /**
     * The latest mark of a file.
     *
     * @throws StorageException.Corruption when there is none
     */
    static Mark read(FileIo.Channel channel, Path path) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) continue;
        Mark latest = null;
        for (int at = 0; at < BYTES; at += SECTOR) {
            Mark mark = decode(bytes.array(), at);
            if (mark != null && (latest == null || mark.sequence > latest.sequence)) latest = mark;
        }
        if (latest == null) {
            throw new StorageException.Corruption(
                    path + " is damaged; restore the member from its peers or from a backup", null);
        }
        return latest;
    }

    private static Mark decode(byte[] bytes, int at) {
        ByteBuffer copy = ByteBuffer.wrap(bytes, at, SECTOR);
        if (copy.getLong() != MAGIC) return null;
        Mark mark =
                new Mark(
                        copy.getLong(),
                        copy.getLong(),
                        copy.getInt(),
                        copy.getLong(),
                        copy.getInt());
        return copy.getInt() == crc(bytes, at) ? mark : null;
    }

    private static int crc(byte[] bytes, int at) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, at, RECORD);
        return (int) crc.getValue();
    }
}
