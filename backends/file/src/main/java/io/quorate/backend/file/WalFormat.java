package io.quorate.backend.file;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Records of a log segment, big-endian, each starting at a multiple of 8:
 *
 * <pre>
 *  0 length  u32  bytes of payload, above 0
 *  4 crc     u32  CRC32C of offset in the file (u32), length, bytes 8..31, payload
 *  8 segment u64  id of the segment: bytes that a recycled file kept from before do not match
 * 16 group   u62  number of the force that the record waited for, and two flags:
 *                 bit 1 last record of its group, bit 0 last record of its unit
 * 24 index   u64  index of an entry, else 0
 * 32 payload      byte 0 is the kind; an entry has its type in byte 1, its term at 8, data at 16;
 *                 the others hold long values from 8 on
 * </pre>
 *
 * A <em>unit</em> is what one append call gave: all or nothing. A <em>group</em> is the units that
 * one write and one force carried; group g+1 is written only after the force of g came back. Hence
 * the rule of recovery, checked by a model: behind the first bad record of group g only records of
 * g may be whole (their sectors happened to survive a power cut); a whole record of a later group
 * proves that the bad bytes had once been forced, so they are damage, not a torn write.
 */
final class WalFormat {
    static final int HEADER_BYTES = 32;
    static final int ENTRY_PREFIX_BYTES = 16;
    private static final int MAX_LONGS = 12;

    // Kinds of records.
    static final byte ENTRY = 1;
    static final byte HARD_STATE = 2;
    static final byte IDENTITY = 3;

    /** All entries up to here may be forgotten: index, term. */
    static final byte BASE = 4;

    /** The log is empty and starts after: index, term. */
    static final byte RESET = 5;

    /** First record of a segment: what must be known without the segments before. */
    static final byte SEGMENT = 6;

    /** Group numbers jump to this record's: what was torn or refused before is void. */
    static final byte RESUME = 7;

    private WalFormat() {}

    /** Bytes that a record with this payload takes in the file. */
    static long recordBytes(long payloadBytes) {
        return HEADER_BYTES + (payloadBytes + 7 & ~7L);
    }

    static int controlBytes(int longs) {
        return (int) recordBytes(8L + 8L * longs);
    }

    /** Bytes of a {@link #SEGMENT} record. */
    static final int SEGMENT_RECORD_BYTES = controlBytes(11);

    /**
     * What the first record of a segment says.
     *
     * @param previousId the segment before, 0 for none
     * @param previousEnd offset in it after its last record
     * @param lastIndex index of the last entry before this segment
     * @param identity null before it is given
     */
    record SegmentStart(
            long previousId,
            long previousEnd,
            long lastIndex,
            Identity identity,
            HardState hardState,
            long baseIndex,
            long baseTerm) {
        long[] longs() {
            return new long[] {
                previousId,
                previousEnd,
                lastIndex,
                identity == null ? 0 : 1,
                identity == null ? 0 : identity.clusterId(),
                identity == null ? 0 : identity.memberId(),
                hardState.term(),
                hardState.vote(),
                hardState.commit(),
                baseIndex,
                baseTerm
            };
        }

        static SegmentStart read(ByteBuffer file, int record) {
            long[] v = WalFormat.longs(file, record, 11);
            return new SegmentStart(
                    v[0],
                    v[1],
                    v[2],
                    v[3] == 0 ? null : new Identity(v[4], v[5]),
                    new HardState(v[6], v[7], v[8]),
                    v[9],
                    v[10]);
        }
    }

    /** Writes an entry at the buffer's position, which advances. */
    static void putEntry(
            ByteBuffer to,
            long fileOffset,
            long segment,
            long group,
            long index,
            long term,
            int type,
            byte[] data) {
        int start = to.position();
        int length = ENTRY_PREFIX_BYTES + data.length;
        to.putInt(length).putInt(0).putLong(segment).putLong(group).putLong(index);
        to.put(ENTRY).put((byte) type).putShort((short) 0).putInt(0).putLong(term).put(data);
        seal(to, start, fileOffset, length);
    }

    /** Writes a record of long values at the buffer's position, which advances. */
    static void putControl(
            ByteBuffer to, long fileOffset, long segment, long group, byte kind, long... values) {
        if (values.length > MAX_LONGS) throw new IllegalArgumentException("too many values");
        int start = to.position();
        int length = 8 + 8 * values.length;
        to.putInt(length).putInt(0).putLong(segment).putLong(group).putLong(0);
        to.putLong((long) kind << 56);
        for (long value : values) to.putLong(value);
        seal(to, start, fileOffset, length);
    }

    static long group(long number, boolean endOfGroup, boolean endOfUnit) {
        return number << 2 | (endOfGroup ? 2 : 0) | (endOfUnit ? 1 : 0);
    }

    private static void seal(ByteBuffer to, int start, long fileOffset, int length) {
        while ((to.position() & 7) != (start & 7)) to.put((byte) 0);
        to.putInt(start + 4, crc(to, start, fileOffset, length));
    }

    /**
     * Whether a whole record of this segment starts here.
     *
     * @param buffer bytes of the file; the record is at {@code at}
     * @param fileOffset where in the file that is
     */
    static boolean isWhole(ByteBuffer buffer, int at, long fileOffset, long segment) {
        if (buffer.limit() - at < HEADER_BYTES || buffer.getLong(at + 8) != segment) return false;
        int length = buffer.getInt(at);
        if (length < 8 || length > buffer.limit() - at - HEADER_BYTES) return false;
        return crc(buffer, at, fileOffset, length) == buffer.getInt(at + 4);
    }

    /** Says of the record at {@code at} that it is the last of its group. */
    static void markEndOfGroup(ByteBuffer buffer, int at, long fileOffset) {
        buffer.putLong(at + 16, buffer.getLong(at + 16) | 2);
        buffer.putInt(at + 4, crc(buffer, at, fileOffset, buffer.getInt(at)));
    }

    static long groupNumber(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 16) >>> 2;
    }

    static boolean isEndOfGroup(ByteBuffer buffer, int at) {
        return (buffer.getLong(at + 16) & 2) != 0;
    }

    static boolean isEndOfUnit(ByteBuffer buffer, int at) {
        return (buffer.getLong(at + 16) & 1) != 0;
    }

    static long index(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 24);
    }

    static byte kind(ByteBuffer buffer, int at) {
        return buffer.get(at + HEADER_BYTES);
    }

    static int entryType(ByteBuffer buffer, int at) {
        return Byte.toUnsignedInt(buffer.get(at + HEADER_BYTES + 1));
    }

    static long entryTerm(ByteBuffer buffer, int at) {
        return buffer.getLong(at + HEADER_BYTES + 8);
    }

    static int dataLength(ByteBuffer buffer, int at) {
        return buffer.getInt(at) - ENTRY_PREFIX_BYTES;
    }

    static byte[] data(ByteBuffer buffer, int at) {
        byte[] data = new byte[dataLength(buffer, at)];
        buffer.get(at + HEADER_BYTES + ENTRY_PREFIX_BYTES, data);
        return data;
    }

    static long[] longs(ByteBuffer buffer, int at, int count) {
        long[] values = new long[count];
        for (int i = 0; i < count; i++) values[i] = buffer.getLong(at + HEADER_BYTES + 8 + 8 * i);
        return values;
    }

    private static int crc(ByteBuffer buffer, int at, long fileOffset, int length) {
        CRC32C crc = new CRC32C();
        update(crc, (int) fileOffset);
        update(crc, length);
        ByteBuffer covered = buffer.duplicate();
        covered.limit(at + HEADER_BYTES + length).position(at + 8);
        crc.update(covered);
        return (int) crc.getValue();
    }

    private static void update(CRC32C crc, int value) {
        crc.update(value >>> 24);
        crc.update(value >>> 16);
        crc.update(value >>> 8);
        crc.update(value);
    }
}
