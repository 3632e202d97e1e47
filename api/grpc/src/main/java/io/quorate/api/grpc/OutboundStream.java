package io.quorate.api.grpc;

import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;

/**
 * What one stream still has to send, in order: header block, messages, trailers. All fields are
 * guarded by the lock of the {@link Outbound} it belongs to.
 */
final class OutboundStream {
    /** Told under the lock of the Outbound; must be short and must not call back. */
    interface Events {
        /** The queue fell below {@link Outbound#READY_BYTES} after it had been above. */
        void writable();

        /** The last frame is on its way to the socket. */
        void finished();

        /** A client's stream has got its id; nothing of it has left yet. */
        default void opened(int id) {}
    }

    /** 0 for a client's stream that waits to be opened. */
    int id;

    final Events events;

    /** Bytes the peer allows; below zero after it shrank its initial window (RFC 9113 §6.9.2). */
    long window;

    /** Not yet sent; null when sent or not yet known. */
    byte[] headers;

    /** Not yet sent whole. */
    final ArrayDeque<byte[]> messages = new ArrayDeque<>(2);

    /** Bytes of the first message already sent. */
    int offset;

    /** Bytes of messages not yet sent. */
    int pending;

    /** Not yet sent; ends the stream. */
    byte[] trailers;

    /** A client's stream ends with its last message. */
    boolean endAfterMessages;

    /** A client's stream no longer counts against the server's limit of open ones. */
    boolean released;

    /** In the ready or the starved queue. */
    boolean queued;

    /** Response headers have been handed over, so the client has had an answer. */
    boolean answered;

    /** Nothing more goes out: finished or aborted. */
    boolean ended;

    /** The client has sent END_STREAM, or need not be told to stop. */
    boolean remoteClosed;

    /** Someone asked whether it is ready while it was not. */
    boolean wasFull;

    /** Senders that wait for room; made when the first one waits. */
    Condition room;

    OutboundStream(int id, long window, Events events) {
        this.id = id;
        this.window = window;
        this.events = events;
    }

    boolean sendable() {
        return id != 0
                && (headers != null
                        || pending > 0 && window > 0
                        || pending == 0 && (trailers != null || endAfterMessages));
    }
}
