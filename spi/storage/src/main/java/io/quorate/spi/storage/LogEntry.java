package io.quorate.spi.storage;

/**
 * One entry of the Raft log as the storage sees it.
 *
 * @param index position in the log, from 1
 * @param term term of the leader that made it
 * @param type opaque to the storage, 0..255
 * @param data the payload; owned by the log once appended, never changed by anyone
 */
public record LogEntry(long index, long term, int type, byte[] data) {}
