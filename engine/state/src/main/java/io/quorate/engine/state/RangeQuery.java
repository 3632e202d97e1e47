package io.quorate.engine.state;

/**
 * A read (KV-01..KV-19).
 *
 * @param key first key, never empty
 * @param rangeEnd empty for the one key; one zero byte for all keys from {@code key} on; else the
 *     first key after the range
 * @param limit most keys to return, 0 or less for all
 * @param revision revision to read at, 0 or less for the current one
 * @param keysOnly leave values out
 * @param countOnly leave keys and values out
 * @param minModRevision drop keys modified before this revision, 0 for no bound; the other three
 *     alike
 */
public record RangeQuery(
        byte[] key,
        byte[] rangeEnd,
        long limit,
        long revision,
        Order order,
        SortTarget sortTarget,
        boolean keysOnly,
        boolean countOnly,
        long minModRevision,
        long maxModRevision,
        long minCreateRevision,
        long maxCreateRevision) {
    /** The order is the wire number. */
    public enum Order {
        NONE,
        ASCEND,
        DESCEND
    }

    /** The order is the wire number. */
    public enum SortTarget {
        KEY,
        VERSION,
        CREATE,
        MOD,
        VALUE
    }
}
