package io.quorate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;

final class TableTest {
    @Test
    @Tag("CT-07")
    void headingsAreCentredAndValuesToTheRight() {
        List<List<String>> rows =
                List.of(
                        List.of("127.0.0.1:2379", "3063531522"),
                        List.of(Bytes.ofText("häll"), "1"));
        assertEquals(
                """
                ┌────────────────┬───────────────┐
                │    ENDPOINT    │ HASH REVISION │
                ├────────────────┼───────────────┤
                │ 127.0.0.1:2379 │    3063531522 │
                │           häll │             1 │
                └────────────────┴───────────────┘
                """,
                Bytes.toText(new Table(List.of("endpoint", "hash_revision"), rows).print()));
    }

    @Test
    @Tag("CT-07")
    void withoutRowsOnlyTheHeadingsAreFramed() {
        assertEquals(
                """
                ┌────┐
                │ ID │
                └────┘
                """,
                Bytes.toText(new Table(List.of("id"), List.of()).print()));
    }
}
