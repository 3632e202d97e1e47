package io.quorate.spi.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/** The tree against a TreeMap. */
class ByteTreeOrderTest {
    private final ByteTree.Editor<Integer> tree = ByteTree.<Integer>empty().edit();
    private final NavigableMap<byte[], Integer> model = new TreeMap<>(Arrays::compareUnsigned);

    private void put(int number) {
        assertEquals(model.put(key(number), number), tree.put(key(number), number));
    }

    private void remove(int number) {
        assertEquals(model.remove(key(number)), tree.remove(key(number)));
    }

    private static byte[] key(int number) {
        return "%05d".formatted(number).getBytes(StandardCharsets.UTF_8);
    }

    private void check() {
        ByteTree<Integer> now = tree.tree();
        assertEquals(model.size(), now.size());
        ByteTree.Walk<Integer> walk = now.walk(null, null, false);
        for (var entry : model.entrySet()) {
            assertEquals(entry.getValue(), now.get(entry.getKey()));
            assertTrue(walk.next());
            assertEquals(entry.getValue(), walk.value());
        }
        assertFalse(walk.next());
    }

    @Test
    void keysThatArriveBackwardsAreAllFound() {
        for (int i = 3000; i > 0; i--) put(i);
        check();
    }

    @Test
    void keysThatArriveInOrderAreAllFound() {
        for (int i = 0; i < 3000; i++) put(i);
        check();
    }

    @Test
    void growingAndShrinkingKeepsEveryKey() {
        long seed = Long.getLong("quorate.storage.seed", new Random().nextLong());
        Random random = new Random(seed);
        try {
            for (int phase = 0; phase < 20; phase++) {
                int range = 1 + random.nextInt(20_000);
                int puts = 10 + random.nextInt(80);
                for (int i = 0; i < 3000; i++) {
                    if (random.nextInt(100) < puts) put(random.nextInt(range));
                    else remove(random.nextInt(range));
                }
                check();
            }
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("replay with -Dquorate.storage.seed=" + seed, e);
        }
    }
}
