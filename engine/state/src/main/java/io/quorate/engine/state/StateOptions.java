package io.quorate.engine.state;

/**
 * Sizes of a state machine.
 *
 * @param cacheBytes most bytes of recent rows kept in the heap for reads, 0 or more; rows that are
 *     not committed yet are kept whatever it says
 */
public record StateOptions(long cacheBytes) {
    public static final StateOptions DEFAULT = new StateOptions(64L << 20);

    public StateOptions {
        if (cacheBytes < 0)
            throw new IllegalArgumentException("cacheBytes is " + cacheBytes + ", below 0");
    }
}
