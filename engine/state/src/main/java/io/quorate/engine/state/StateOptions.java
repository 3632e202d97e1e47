package io.quorate.engine.state;

/**
 * Sizes of a state machine.
 *
 * @param cacheBytes most bytes of recent rows kept in the heap for reads, 0 or more; rows that are
 *     not committed yet are kept whatever it says
 * @param historyBytes most bytes of recent events kept in the heap for watches that are a little
 *     behind, 0 or more; with the rows that both hold, the larger of the two counts
 */
public record StateOptions(long cacheBytes, long historyBytes) {
    public static final StateOptions DEFAULT = new StateOptions(2L << 20, 2L << 20);

    public StateOptions {
        if (cacheBytes < 0)
            throw new IllegalArgumentException("cacheBytes is " + cacheBytes + ", below 0");
        if (historyBytes < 0)
            throw new IllegalArgumentException("historyBytes is " + historyBytes + ", below 0");
    }
}
