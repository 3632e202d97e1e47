package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.metrics.Counter;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Whether a leader's heartbeats leave in time (ME-05): one that leaves more than two intervals
 * after the last to the same member tells of a machine that is overloaded. Raft thread only.
 */
final class HeartbeatPace {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final long intervalNanos;
    private final Counter late;
    private final Map<Long, Long> last = new HashMap<>();

    HeartbeatPace(Duration interval, Counter late) {
        this.intervalNanos = interval.toNanos();
        this.late = late;
    }

    /** The leader is another one; only its own pace counts. */
    void reset() {
        last.clear();
    }

    void sent(long to, long now) {
        Long before = last.put(to, now);
        long over = before == null ? 0 : now - before - 2 * intervalNanos;
        if (over <= 0) {
            return;
        }
        late.increment();
        LOGGER.log(
                WARNING,
                "leader failed to send out heartbeat on time; took too long, leader is overloaded"
                        + " likely from slow disk",
                Fields.of(
                        "to",
                        Long.toHexString(to),
                        "heartbeat-interval",
                        millis(intervalNanos),
                        "expected-duration",
                        millis(2 * intervalNanos),
                        "exceeded-duration",
                        millis(over)));
    }

    private static String millis(long nanos) {
        return nanos / 1_000_000 + "ms";
    }
}
