package io.quorate.spi.transport;

import io.quorate.spi.plugin.Stable;

/** Hears what happens on the way (ME-23..ME-26). Any thread; must return at once. */
@Stable(since = "1.0")
public interface TransportMetrics {
    /** Counts nothing. */
    TransportMetrics NONE = new TransportMetrics() {};

    /** Payload left for a peer. */
    default void sent(long to, long bytes) {}

    /** Payload came from a peer. */
    default void received(long from, long bytes) {}

    /** Messages to a peer were dropped. */
    default void sendFailed(long to, long messages) {}

    /** A connection from a peer broke in the middle. */
    default void receiveFailed(long from) {}

    /** A peer answered a ping after so long. */
    default void roundTrip(long to, long nanos) {}

    /** Messages to a peer get through from now on. */
    default void connected(long to) {}

    /** They do not any more. */
    default void disconnected(long to) {}
}
