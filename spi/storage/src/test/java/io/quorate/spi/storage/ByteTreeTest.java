package io.quorate.spi.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Replay with {@code -Dtree.seed=…}. */
class ByteTreeTest {
    @Test
    void keysBelowAllOthersStayInOrder() {
        ByteTree.Editor<Integer> editor = ByteTree.<Integer>empty().edit();
        Map<byte[], Integer> model = new TreeMap<>(Arrays::compareUnsigned);
        for (int i = 1000; i < 1100; i++) {
            put(editor, model, i);
        }
        // They fill the first leaf of a tree that has several, until it splits.
        for (int i = 0; i < 200; i++) {
            put(editor, model, i);
        }
        assertSame(model, editor.tree());
    }

    @Test
    void editsInAnyOrderAreThoseOfASortedMap() {
        long first = Long.getLong("tree.seed", new Random().nextLong());
        for (long seed = first; seed < first + 500; seed++) {
            Random random = new Random(seed);
            Map<byte[], Integer> model = new TreeMap<>(Arrays::compareUnsigned);
            ByteTree<Integer> tree = ByteTree.empty();
            int range = 50 + random.nextInt(600);
            for (int round = 0; round < 10; round++) {
                ByteTree.Editor<Integer> editor = tree.edit();
                boolean removing = random.nextInt(3) == 0;
                for (int i = random.nextInt(300); i > 0; i--) {
                    int key = random.nextInt(range) + (removing ? 900 : 1000);
                    if (removing && random.nextBoolean()) {
                        model.remove(key(key));
                        editor.remove(key(key));
                    } else {
                        put(editor, model, key);
                    }
                }
                tree = editor.tree();
                try {
                    assertSame(model, tree);
                } catch (AssertionError e) {
                    throw new AssertionError("seed " + seed + ", round " + round, e);
                }
            }
        }
    }

    private static void put(ByteTree.Editor<Integer> editor, Map<byte[], Integer> model, int key) {
        editor.put(key(key), key);
        model.put(key(key), key);
    }

    private static void assertSame(Map<byte[], Integer> model, ByteTree<Integer> tree) {
        assertEquals(model.size(), tree.size());
        ByteTree.Walk<Integer> walk = tree.walk(null, null, false);
        model.forEach((key, value) -> {
            assertTrue(walk.next());
            assertArrayEquals(key, walk.key());
            assertEquals(value, walk.value());
            assertEquals(value, tree.get(key));
        });
        assertFalse(walk.next());
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }
}
