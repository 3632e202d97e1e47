package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.concurrent.atomic.AtomicInteger;

/** Reads for callers that go away. */
class AbandonedReadTest {
    private static final int KEYS = 100;

    private final Story story = new Story();

    @AfterEach
    void close() {
        story.close();
    }

    @Test
    @Tag("KV-24")
    @Tag("ER-62")
    void aBigReadStopsWhenNobodyWaitsForIt() {
        for (int i = 0; i < KEYS; i++) story.put("k%03d".formatted(i), "v");
        RangeQuery everything = Requests.all().query();
        AtomicInteger rows = new AtomicInteger();

        EtcdException stopped =
                assertThrows(
                        EtcdException.class,
                        () -> story.state.range(everything, () -> rows.incrementAndGet() == 10));

        assertEquals(EtcdError.CANCELED, stopped.error());
        assertEquals(10, rows.get());
        assertEquals(KEYS, story.state.range(everything, () -> false).count());
    }
}
