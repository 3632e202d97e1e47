package io.quorate.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class HistogramTest {
    @Test
    void bucketsMeetWithoutGapAndStayNarrow() {
        long previous = -1;
        for (int i = 0; i < Histogram.index(1L << 40); i++) {
            long upper = Histogram.upperBound(i);
            assertEquals(i, Histogram.index(upper));
            assertEquals(i, Histogram.index(previous + 1));
            assertTrue(upper - previous <= Math.max(1, previous / 63 + 1), "bucket " + i);
            previous = upper;
        }
    }

    @Test
    void quantilesOfAMergedHistogram() {
        Histogram all = new Histogram();
        for (int part = 0; part < 4; part++) {
            Histogram one = new Histogram();
            for (int i = 1; i <= 2500; i++) one.record(part * 2500L + i);
            all.add(one);
        }
        assertEquals(10_000, all.count());
        assertEquals(10_000, all.max());
        assertEquals(5000, all.quantile(0.5), 5000 * 0.016);
        assertEquals(9900, all.quantile(0.99), 9900 * 0.016);
        assertEquals(10_000, all.quantile(1));
    }

    @Test
    void correctionAddsTheCallsThatAStallHasPrevented() {
        // A caller that asks each 10 us: 99 answers at once, then one after a stall of 1,000 us.
        Histogram closed = new Histogram();
        for (int i = 0; i < 99; i++) closed.record(10_000);
        closed.record(1_000_000);
        Histogram corrected = closed.corrected(10_000);
        assertEquals(100 + 99, corrected.count());
        assertEquals(1_000_000, corrected.max());
        assertTrue(closed.quantile(0.9) < 11_000);
        assertEquals(800_000, corrected.quantile(0.9), 20_000);
    }

    @Test
    void correctionLeavesAsItIsWhatWasNeverLate() {
        Histogram closed = new Histogram();
        for (int i = 0; i < 100; i++) closed.record(9_000);
        assertEquals(100, closed.corrected(10_000).count());
        assertEquals(0, new Histogram().corrected(1).count());
    }
}
