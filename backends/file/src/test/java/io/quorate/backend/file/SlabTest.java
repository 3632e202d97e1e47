package io.quorate.backend.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class SlabTest {
    private final Slab slab = new Slab();

    @Test
    void valuesOfAllSizesAreFoundAgain() {
        Random random = new Random(1);
        List<byte[]> given = new ArrayList<>();
        List<MemValue> stored = new ArrayList<>();
        for (int length : new int[] {0, 1, 63, 64, 65, 300, 16 << 10, 100_000, 3 << 20, 64}) {
            byte[] value = new byte[length];
            random.nextBytes(value);
            given.add(value);
            stored.add(slab.store(value));
        }
        for (int i = 0; i < given.size(); i++) {
            assertArrayEquals(given.get(i), stored.get(i).bytes());
        }
        assertInstanceOf(MemValue.InHeap.class, stored.getFirst());
        assertInstanceOf(MemValue.InSlab.class, stored.getLast());
    }

    @Test
    void memoryIsFreedWithTheLastSetThatHoldsIt() {
        LiveSet first = set(slab);
        LiveSet second = set(new Slab(), slab);
        MemValue value = slab.store(new byte[1000]);
        assertTrue(first.tryRetain());
        first.release();
        first.release();
        assertFalse(first.tryRetain());
        assertArrayEquals(new byte[1000], value.bytes());
        second.release();
        assertThrows(IllegalStateException.class, value::bytes);
    }

    @Test
    void emptyValueIsNoTombstone() {
        assertFalse(slab.store(new byte[0]) == MemValue.TOMBSTONE);
        assertSame(MemTable.TOMBSTONE, MemValue.TOMBSTONE.bytes());
    }

    private static LiveSet set(Slab... slabs) {
        return new LiveSet(List.of(), List.of(slabs), table -> {});
    }
}
