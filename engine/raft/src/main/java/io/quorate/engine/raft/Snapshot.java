package io.quorate.engine.raft;

/**
 * A state as of an index, as the algorithm sees it.
 *
 * @param index index of the last entry that the state holds, 0 for no snapshot
 * @param term its term
 * @param conf membership as of that index
 * @param data opaque to the algorithm
 */
public record Snapshot(long index, long term, ConfState conf, byte[] data) {
    public static final Snapshot NONE = new Snapshot(0, 0, ConfState.EMPTY, new byte[0]);

    public boolean isEmpty() {
        return index == 0;
    }
}
