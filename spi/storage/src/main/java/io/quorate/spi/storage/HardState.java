package io.quorate.spi.storage;

/**
 * What a member must remember over a restart beside its entries (Raft figure 2, persistent state).
 *
 * @param term latest term seen
 * @param vote member voted for in that term, 0 for none
 * @param commit highest index known to be committed
 */
public record HardState(long term, long vote, long commit) {
    public static final HardState EMPTY = new HardState(0, 0, 0);
}
