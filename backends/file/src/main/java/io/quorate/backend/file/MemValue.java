package io.quorate.backend.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a mem-table says of a key. */
sealed interface MemValue {
    /** The key is deleted. Known by identity. */
    MemValue TOMBSTONE = new InHeap(MemTable.TOMBSTONE);

    /** Bytes of the value, 0 for a tombstone. */
    int length();

    /** The value, which the caller does not change, or {@link MemTable#TOMBSTONE}. */
    byte[] bytes();

    /** A small one. */
    record InHeap(byte[] bytes) implements MemValue {
        @Override
        public int length() {
            return bytes.length;
        }
    }

    /** Part of a {@link Slab}'s memory; read by who holds the slab. */
    record InSlab(MemorySegment chunk, int offset, int length) implements MemValue {
        @Override
        public byte[] bytes() {
            byte[] copy = new byte[length];
            MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, offset, copy, 0, length);
            return copy;
        }
    }
}
