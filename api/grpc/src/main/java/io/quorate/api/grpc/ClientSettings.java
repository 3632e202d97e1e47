package io.quorate.api.grpc;

import java.time.Duration;
import java.util.Objects;

/**
 * Limits and timings of a {@link GrpcClientConnection}.
 *
 * @param maxMessageBytes largest response message, also after decompression; 1 to 2^31-1
 * @param maxSendBytes largest request message; 1 to 2^31-1
 * @param maxHeaderListBytes largest response header list in HTTP/2's count
 * @param streamWindowBytes how far the server may run ahead of a call that does not read, 64 KiB to
 *     2^31-1
 * @param connectionWindowBytes how much may be on the wire over all calls, 64 KiB to 2^31-1; given
 *     back as it arrives, so that a call that does not read never holds up the others
 * @param streamQueueBytes request bytes waiting for the server's window in one call; {@code
 *     sendMessage} blocks above it
 * @param keepAliveInterval quiet time after which a PING is sent; zero for never
 * @param keepAliveTimeout how long to wait for any byte after that PING before every call fails
 *     with UNAVAILABLE
 * @param keepAliveWithoutCalls whether to send it also while no call is open
 * @param userAgent what the server sees as {@code user-agent}
 */
public record ClientSettings(
        int maxMessageBytes,
        int maxSendBytes,
        int maxHeaderListBytes,
        int streamWindowBytes,
        int connectionWindowBytes,
        int streamQueueBytes,
        Duration keepAliveInterval,
        Duration keepAliveTimeout,
        boolean keepAliveWithoutCalls,
        String userAgent) {
    private static final int MIB = 1 << 20;

    /** clientv3's limits: 2 MiB to send, no limit to receive, no PINGs. */
    public static final ClientSettings DEFAULTS =
            new ClientSettings(
                    Integer.MAX_VALUE,
                    2 * MIB,
                    64 << 10,
                    MIB,
                    16 * MIB,
                    MIB / 4,
                    Duration.ZERO,
                    Duration.ofSeconds(20),
                    false,
                    "quorate");

    public ClientSettings {
        Objects.requireNonNull(keepAliveInterval, "keepAliveInterval");
        Objects.requireNonNull(keepAliveTimeout, "keepAliveTimeout");
        Objects.requireNonNull(userAgent, "userAgent");
        atLeast("maxMessageBytes", maxMessageBytes, 1);
        atLeast("maxSendBytes", maxSendBytes, 1);
        atLeast("maxHeaderListBytes", maxHeaderListBytes, 1024);
        atLeast("streamWindowBytes", streamWindowBytes, Frames.DEFAULT_WINDOW);
        atLeast("connectionWindowBytes", connectionWindowBytes, Frames.DEFAULT_WINDOW);
        atLeast("streamQueueBytes", streamQueueBytes, 1);
    }

    private static void atLeast(String name, int value, int min) {
        if (value < min) {
            throw new IllegalArgumentException(name + " is " + value + ", at least " + min);
        }
    }

    public ClientSettings withMaxMessageBytes(int receive, int send) {
        return new ClientSettings(
                receive,
                send,
                maxHeaderListBytes,
                streamWindowBytes,
                connectionWindowBytes,
                streamQueueBytes,
                keepAliveInterval,
                keepAliveTimeout,
                keepAliveWithoutCalls,
                userAgent);
    }

    public ClientSettings withKeepAlive(Duration interval, Duration timeout, boolean withoutCalls) {
        return new ClientSettings(
                maxMessageBytes,
                maxSendBytes,
                maxHeaderListBytes,
                streamWindowBytes,
                connectionWindowBytes,
                streamQueueBytes,
                interval,
                timeout,
                withoutCalls,
                userAgent);
    }

    public ClientSettings withWindows(int stream, int connection) {
        return new ClientSettings(
                maxMessageBytes,
                maxSendBytes,
                maxHeaderListBytes,
                stream,
                connection,
                streamQueueBytes,
                keepAliveInterval,
                keepAliveTimeout,
                keepAliveWithoutCalls,
                userAgent);
    }
}
