package io.quorate.spi.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

class ByteTreeTest {
    private static final int SEEDS = 40;

    private static byte[] key(long number) {
        return ByteBuffer.allocate(8).putLong(number).array();
    }

    private static byte[] randomKey(Random random, int spread) {
        byte[] key = new byte[random.nextInt(3)];
        for (int i = 0; i < key.length; i++) key[i] = (byte) (random.nextInt(spread) * 11);
        return key;
    }

    private static void assertSame(
            NavigableMap<byte[], Integer> expected, ByteTree.Walk<Integer> walk) {
        for (Map.Entry<byte[], Integer> entry : expected.entrySet()) {
            assertTrue(walk.next());
            assertArrayEquals(entry.getKey(), walk.key());
            assertEquals(entry.getValue(), walk.value());
        }
        assertFalse(walk.next());
        assertFalse(walk.next());
    }

    @Test
    void randomUseAgreesWithATreeMap() {
        long start = Long.getLong("storage.seed", new Random().nextLong() >>> 16);
        for (long seed = start; seed < start + SEEDS; seed++) {
            try {
                agreesWithATreeMap(new Random(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("replay with -Dstorage.seed=" + seed, e);
            }
        }
    }

    private static void agreesWithATreeMap(Random random) {
        int spread = 1 + random.nextInt(23);
        TreeMap<byte[], Integer> model = new TreeMap<>(Arrays::compareUnsigned);
        ByteTree<Integer> tree = ByteTree.empty();
        List<ByteTree<Integer>> versions = new ArrayList<>();
        List<TreeMap<byte[], Integer>> models = new ArrayList<>();
        for (int batch = 0; batch < 60; batch++) {
            ByteTree.Editor<Integer> editor = tree.edit();
            // Phases of growing and of shrinking, down to nothing.
            boolean grows = batch / 15 % 2 == 0;
            for (int i = random.nextInt(80); i >= 0; i--) {
                byte[] key = randomKey(random, spread);
                boolean put = random.nextInt(10) < (grows ? 8 : 2);
                Integer expected = put ? model.put(key, i) : model.remove(key);
                assertEquals(expected, put ? editor.put(key, i) : editor.remove(key));
            }
            tree = editor.tree();
            versions.add(tree);
            models.add(new TreeMap<>(model));
        }
        for (int i = 0; i < versions.size(); i++) matches(models.get(i), versions.get(i), random);
    }

    private static void matches(
            TreeMap<byte[], Integer> model, ByteTree<Integer> tree, Random random) {
        assertEquals(model.size(), tree.size());
        assertSame(model, tree.walk(null, null, false));
        assertSame(model.descendingMap(), tree.walk(null, null, true));
        byte[] a = randomKey(random, 23);
        byte[] b = randomKey(random, 23);
        byte[] from = Arrays.compareUnsigned(a, b) < 0 ? a : b;
        byte[] to = from == a ? b : a;
        NavigableMap<byte[], Integer> range = model.subMap(from, true, to, false);
        assertSame(range, tree.walk(from, to, false));
        assertSame(range.descendingMap(), tree.walk(from, to, true));
        assertEquals(model.get(a), tree.get(a));
    }

    @Test
    void ascendingKeysAndTheirRemovalFromTheLeft() {
        ByteTree<Long> tree = ByteTree.empty();
        for (long i = 0; i < 20_000; i += 100) {
            ByteTree.Editor<Long> editor = tree.edit();
            for (long j = i; j < i + 100; j++) editor.put(key(j), j);
            tree = editor.tree();
        }
        ByteTree<Long> full = tree;
        ByteTree.Editor<Long> editor = tree.edit();
        for (long i = 0; i < 19_990; i++) assertEquals(i, editor.remove(key(i)));
        ByteTree<Long> left = editor.tree();
        assertEquals(10, left.size());
        assertNull(left.get(key(5)));
        assertEquals(19_995L, left.get(key(19_995)));
        assertEquals(20_000, full.size());
        assertEquals(5L, full.get(key(5)));
    }
}
