package io.quorate.engine.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

class MetricRegistryTest {
    private final MetricRegistry registry = new MetricRegistry();

    @Test
    @Tag("ME-03")
    void gaugesMayEndInTotalAndFamiliesAreSorted() throws IOException {
        registry.counter("etcd_mvcc_put_total", "Total number of puts.").add(3);
        registry.gauge("a_total", "A gauge.", () -> 12);
        assertEquals(
                """
                # HELP a_total A gauge.
                # TYPE a_total gauge
                a_total 12
                # HELP etcd_mvcc_put_total Total number of puts.
                # TYPE etcd_mvcc_put_total counter
                etcd_mvcc_put_total 3
                """,
                text());
    }

    @Test
    void labelsAreSortedAndEscaped() throws IOException {
        registry.gauge("g", "line\nback\\", "z", "1", "a", "q\"\n\\").set(-1.5);
        assertEquals(
                """
                # HELP g line\\nback\\\\
                # TYPE g gauge
                g{a="q\\"\\n\\\\",z="1"} -1.5
                """,
                text());
    }

    @Test
    void histogramBucketsAreCumulative() throws IOException {
        Histogram histogram = registry.histogram("h", "H.", new double[] {0.001, 1}, "op", "Put");
        histogram.observe(0.0005);
        histogram.observe(0.001);
        histogram.observeNanos(500_000_000);
        histogram.observe(7);
        assertEquals(
                """
                # HELP h H.
                # TYPE h histogram
                h_bucket{op="Put",le="0.001"} 2
                h_bucket{op="Put",le="1"} 3
                h_bucket{op="Put",le="+Inf"} 4
                h_sum{op="Put"} 7.5015
                h_count{op="Put"} 4
                """,
                text());
    }

    @Test
    void theSameSeriesIsTheSameObject() {
        assertSame(
                registry.counter("c", "C.", "a", "1", "b", "2"),
                registry.counter("c", "C.", "b", "2", "a", "1"));
    }

    @Test
    void aNameKeepsItsType() {
        registry.counter("c", "C.");
        assertThrows(IllegalArgumentException.class, () -> registry.gauge("c", "C."));
        assertThrows(IllegalArgumentException.class, () -> registry.counter("d", "D.", "odd"));
    }

    @Test
    void numbersAreWrittenAsGoWritesThem() {
        assertEquals("0", PrometheusText.number(0));
        assertEquals("20480", PrometheusText.number(20480));
        assertEquals("1.048576e+06", PrometheusText.number(1 << 20));
        assertEquals("1e+06", PrometheusText.number(1e6));
        assertEquals("0.0001", PrometheusText.number(1e-4));
        assertEquals("4.9e-05", PrometheusText.number(4.9e-5));
        assertEquals("-1", PrometheusText.number(-1));
        assertEquals("-2.5e-07", PrometheusText.number(-2.5e-7));
        assertEquals("1e+100", PrometheusText.number(1e100));
        assertEquals("+Inf", PrometheusText.number(Double.POSITIVE_INFINITY));
        assertEquals("NaN", PrometheusText.number(Double.NaN));
    }

    @Test
    void countsOfManyThreadsAddUp() throws InterruptedException {
        Counter counter = registry.counter("c", "C.");
        Gauge gauge = registry.gauge("g", "G.");
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(
                    Thread.startVirtualThread(() -> {
                        for (int n = 0; n < 10_000; n++) {
                            counter.increment();
                            gauge.add(1);
                            gauge.add(-1);
                        }
                    }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(40_000, counter.value());
        assertEquals(0, gauge.value());
    }

    @Test
    @Tag("ME-18")
    void exponentialBucketsDouble() {
        double[] buckets = Histogram.exponential(0.001, 2, 14);
        assertEquals(14, buckets.length);
        assertEquals("8.192", PrometheusText.number(buckets[13]));
    }

    private String text() throws IOException {
        StringBuilder out = new StringBuilder();
        registry.text(out);
        return out.toString();
    }
}
