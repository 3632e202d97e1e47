package io.quorate.engine.raft;

/**
 * What must be on stable storage before messages that depend on it are sent (Raft figure 2).
 *
 * @param term latest term seen
 * @param vote member voted for in that term, 0 for none
 * @param commit highest index known to be committed
 */
public record HardState(long term, long vote, long commit) {
    public static final HardState EMPTY = new HardState(0, 0, 0);

    public boolean isEmpty() {
        return equals(EMPTY);
    }
}
