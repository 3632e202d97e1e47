package io.quorate.engine.checker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.quorate.engine.checker.WatchValidator.Asked;
import io.quorate.engine.checker.WatchValidator.Bookmark;
import io.quorate.engine.checker.WatchValidator.Change;
import io.quorate.engine.checker.WatchValidator.Gone;
import io.quorate.engine.checker.WatchValidator.Message;
import io.quorate.engine.checker.WatchValidator.Seen;
import io.quorate.engine.checker.WatchValidator.Told;
import io.quorate.engine.checker.WatchValidator.Watched;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** A judge that lets everything pass is worth nothing: each kind of fault is planted once. */
@Tag("T23")
class WatchValidatorTest {
    private static final Asked ALL = new Asked(key -> true, 2, true, true, true);
    private static final Seen A2 = new Seen("a", "1", 2, 2, 1, null);
    private static final Seen A3 = new Seen("a", "2", 3, 2, 2, "1");
    private static final Seen B3 = new Seen("b", "2", 3, 3, 1, null);
    private static final Seen A4 = new Seen("a", null, 4, 0, 0, "2");
    private static final Seen A5 = new Seen("a", "3", 5, 5, 1, null);

    private final WatchValidator validator = new WatchValidator();

    @BeforeEach
    void write() {
        validator.written(2, List.of(new Change("a", "1")));
        validator.written(3, List.of(new Change("a", "2"), new Change("b", "2")));
        validator.written(4, List.of(new Change("a", null)));
        validator.written(5, List.of(new Change("a", "3")));
    }

    private static Message message(Seen... events) {
        return new Message(5, List.of(events));
    }

    private List<String> check(Asked asked, Told... told) {
        return validator.check(List.of(new Watched(asked, List.of(told))), 5);
    }

    private void right(Asked asked, Told... told) {
        assertEquals(List.of(), check(asked, told));
    }

    private void wrong(Told... told) {
        assertFalse(check(ALL, told).isEmpty());
    }

    @Test
    void whatIsRightPasses() {
        right(ALL, message(A2), message(A3, B3), message(A4), message(A5));
        right(ALL, message(A2, A3, B3), new Bookmark(3), message(A4, A5), new Bookmark(5));
        right(new Asked("b"::equals, 2, true, true, true), message(B3), new Bookmark(5));
        right(new Asked(key -> true, 2, false, true, true), message(A4));
        right(new Asked(key -> true, 5, true, true, true), message(A5));
    }

    @Test
    void aDroppedEventIsFound() {
        wrong(message(A2), message(A3, B3), message(A5));
        wrong(message(A2), message(A3), message(A4), message(A5));
        wrong(message(A2), message(A3, B3), message(A4));
        wrong(message(A3, B3), message(A4), message(A5));
    }

    @Test
    void aDuplicatedEventIsFound() {
        wrong(message(A2), message(A2), message(A3, B3), message(A4), message(A5));
        wrong(message(A2, A2), message(A3, B3), message(A4), message(A5));
        wrong(message(A2), message(A3, B3), message(A3, B3), message(A4), message(A5));
    }

    @Test
    void aChangedOrderIsFound() {
        wrong(message(A3, B3), message(A2), message(A4), message(A5));
        wrong(message(A2), message(B3, A3), message(A4), message(A5));
    }

    @Test
    void aSplitRevisionIsFound() {
        wrong(message(A2), message(A3), message(B3), message(A4), message(A5));
    }

    @Test
    void anEarlyOrLateBookmarkIsFound() {
        wrong(message(A2), new Bookmark(3), message(A3, B3), message(A4), message(A5));
        assertFalse(
                check(new Asked(key -> true, 5, true, true, true), new Bookmark(4), message(A5))
                        .isEmpty());
    }

    @Test
    void aWrongContentIsFound() {
        Seen value = new Seen("a", "x", 2, 2, 1, null);
        Seen created = new Seen("a", "3", 5, 2, 1, null);
        Seen before = new Seen("a", null, 4, 0, 0, "1");
        Seen nothingBefore = new Seen("a", null, 4, 0, 0, null);
        wrong(message(value), message(A3, B3), message(A4), message(A5));
        wrong(message(A2), message(A3, B3), message(A4), message(created));
        wrong(message(A2), message(A3, B3), message(before), message(A5));
        wrong(message(A2), message(A3, B3), message(nothingBefore), message(A5));
        wrong(new Message(1, List.of(A2)), message(A3, B3), message(A4), message(A5));
    }

    @Test
    void aWatchThatWasToldOfCompactionMayGoOnFromThere() {
        validator.compacted(4);
        Asked rest = new Asked(key -> true, 4, true, true, true);
        List<Watched> both =
                new ArrayList<>(
                        List.of(
                                new Watched(ALL, List.of(message(A2), new Gone(4))),
                                new Watched(rest, List.of(message(A4), message(A5)))));
        assertEquals(List.of(), validator.check(both, 5));
        both.set(1, new Watched(new Asked(k -> true, 5, true, true, true), List.of(message(A5))));
        assertFalse(validator.check(both, 5).isEmpty());
    }

    @Test
    void aFalseWordOfCompactionIsFound() {
        wrong(message(A2), message(A3, B3), new Gone(4));
        validator.compacted(4);
        wrong(message(A2), message(A3, B3), new Gone(4));
    }

    @Test
    void aGapAtAResumeIsFound() {
        Asked rest = new Asked(key -> true, 4, true, true, true);
        List<Watched> watches =
                List.of(
                        new Watched(ALL, List.of(message(A2))),
                        new Watched(rest, List.of(message(A4), message(A5))));
        assertFalse(validator.check(watches, 5).isEmpty());
    }
}
