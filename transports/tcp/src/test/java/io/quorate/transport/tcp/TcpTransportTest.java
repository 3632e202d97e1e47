package io.quorate.transport.tcp;

import io.quorate.spi.transport.TransportProvider;
import io.quorate.spi.transport.tck.TransportContract;

import java.util.Map;

final class TcpTransportTest extends TransportContract {
    @Override
    protected TransportProvider provider() {
        return new TcpTransportProvider();
    }

    @Override
    protected Map<String, String> impatient() {
        return Map.of(
                "connect-timeout", "2s",
                "ping-interval", "100ms",
                "idle-timeout", "2s",
                "backoff-min", "5ms",
                "backoff-max", "50ms");
    }

    @Override
    protected Map<String, String> smallQueue() {
        return Map.of("queue-bytes", "1MiB", "ping-interval", "100ms", "backoff-max", "50ms");
    }
}
