package io.quorate.engine.state;

/**
 * What a watch wants to see (WA-02).
 *
 * @param key first key; empty means the key of one zero byte (WA-04)
 * @param rangeEnd as in {@link RangeQuery#rangeEnd} (WA-05)
 * @param startRevision first revision wanted; 0 for the one after the current; one in the future is
 *     waited for (WA-07, WA-08)
 * @param noPuts leave puts out (WA-14)
 * @param noDeletes leave deletes out (WA-14)
 * @param previous tell the value before each event, where it is still known (WA-15)
 * @param progressNotify for whoever sends the messages: whether the client wants to hear from time
 *     to time how far a quiet watch is (WA-24)
 * @param fragment for whoever sends the messages: whether the client takes a message in parts
 *     (WA-21)
 */
public record WatchQuery(
        byte[] key,
        byte[] rangeEnd,
        long startRevision,
        boolean noPuts,
        boolean noDeletes,
        boolean previous,
        boolean progressNotify,
        boolean fragment) {
    private static final byte[] NONE = new byte[0];

    /** All changes of one key from a revision on. */
    public static WatchQuery key(byte[] key, long startRevision) {
        return range(key, NONE, startRevision);
    }

    /** All changes of a range from a revision on. */
    public static WatchQuery range(byte[] key, byte[] rangeEnd, long startRevision) {
        return new WatchQuery(key, rangeEnd, startRevision, false, false, false, false, false);
    }

    /** Whether the filters let an event pass. */
    boolean accepts(WatchEvent event) {
        return event.isDelete() ? !noDeletes : !noPuts;
    }
}
