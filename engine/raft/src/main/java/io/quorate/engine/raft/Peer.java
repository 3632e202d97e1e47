package io.quorate.engine.raft;

/**
 * A first member of a new group.
 *
 * @param id the member
 * @param context goes with the membership change that adds it; opaque to the algorithm
 */
public record Peer(long id, byte[] context) {}
