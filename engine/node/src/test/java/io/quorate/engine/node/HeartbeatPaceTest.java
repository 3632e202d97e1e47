package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.engine.metrics.Counter;
import io.quorate.engine.metrics.MetricRegistry;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Duration;

@Tag("ME-05")
final class HeartbeatPaceTest {
    private static final String NAME = "etcd_server_heartbeat_send_failures_total";

    private final MetricRegistry metrics = new MetricRegistry();
    private final Counter late = metrics.counter(NAME, "Heartbeats that were late.");
    private final HeartbeatPace pace = new HeartbeatPace(Duration.ofMillis(100), late);
    private long millis = 5_000;

    @Test
    void aHeartbeatMoreThanTwoIntervalsAfterTheLastIsLate() throws IOException {
        send(1);
        send(2);
        pass(200);
        send(1);
        assertLate(0);
        pass(1);
        send(2);
        assertLate(1);
        pass(200);
        send(2);
        send(1);
        assertLate(2);
    }

    @Test
    void theTimeBeforeAMemberLedDoesNotCount() throws IOException {
        send(1);
        pass(10_000);
        pace.reset();
        send(1);
        assertLate(0);
    }

    private void pass(long more) {
        millis += more;
    }

    private void send(long to) {
        pace.sent(to, Duration.ofMillis(millis).toNanos());
    }

    private void assertLate(int count) throws IOException {
        StringBuilder page = new StringBuilder();
        metrics.text(page);
        assertEquals(
                NAME + " " + count, page.toString().lines().toList().getLast(), page.toString());
    }
}
