package io.quorate.engine.checker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.checker.Register.Ask;
import io.quorate.engine.checker.Register.Read;
import io.quorate.engine.checker.Register.Swap;
import io.quorate.engine.checker.Register.Told;
import io.quorate.engine.checker.Register.Write;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A judge is tried with what is known to be right and what is known to be wrong. */
@Tag("T19")
class LinearizabilityTest {
    private static final long SEED = Long.getLong("seed", new Random().nextLong());

    private final List<Operation<Ask, Told>> history = new ArrayList<>();

    @Test
    void anEmptyHistoryIsFine() {
        assertTrue(isFine());
    }

    @Test
    void operationsThatOverlapMayBeInEitherOrder() {
        wrote("a", 1, 4);
        wrote("b", 2, 3);
        read("a", 5, 6);
        assertTrue(isFine());
        history.removeLast();
        read("b", 5, 6);
        assertTrue(isFine());
    }

    @Test
    void aStaleReadIsFound() {
        wrote("a", 1, 2);
        wrote("b", 3, 4);
        read("a", 5, 6);
        assertFalse(isFine());
    }

    @Test
    void aReadThatGoesBackIsFound() {
        wrote("a", 1, 2);
        wrote("b", 3, 10);
        read("b", 4, 5);
        read("a", 6, 7);
        assertFalse(isFine());
    }

    @Test
    void aLostUpdateIsFound() {
        wrote("a", 1, 2);
        swapped("a", "b", 3, 8);
        swapped("a", "c", 4, 7);
        assertFalse(isFine());
    }

    @Test
    void aWriteThatWasAcknowledgedAndIsGoneIsFound() {
        wrote("a", 1, 2);
        read(null, 3, 4);
        assertFalse(isFine());
    }

    @Test
    void aWriteThatHappenedTwiceIsFound() {
        wrote("a", 1, 2);
        wrote("b", 3, 4);
        read("b", 5, 6);
        read("a", 7, 8);
        assertFalse(isFine());
    }

    @Test
    @Tag("T20")
    void anUnknownWriteMayHaveHappenedLateOrNever() {
        wrote("a", 1, 2);
        lost(new Write("b"), 3);
        read("a", 4, 5);
        assertTrue(isFine());
        read("b", 6, 7);
        assertTrue(isFine());
        read("a", 8, 9);
        assertFalse(isFine());
    }

    @Test
    @Tag("T20")
    void anUnknownWriteHappensOnceAtMost() {
        lost(new Write("b"), 1);
        read("b", 2, 3);
        wrote("a", 4, 5);
        read("b", 6, 7);
        assertFalse(isFine());
    }

    @Test
    void anUnknownSwapThatSomebodySawNeedsItsExpectation() {
        lost(new Write("a"), 1);
        lost(new Swap("a", "b"), 2);
        read("b", 3, 4);
        assertTrue(isFine());
        history.removeFirst();
        assertFalse(isFine());
    }

    @Test
    void aFailureNamesWhatDoesNotFit() {
        wrote("a", 1, 2);
        read("z", 3, 4);
        String text = Linearizability.check(new Register(), history).orElseThrow().toString();
        assertTrue(text.contains("Read[] -> Told[written=false, value=z]"), text);
        assertTrue(text.contains("[1..2] Write[value=a]"), text);
    }

    @Test
    void manyLostOperationsDoNotBlowUpTheSearch() {
        for (int i = 0; i < 300; i++) {
            lost(new Write("w" + i), i);
            lost(new Write(null), i);
        }
        for (int i = 0; i < 300; i += 3) {
            read("w" + i, 1000 + 2 * i, 1001 + 2 * i);
        }
        assertTrue(isFine());
    }

    /** Small random histories, right and wrong, against a trial of all orders. */
    @Test
    void agreesWithATrialOfAllOrders() {
        Random random = new Random(SEED);
        int fine = 0;
        for (int round = 0; round < 3_000; round++) {
            history.clear();
            for (int i = random.nextInt(6); i >= 0; i--) {
                draw(random, "v" + i);
            }
            boolean expected = someOrderFits(new ArrayList<>(history), Optional.empty());
            assertEquals(expected, isFine(), () -> "seed " + SEED + ": " + history);
            assertEquals(
                    expected,
                    Linearizability.check(new Register(), history).isEmpty(),
                    () -> "all of it, seed " + SEED + ": " + history);
            fine += expected ? 1 : 0;
        }
        assertTrue(fine > 300 && fine < 2_700, "too few of one kind: " + fine);
    }

    private void draw(Random random, String value) {
        long called = random.nextInt(20);
        long returned = called + 1 + random.nextInt(10);
        String other = random.nextInt(4) == 0 ? null : "v" + random.nextInt(6);
        Ask ask =
                switch (random.nextInt(5)) {
                    case 0, 1 -> new Read();
                    case 2 -> new Swap(other, value);
                    case 3 -> new Write(null);
                    default -> new Write(value);
                };
        if (random.nextInt(4) == 0) {
            lost(ask, called);
            return;
        }
        boolean wrote = ask instanceof Write || ask instanceof Swap && random.nextBoolean();
        Told told = wrote ? Told.WRITTEN : Told.saw(other);
        history.add(new Operation<>(0, ask, told, called, returned));
    }

    private static boolean someOrderFits(List<Operation<Ask, Told>> left, Optional<String> state) {
        if (left.stream().noneMatch(Operation::isKnown)) {
            return true;
        }
        for (Operation<Ask, Told> next : left) {
            boolean late = left.stream().anyMatch(o -> o.isKnown() && o.returned() < next.called());
            Optional<String> after =
                    late ? null : new Register().step(state, next.input(), next.output());
            if (after != null) {
                List<Operation<Ask, Told>> rest = new ArrayList<>(left);
                rest.remove(next);
                if (someOrderFits(rest, after)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean isFine() {
        return Linearizability.check(new Register(), Register.relevant(history)).isEmpty();
    }

    private void wrote(String value, long called, long returned) {
        history.add(new Operation<>(0, new Write(value), Told.WRITTEN, called, returned));
    }

    private void swapped(String expected, String value, long called, long returned) {
        history.add(new Operation<>(0, new Swap(expected, value), Told.WRITTEN, called, returned));
    }

    private void read(String value, long called, long returned) {
        history.add(new Operation<>(0, new Read(), Told.saw(value), called, returned));
    }

    private void lost(Ask ask, long called) {
        history.add(new Operation<>(0, ask, null, called, 0));
    }
}
