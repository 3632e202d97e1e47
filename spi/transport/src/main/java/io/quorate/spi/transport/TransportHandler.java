package io.quorate.spi.transport;

import io.quorate.spi.plugin.Stable;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * What a transport tells the member. Called by threads of the transport, several at a time, and
 * {@link #unreachable} also from inside {@link Transport#send}. No method may close the transport.
 */
@Stable(since = "1.0")
public interface TransportHandler {
    /**
     * Whether a connection from this member is let in, asked once for each, after cluster and
     * version were found to fit. The peer is as it describes itself, so that one that this member
     * has not heard of yet can be answered.
     *
     * @return why not, or empty
     */
    Optional<Refusal> admit(Peer from);

    /** A message came. Must return soon. */
    void received(long from, byte[] message);

    /**
     * A snapshot comes. Takes it in on the calling thread, which may block; the sender is told that
     * all went well when this returns.
     *
     * @param body ends where the snapshot ends; every read checks its bytes and throws when the
     *     sender gave up or went away, so that the end of the stream is never an accident
     * @throws IOException when the snapshot cannot be taken; the sender is told why
     */
    void snapshot(long from, byte[] header, InputStream body) throws IOException;

    /** Messages to this peer were dropped since the last call. */
    void unreachable(long to);

    /**
     * A peer refuses this member, or this member a peer. Called for each attempt.
     *
     * @param memberId of the peer; 0 for one that did not come as far as telling it
     * @param reason what kind
     * @param explanation a sentence for the log, with the next step
     */
    void refused(long memberId, Refusal reason, String explanation);
}
