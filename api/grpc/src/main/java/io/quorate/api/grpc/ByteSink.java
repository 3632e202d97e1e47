package io.quorate.api.grpc;

import java.io.IOException;

/**
 * Where a connection's bytes go: a socket, or an array in a test.
 *
 * <p>{@link #write} is called by one thread at a time, in order, with no lock held; it may block,
 * and then holds up only what this connection has to say. Threads in {@code write} are never
 * interrupted by this module.
 */
public interface ByteSink {
    /**
     * Writes all the bytes; the array is the caller's again when this returns.
     *
     * @throws IOException when the peer is gone; the connection then ends and all its calls are
     *     cancelled
     */
    void write(byte[] bytes, int offset, int length) throws IOException;

    /**
     * Nothing more is to be read or written: end the reader's wait. Called once or more, from any
     * thread, never while holding a lock.
     */
    void close();
}
