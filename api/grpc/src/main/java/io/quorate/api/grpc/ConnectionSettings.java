package io.quorate.api.grpc;

import java.time.Duration;
import java.util.Objects;

/**
 * Limits and timings of every connection of a {@link GrpcServer}.
 *
 * @param maxMessageBytes largest request message, also after decompression; 1 to 2^31-1 (GS-04)
 * @param maxHeaderListBytes largest request header list in HTTP/2's count (names + values + 32 for
 *     each field); a longer one is answered with 431
 * @param maxConcurrentStreams calls a client may have open at once, 1 to 2^32-1; 2^32-1 announces
 *     no limit (GS-08)
 * @param streamWindowBytes how far a client may run ahead of a call that does not read, 64 KiB to
 *     2^31-1
 * @param connectionWindowBytes how much may be on the wire over all streams, 64 KiB to 2^31-1;
 *     given back as it arrives, so that a call that does not read never holds up the others
 * @param inboundBufferBytes request bytes held for all calls of a connection together; the call
 *     whose data would pass it ends with RESOURCE_EXHAUSTED
 * @param streamQueueBytes response bytes waiting for the client's window in one call; {@code
 *     sendMessage} blocks above it
 * @param outboundBufferBytes response bytes waiting in a connection above which new calls wait for
 *     older answers to leave before they start
 * @param keepAliveInterval quiet time after which the server sends a PING; zero for never (GS-07)
 * @param keepAliveTimeout how long to wait for any byte after that PING before closing
 * @param permitKeepAliveTime a client may send a PING this often (GS-06); zero for as it likes
 * @param permitKeepAliveWithoutCalls whether it may also without an open call; if not, once in two
 *     hours
 * @param maxResets calls a client may cancel before anything was answered, without limit on the
 *     others, per {@code floodInterval}
 * @param maxControlFrames SETTINGS, PING, PRIORITY, empty DATA and frames on ended streams that
 *     cost work and carry nothing, per {@code floodInterval}
 * @param floodInterval the interval the two flood limits count in
 */
public record ConnectionSettings(
        int maxMessageBytes,
        int maxHeaderListBytes,
        long maxConcurrentStreams,
        int streamWindowBytes,
        int connectionWindowBytes,
        long inboundBufferBytes,
        int streamQueueBytes,
        long outboundBufferBytes,
        Duration keepAliveInterval,
        Duration keepAliveTimeout,
        Duration permitKeepAliveTime,
        boolean permitKeepAliveWithoutCalls,
        int maxResets,
        int maxControlFrames,
        Duration floodInterval) {

    /** No limit on concurrent streams. */
    public static final long UNLIMITED_STREAMS = 0xffff_ffffL;

    private static final int MIB = 1 << 20;

    /**
     * etcd's defaults where etcd has one: 2 MiB messages, pings 2 h / 20 s / 5 s, no stream limit.
     */
    public static final ConnectionSettings DEFAULTS =
            new ConnectionSettings(
                    2 * MIB,
                    64 << 10,
                    UNLIMITED_STREAMS,
                    MIB / 4,
                    16 * MIB,
                    64L * MIB,
                    MIB / 4,
                    64L * MIB,
                    Duration.ofHours(2),
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(5),
                    false,
                    2_000,
                    10_000,
                    Duration.ofSeconds(10));

    public ConnectionSettings {
        Objects.requireNonNull(keepAliveInterval, "keepAliveInterval");
        Objects.requireNonNull(keepAliveTimeout, "keepAliveTimeout");
        Objects.requireNonNull(permitKeepAliveTime, "permitKeepAliveTime");
        Objects.requireNonNull(floodInterval, "floodInterval");
        atLeast("maxMessageBytes", maxMessageBytes, 1);
        atLeast("maxHeaderListBytes", maxHeaderListBytes, 1024);
        atLeast("maxConcurrentStreams", maxConcurrentStreams, 1);
        atLeast("streamWindowBytes", streamWindowBytes, Frames.DEFAULT_WINDOW);
        atLeast("connectionWindowBytes", connectionWindowBytes, Frames.DEFAULT_WINDOW);
        atLeast("inboundBufferBytes", inboundBufferBytes, maxMessageBytes);
        atLeast("streamQueueBytes", streamQueueBytes, 1);
        atLeast("outboundBufferBytes", outboundBufferBytes, 1);
        atLeast("maxResets", maxResets, 1);
        atLeast("maxControlFrames", maxControlFrames, 1);
        atLeast("floodInterval (nanoseconds)", floodInterval.toNanos(), 1);
        if (maxConcurrentStreams > UNLIMITED_STREAMS) {
            throw new IllegalArgumentException("maxConcurrentStreams is over 2^32-1");
        }
    }

    private static void atLeast(String name, long value, long min) {
        if (value < min) {
            throw new IllegalArgumentException(name + " is " + value + ", at least " + min);
        }
    }

    public ConnectionSettings withMaxMessageBytes(int bytes) {
        return new ConnectionSettings(
                bytes,
                maxHeaderListBytes,
                maxConcurrentStreams,
                streamWindowBytes,
                connectionWindowBytes,
                Math.max(inboundBufferBytes, bytes),
                streamQueueBytes,
                outboundBufferBytes,
                keepAliveInterval,
                keepAliveTimeout,
                permitKeepAliveTime,
                permitKeepAliveWithoutCalls,
                maxResets,
                maxControlFrames,
                floodInterval);
    }

    public ConnectionSettings withMaxConcurrentStreams(long streams) {
        return new ConnectionSettings(
                maxMessageBytes,
                maxHeaderListBytes,
                streams,
                streamWindowBytes,
                connectionWindowBytes,
                inboundBufferBytes,
                streamQueueBytes,
                outboundBufferBytes,
                keepAliveInterval,
                keepAliveTimeout,
                permitKeepAliveTime,
                permitKeepAliveWithoutCalls,
                maxResets,
                maxControlFrames,
                floodInterval);
    }

    /** The three durations of etcd's {@code --grpc-keepalive-*} flags. */
    public ConnectionSettings withKeepAlive(Duration minTime, Duration interval, Duration timeout) {
        return new ConnectionSettings(
                maxMessageBytes,
                maxHeaderListBytes,
                maxConcurrentStreams,
                streamWindowBytes,
                connectionWindowBytes,
                inboundBufferBytes,
                streamQueueBytes,
                outboundBufferBytes,
                interval,
                timeout,
                minTime,
                permitKeepAliveWithoutCalls,
                maxResets,
                maxControlFrames,
                floodInterval);
    }

    public ConnectionSettings withBuffers(
            int streamWindow, long inboundBuffer, int streamQueue, long outboundBuffer) {
        return new ConnectionSettings(
                maxMessageBytes,
                maxHeaderListBytes,
                maxConcurrentStreams,
                streamWindow,
                connectionWindowBytes,
                inboundBuffer,
                streamQueue,
                outboundBuffer,
                keepAliveInterval,
                keepAliveTimeout,
                permitKeepAliveTime,
                permitKeepAliveWithoutCalls,
                maxResets,
                maxControlFrames,
                floodInterval);
    }
}
