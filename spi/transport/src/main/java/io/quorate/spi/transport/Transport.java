package io.quorate.spi.transport;

import io.quorate.spi.plugin.Stable;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * The way to the other members. It carries bytes and knows nothing of what they mean. Laws:
 *
 * <ul>
 *   <li>{@link #send} never blocks and never throws, whatever the peer does: raft's thread calls
 *       it. Raft copes with messages that are lost, doubled or out of order, so a transport drops
 *       what it cannot deliver soon, and says so by {@link TransportHandler#unreachable}.
 *   <li>What arrives is what was sent, whole and unchanged, by a member of the same cluster.
 *   <li>Memory is bounded for each peer. A peer that hangs costs nobody else anything.
 *   <li>A peer that cannot be reached is tried again and again, with growing pauses of a bounded
 *       length, until it is removed.
 *   <li>A snapshot travels beside the messages and never holds them up.
 *   <li>Members of another cluster, of another transport and of an incompatible version are refused
 *       on both sides, with a sentence that says what to do.
 * </ul>
 *
 * All methods are safe for any thread.
 */
@Stable(since = "1.0")
public interface Transport extends AutoCloseable {
    /** Begins to connect to a peer; for one that is known, from its new URLs on. */
    void put(Peer peer);

    /** Drops a peer and all that was on its way to it. Unknown ids are ignored. */
    void remove(long memberId);

    /**
     * Hands a message over for delivery, at most once and not for sure. To an id that was not
     * {@link #put} it goes nowhere. The array belongs to the transport from now on.
     */
    void send(long to, byte[] message);

    /**
     * Streams a snapshot to a peer, beside the messages. Returns at once; the body is written from
     * a thread of the transport.
     *
     * @param header small; what the receiver sees first
     * @param body closed when it was written, or when it will not be
     * @return completes when the receiver has taken all of it and said so; exceptionally with a
     *     {@link TransportException} when not, which includes a body that failed
     */
    CompletableFuture<Void> sendSnapshot(long to, byte[] header, SnapshotBody body);

    /** {@link System#nanoTime} since when messages get through to a peer; empty when none do. */
    OptionalLong connectedSince(long memberId);

    /** Where peers are accepted, in the order of {@link TransportEnv#listen()}. */
    List<InetSocketAddress> addresses();

    /**
     * Ends all connections and frees the addresses. The handler hears nothing after it returns. A
     * second call does nothing.
     */
    @Override
    void close();
}
