package io.quorate.engine.bolt;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The layout of a bbolt file, version 2, as a little-endian machine writes it.
 *
 * <pre>
 *   page     id u64 | flags u16 | count u16 | overflow u32 | elements | keys and values
 *   branch   element: position of the key, from the element u32 | key size u32 | page id u64
 *   leaf     element: flags u32 | position of the key u32 | key size u32 | value size u32
 *   meta     magic u32 | version u32 | page size u32 | flags u32 | root page u64 | sequence u64 |
 *            freelist page u64 | pages in use u64 | transaction u64 | FNV-1a of these 56 bytes u64
 *   bucket   a leaf value: root page u64 | sequence u64; root page 0: the page itself follows
 * </pre>
 *
 * A page with overflow {@code n} goes on over the next {@code n} pages. Pages 0 and 1 are meta
 * pages; the valid one with the later transaction counts.
 */
final class BoltFormat {
    static final int PAGE_BYTES = 4096;
    static final int PAGE_BYTES_MIN = 512;
    static final int PAGE_BYTES_MAX = 64 << 10;

    static final int HEADER_BYTES = 16;
    static final int ELEMENT_BYTES = 16;
    static final int META_BYTES = 64;
    static final int BUCKET_BYTES = 16;

    static final int BRANCH = 0x01;
    static final int LEAF = 0x02;
    static final int META = 0x04;
    static final int FREELIST = 0x10;

    /** Flag of a leaf element whose value is a bucket. */
    static final int IS_BUCKET = 0x01;

    static final int MAGIC = 0xED0CDAED;
    static final int VERSION = 2;

    /** Freelist page of a file that keeps none. */
    static final long NO_FREELIST = -1;

    /** Count of a freelist page whose true count stands in its first element. */
    static final int COUNT_OVERFLOW = 0xFFFF;

    static final int KEY_BYTES_MAX = 32768;

    private static final VarHandle U16 = view(short[].class);
    private static final VarHandle U32 = view(int[].class);
    private static final VarHandle U64 = view(long[].class);

    private BoltFormat() {}

    private static VarHandle view(Class<?> type) {
        return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.LITTLE_ENDIAN);
    }

    static int u16(byte[] bytes, int at) {
        return (short) U16.get(bytes, at) & 0xFFFF;
    }

    static int u32(byte[] bytes, int at) {
        return (int) U32.get(bytes, at);
    }

    static long u64(byte[] bytes, int at) {
        return (long) U64.get(bytes, at);
    }

    static void u16(byte[] bytes, int at, int value) {
        U16.set(bytes, at, (short) value);
    }

    static void u32(byte[] bytes, int at, int value) {
        U32.set(bytes, at, value);
    }

    static void u64(byte[] bytes, int at, long value) {
        U64.set(bytes, at, value);
    }

    static void header(byte[] bytes, int at, long id, int flags, int count, int overflow) {
        u64(bytes, at, id);
        u16(bytes, at + 8, flags);
        u16(bytes, at + 10, count);
        u32(bytes, at + 12, overflow);
    }

    /** FNV-1a, 64 bits. */
    static long fnv(byte[] bytes, int from, int to) {
        long hash = 0xcbf29ce484222325L;
        for (int i = from; i < to; i++) hash = (hash ^ bytes[i] & 0xFF) * 0x100000001b3L;
        return hash;
    }
}
