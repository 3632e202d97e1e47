package io.quorate.engine.checker;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.checker.Lists.Append;
import io.quorate.engine.checker.Lists.Read;
import io.quorate.engine.checker.Lists.Step;
import io.quorate.engine.checker.Lists.Told;
import io.quorate.engine.checker.Lists.Txn;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

@Tag("T19")
class ListsTest {
    private static final long SEED = Long.getLong("seed", new Random().nextLong());

    private final List<Operation<Txn, Told>> history = new ArrayList<>();

    @Test
    void aTransactionSeesItsOwnAppends() {
        told(1, 2, List.of(new Append("x", "1"), new Read("x")), List.of("1"));
        told(3, 4, List.of(new Read("x"), new Append("x", "2")), List.of("1"));
        told(5, 6, List.of(new Read("x")), List.of("1", "2"));
        assertTrue(isFine());
    }

    @Test
    void aLostAppendIsFound() {
        told(1, 2, List.of(new Append("x", "1")));
        told(3, 4, List.of(new Append("x", "2")));
        told(5, 6, List.of(new Read("x")), List.of("2"));
        assertFalse(isFine());
    }

    @Test
    void aStaleReadIsFound() {
        told(1, 2, List.of(new Append("x", "1")));
        told(3, 4, List.of(new Read("x")), List.of());
        assertFalse(isFine());
    }

    /** Two that each read what the other had not written yet: no order explains both. */
    @Test
    void writeSkewIsFound() {
        told(1, 10, List.of(new Read("x"), new Append("y", "1")), List.of());
        told(2, 9, List.of(new Read("y"), new Append("x", "2")), List.of());
        assertFalse(isFine());
    }

    @Test
    void halfATransactionIsFound() {
        told(1, 10, List.of(new Append("x", "1"), new Append("y", "1")));
        told(2, 3, List.of(new Read("x"), new Read("y")), List.of("1"), List.of());
        assertFalse(isFine());
    }

    @Test
    @Tag("T20")
    void anUnknownAppendHappensOnceAtMost() {
        history.add(new Operation<>(0, new Txn(List.of(new Append("x", "1"))), null, 1, 0));
        told(2, 3, List.of(new Read("x")), List.of("1", "1"));
        assertFalse(isFine());
    }

    /** In all orders these would be more than any machine can try. */
    @Test
    @Timeout(60)
    void dozensOfAppendsOfUnknownOutcomeAreDecidedByWhatWasRead() {
        List<String> order = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            history.add(new Operation<>(i, new Txn(List.of(new Append("x", "" + i))), null, 1, 0));
            if (i % 2 == 0) order.add("" + i);
        }
        Collections.shuffle(order, new Random(SEED));
        for (int seen = 0; seen <= order.size(); seen++) {
            List<String> list = order.subList(0, seen);
            told(2L * seen + 2, 2L * seen + 3, List.of(new Read("x")), list);
        }
        assertTrue(isFine());
        List<String> stale = order.subList(0, 7);
        told(200, 201, List.of(new Read("x")), stale);
        assertFalse(isFine());
    }

    /** A real run with a swarm of clients is decided fast, and one wrong element is found. */
    @Test
    void oneWrongReadAmongThousandsIsFound() {
        Random random = new Random(SEED);
        Map<String, List<String>> lists = new HashMap<>();
        for (int i = 0; i < 3_000; i++) {
            String key = "k" + i / 100 + "/" + random.nextInt(3);
            List<String> list = lists.computeIfAbsent(key, k -> new ArrayList<>());
            List<String> seen = List.copyOf(list);
            list.add(String.valueOf(i));
            // Each takes effect at 10 * i, within calls that overlap about ten others.
            told(
                    10L * i - random.nextInt(50),
                    10L * i + random.nextInt(50),
                    List.of(new Read(key), new Append(key, String.valueOf(i))),
                    seen);
        }
        Collections.shuffle(history, random);
        assertTrue(isFine(), () -> "seed " + SEED);
        int victim = random.nextInt(history.size());
        while (history.get(victim).output().reads().getFirst().isEmpty()) {
            victim = (victim + 1) % history.size();
        }
        Operation<Txn, Told> good = history.get(victim);
        List<String> shorter = new ArrayList<>(good.output().reads().getFirst());
        shorter.removeFirst();
        history.set(
                victim,
                new Operation<>(
                        0,
                        good.input(),
                        new Told(List.of(shorter)),
                        good.called(),
                        good.returned()));
        assertFalse(isFine(), () -> "seed " + SEED);
    }

    private boolean isFine() {
        return Linearizability.check(Lists.of(history), Lists.relevant(history)).isEmpty();
    }

    @SuppressWarnings("varargs")
    @SafeVarargs
    private final void told(long called, long returned, List<Step> steps, List<String>... reads) {
        history.add(new Operation<>(0, new Txn(steps), new Told(List.of(reads)), called, returned));
    }
}
