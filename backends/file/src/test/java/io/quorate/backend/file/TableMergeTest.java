package io.quorate.backend.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

final class TableMergeTest {
    private static final int TABLES_MAX = 6;

    @Test
    void asManyTablesAsThereMayBeStayAsTheyAre() {
        assertEquals(0, TableMerge.newestToMerge(new long[] {1, 1, 1, 1, 1, 1}, TABLES_MAX));
    }

    @Test
    void tablesOfOneSizeBecomeOne() {
        assertEquals(6, TableMerge.newestToMerge(new long[] {1, 1, 1, 1, 1, 1, 900}, TABLES_MAX));
    }

    @Test
    void aLargeNeighbourOfTheNewestIsNotRewrittenByEachFlush() {
        assertEquals(
                3, TableMerge.newestToMerge(new long[] {1, 2, 3, 40, 500, 600, 700}, TABLES_MAX));
    }

    /** Each byte was written once by a flush; merges may write it some times more, not hundreds. */
    @Test
    void whatMergesWriteGrowsWithTheLogarithmOfTheData() {
        int flushes = 10_000;
        List<Long> tables = new ArrayList<>();
        long merged = 0;
        for (int flush = 0; flush < flushes; flush++) {
            tables.addFirst(1L);
            int count =
                    TableMerge.newestToMerge(
                            tables.stream().mapToLong(Long::longValue).toArray(), TABLES_MAX);
            if (count == 0) continue;
            List<Long> taken = tables.subList(0, count);
            long bytes = taken.stream().mapToLong(Long::longValue).sum();
            taken.clear();
            tables.addFirst(bytes);
            merged += bytes;
            assertTrue(tables.size() <= TABLES_MAX, tables::toString);
        }
        assertTrue(merged < 12L * flushes, merged + " written for " + flushes);
    }
}
