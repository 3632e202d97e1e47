package io.quorate.backend.file;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Sorted entries of one keyspace, the unit of reading and of checksums in a table file, big-endian:
 *
 * <pre>
 * entries   each: key length u32 | value length u32, -1 for a tombstone | key | value
 * offsets   u32 of each entry
 * count     u32
 * crc       u32, CRC32C of table id, offset of the block in the file, and all of the above
 * </pre>
 */
final class Block {
    /** Bytes of an entry beside its key and value. */
    static final int ENTRY_OVERHEAD_BYTES = 12;

    static final int TRAILER_BYTES = 8;

    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private final byte[] bytes;
    private final int count;
    private final int offsets;

    /** The bytes as {@link #check} found them good. */
    Block(byte[] bytes) {
        this.bytes = bytes;
        count = int32(bytes, bytes.length - TRAILER_BYTES);
        offsets = bytes.length - TRAILER_BYTES - 4 * count;
    }

    static int int32(byte[] bytes, int at) {
        return (int) INT.get(bytes, at);
    }

    static void putInt32(byte[] bytes, int at, int value) {
        INT.set(bytes, at, value);
    }

    static int crc(byte[] bytes, int length, long table, long offset) {
        CRC32C crc = new CRC32C();
        byte[] place = new byte[16];
        for (int i = 0; i < 8; i++) {
            place[i] = (byte) (table >>> 56 - 8 * i);
            place[8 + i] = (byte) (offset >>> 56 - 8 * i);
        }
        crc.update(place, 0, 16);
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    /** Whether the last four bytes are the checksum of the others at this place. */
    static boolean check(byte[] bytes, long table, long offset) {
        int length = bytes.length - 4;
        return crc(bytes, length, table, offset) == int32(bytes, length);
    }

    int count() {
        return count;
    }

    int heapBytes() {
        return bytes.length + 32;
    }

    byte[] key(int entry) {
        int at = at(entry);
        return Arrays.copyOfRange(bytes, at + 8, at + 8 + int32(bytes, at));
    }

    boolean isTombstone(int entry) {
        return int32(bytes, at(entry) + 4) < 0;
    }

    int valueLength(int entry) {
        return int32(bytes, at(entry) + 4);
    }

    /** The value, or {@link MemTable#TOMBSTONE}. */
    byte[] value(int entry) {
        int at = at(entry);
        int length = int32(bytes, at + 4);
        if (length < 0) return MemTable.TOMBSTONE;
        int start = at + 8 + int32(bytes, at);
        return Arrays.copyOfRange(bytes, start, start + length);
    }

    /** The entry with this key, or -(position of the next larger) - 1. */
    int search(byte[] key) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = compare(middle, key);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return -low - 1;
    }

    private int compare(int entry, byte[] key) {
        int at = at(entry);
        int length = int32(bytes, at);
        return Arrays.compareUnsigned(bytes, at + 8, at + 8 + length, key, 0, key.length);
    }

    private int at(int entry) {
        return int32(bytes, offsets + 4 * entry);
    }
}
