package io.quorate.engine.bolt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

class LiveKeysTest {
    @Test
    void countsAsASetDoes() {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        LiveKeys counted = new LiveKeys();
        Set<String> model = new HashSet<>();
        for (int i = 0; i < 200_000; i++) {
            // Grows over the first table, then shrinks, then grows again.
            boolean add = random.nextInt(100) < (i / 50_000 == 1 ? 30 : 70);
            String key = "key" + random.nextInt(20_000);
            byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
            if (add) {
                counted.add(bytes);
                model.add(key);
            } else {
                counted.remove(bytes);
                model.remove(key);
            }
            assertEquals(model.size(), counted.count(), "replay with -Dseed=" + seed);
        }
    }
}
