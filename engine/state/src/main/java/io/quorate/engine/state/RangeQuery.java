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
    private static final byte[] NONE = new byte[0];

    /** The current version of one key. */
    public static RangeQuery one(byte[] key) {
        return range(key, NONE);
    }

    /** The current versions of a range, in the order of keys. */
    public static RangeQuery range(byte[] key, byte[] rangeEnd) {
        return new RangeQuery(
                key, rangeEnd, 0, 0, Order.NONE, SortTarget.KEY, false, false, 0, 0, 0, 0);
    }

    /**
     * Whether keys come as the index holds them. As in etcd, no order with another target than KEY
     * counts as such for {@code limit}: the first keys are cut out and then sorted.
     */
    boolean hasDefaultOrder() {
        return order == Order.NONE || (sortTarget == SortTarget.KEY && order == Order.ASCEND);
    }

    boolean hasRevisionFilters() {
        return minModRevision != 0
                || maxModRevision != 0
                || minCreateRevision != 0
                || maxCreateRevision != 0;
    }

    /** The order is the wire number. */
    public enum Order {
        NONE,
        ASCEND,
        DESCEND;

        private static final Order[] ALL = values();

        /**
         * The order with this wire number.
         *
         * @throws EtcdException for an unknown one (KV-03)
         */
        public static Order of(int number) {
            if (number < 0 || number >= ALL.length) throw EtcdError.INVALID_SORT_OPTION.exception();
            return ALL[number];
        }
    }

    /** The order is the wire number. */
    public enum SortTarget {
        KEY,
        VERSION,
        CREATE,
        MOD,
        VALUE;

        private static final SortTarget[] ALL = values();

        /**
         * The target with this wire number.
         *
         * @throws EtcdException for an unknown one (KV-03)
         */
        public static SortTarget of(int number) {
            if (number < 0 || number >= ALL.length) throw EtcdError.INVALID_SORT_OPTION.exception();
            return ALL[number];
        }
    }
}
