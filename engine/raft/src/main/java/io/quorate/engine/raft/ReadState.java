package io.quorate.engine.raft;

/**
 * The answer to a read-index request: once the state has applied {@code index}, reads of this
 * request are linearizable (Raft dissertation §6.4).
 *
 * @param index commit index to wait for
 * @param context the request's context, unchanged
 */
public record ReadState(long index, byte[] context) {}
