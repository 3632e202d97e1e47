package io.quorate.backend.file;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The larger values of one mem-table, outside the heap: rows live as long as the mem-table, too
 * long for a young generation and too short for an old one, and a collector that need not move them
 * stops the member for a shorter time. Filled by the committer, read by anybody who holds a {@link
 * LiveSet} with it; the last of these gives all memory back at once.
 */
final class Slab {
    /** A smaller value takes less as an object than as a place in here. */
    private static final int VALUE_BYTES_MIN = 64;

    /** The first piece of memory; each next one is twice as large until the last is reached. */
    private static final int CHUNK_BYTES_MIN = 16 << 10;

    private static final int CHUNK_BYTES_MAX = 1 << 20;

    private final AtomicInteger references = new AtomicInteger();

    // Used by the committer.
    private Arena arena; // null until the first value comes
    private MemorySegment chunk;
    private int chunkBytes = CHUNK_BYTES_MIN;
    private long used;
    private volatile long bytes;

    /** Somewhere to find the value again. */
    MemValue store(byte[] value) {
        if (value.length < VALUE_BYTES_MIN) return new MemValue.InHeap(value);
        if (arena == null || chunk.byteSize() - used < value.length) addChunk(value.length);
        MemorySegment.copy(value, 0, chunk, ValueLayout.JAVA_BYTE, used, value.length);
        MemValue stored = new MemValue.InSlab(chunk, (int) used, value.length);
        used += value.length;
        bytes += value.length;
        return stored;
    }

    private void addChunk(int bytesMin) {
        if (arena == null) arena = Arena.ofShared();
        chunk = arena.allocate(Math.max(bytesMin, chunkBytes));
        used = 0;
        chunkBytes = Math.min(CHUNK_BYTES_MAX, 2 * chunkBytes);
    }

    /** Of all values stored, those too that were replaced since. */
    long bytes() {
        return bytes;
    }

    void retain() {
        references.incrementAndGet();
    }

    void release() {
        // Counting down and up orders this after all that the committer did.
        if (references.decrementAndGet() == 0 && arena != null) arena.close();
    }
}
