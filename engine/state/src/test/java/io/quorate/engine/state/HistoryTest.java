package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class HistoryTest {
    private final History history = new History(0, 0);
    private final List<History.Node> nodes = new ArrayList<>();

    private void append(long from, long to) {
        if (nodes.isEmpty()) nodes.add(history.oldest());
        for (long revision = from; revision <= to; revision++) {
            history.append(revision, List.of());
            nodes.add(history.newest());
        }
    }

    @Test
    void whatIsForgottenHoldsNothingThatFollows() {
        append(1, 5);
        history.committed();
        assertEquals(5, history.oldest().revision);
        for (History.Node node : nodes) assertNull(node.next);
        append(6, 6);
        assertSame(history.newest(), nodes.get(5).next);
    }

    @Test
    void revisionsThatAreNeededStayLinkedUntilTheyAreNot() {
        append(1, 5);
        history.keepAfter(3);
        history.committed();
        assertEquals(3, history.oldest().revision);
        assertNull(nodes.get(2).next);
        assertSame(nodes.get(4), nodes.get(3).next);
        history.keepAfter(Long.MAX_VALUE);
        history.committed();
        assertEquals(5, history.oldest().revision);
        assertNull(nodes.get(3).next);
    }
}
