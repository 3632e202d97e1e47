package io.quorate.spi.storage;

/**
 * A position in the Raft log whose effects a state holds.
 *
 * @param index index of the last applied entry, 0 for an empty state
 * @param term its term
 */
public record Applied(long index, long term) {
    public static final Applied NONE = new Applied(0, 0);
}
