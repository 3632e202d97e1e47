package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

class WatcherIndexTest {
    private static final long SEED =
            Long.getLong("quorate.state.seed", new Random().nextLong(1_000_000));
    private static final int STEPS = 4000;

    private final Random random = new Random(SEED);
    private final WatcherIndex index = new WatcherIndex();
    private final List<Watcher> present = new ArrayList<>();

    /** Keys, ranges, open ends, many alike: the index finds what a look at each watch finds. */
    @Test
    @Tag("WA-05")
    void findsWhatALookAtEachWatchFinds() {
        for (int step = 0; step < STEPS; step++) {
            if (present.isEmpty() || random.nextInt(100) < 52) add();
            else remove();
            byte[] key = key();
            Set<Watcher> expected = new HashSet<>();
            for (Watcher watcher : present) if (watcher.range.holds(key)) expected.add(watcher);
            List<Watcher> found = new ArrayList<>();
            index.visit(key, found::add);
            assertEquals(expected.size(), found.size(), this::seed);
            assertEquals(expected, new HashSet<>(found), this::seed);
            assertEquals(present.size(), index.size());
        }
        while (!present.isEmpty()) remove();
        index.visit(key(), watcher -> assertEquals(null, watcher));
    }

    private String seed() {
        return "seed " + SEED;
    }

    private void add() {
        byte[] end =
                switch (random.nextInt(4)) {
                    case 0 -> Requests.TO_END;
                    case 1 -> Requests.NONE;
                    default -> key();
                };
        WatchQuery query = WatchQuery.range(key(), end, 0);
        KeyRange range = KeyRange.of(query.key(), query.rangeEnd());
        Watcher watcher = new Watcher(null, 1, query, range);
        present.add(watcher);
        index.add(watcher);
    }

    private void remove() {
        Watcher watcher = present.remove(random.nextInt(present.size()));
        index.remove(watcher);
    }

    private byte[] key() {
        byte[] key = new byte[1 + random.nextInt(2)];
        for (int i = 0; i < key.length; i++) key[i] = (byte) (random.nextInt(8) * 36 + 1);
        return key;
    }
}
