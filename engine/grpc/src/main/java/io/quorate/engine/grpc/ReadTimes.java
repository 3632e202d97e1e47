package io.quorate.engine.grpc;

import io.quorate.engine.metrics.Histogram;
import io.quorate.engine.metrics.MetricRegistry;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How long reads take, which do not go through the log: the whole request (ME-14) and the part that
 * looks for keys (ME-13). Any thread.
 */
final class ReadTimes {
    private final LongSupplier nanoClock;
    private final Outcomes range;
    private final Outcomes readOnlyTxn;
    private final Outcomes search;

    ReadTimes(MetricRegistry metrics, LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        range = requests(metrics, "Range");
        readOnlyTxn = requests(metrics, "ReadonlyTxn");
        search =
                new Outcomes(success ->
                        metrics.histogram(
                                "etcd_server_range_duration_seconds",
                                "The latency distributions of txn.Range",
                                Histogram.exponential(0.0001, 2, 20),
                                "success",
                                success));
    }

    private static Outcomes requests(MetricRegistry metrics, String type) {
        return new Outcomes(success ->
                metrics.histogram(
                        "etcd_server_request_duration_seconds",
                        "Response latency distribution in seconds for each type.",
                        Histogram.exponential(0.001, 2, 14),
                        "type",
                        type,
                        "success",
                        success));
    }

    <T> T range(Supplier<T> work) {
        return timed(range, work);
    }

    <T> T readOnlyTxn(Supplier<T> work) {
        return timed(readOnlyTxn, work);
    }

    <T> T search(Supplier<T> work) {
        return timed(search, work);
    }

    private <T> T timed(Outcomes outcomes, Supplier<T> work) {
        long start = nanoClock.getAsLong();
        boolean success = false;
        try {
            T result = work.get();
            success = true;
            return result;
        } finally {
            outcomes.observe(success, nanoClock.getAsLong() - start);
        }
    }

    /** The rows of what went well and of what did not; each is there from its first time on. */
    private static final class Outcomes {
        private final Rows rows;
        private volatile Histogram good;

        Outcomes(Rows rows) {
            this.rows = rows;
        }

        void observe(boolean success, long nanos) {
            if (!success) {
                rows.of("false").observeNanos(nanos);
                return;
            }
            if (good == null) {
                good = rows.of("true");
            }
            good.observeNanos(nanos);
        }
    }

    private interface Rows {
        Histogram of(String success);
    }
}
