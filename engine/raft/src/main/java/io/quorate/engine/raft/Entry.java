package io.quorate.engine.raft;

/**
 * One entry of the log.
 *
 * @param term term of the leader that made it
 * @param index position, from 1
 * @param type what {@code data} is
 * @param data never changed once here; empty for the entry a new leader starts its term with
 */
public record Entry(long term, long index, EntryType type, byte[] data) {}
