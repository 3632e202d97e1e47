package io.quorate.api.client;

import java.util.Optional;

/**
 * Messages from the server, in order. For one reading thread; {@link #close} may be called by any.
 * What is not read is not asked for: a slow reader slows the server down.
 */
public interface ResponseStream<S> extends AutoCloseable {
    /**
     * Waits for the next message.
     *
     * @return empty when the server has ended the stream with success
     * @throws io.grpc.StatusRuntimeException when it ended otherwise; CANCELLED after {@code close}
     *     or an interrupt
     */
    Optional<S> next();

    /** Cancels what is not finished. Harmless when repeated. */
    @Override
    void close();
}
