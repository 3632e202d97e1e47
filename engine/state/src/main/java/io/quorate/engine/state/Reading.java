package io.quorate.engine.state;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Reads of one consistent state. Used by one thread. */
final class Reading {
    private static final byte[] EMPTY = new byte[0];

    private final Published state;
    private final Rows rows;

    Reading(Published state, Rows rows) {
        this.state = state;
        this.rows = rows;
    }

    long revision() {
        return state.revision();
    }

    /** The version of a key that is current, or null. */
    IndexEntry current(byte[] key) {
        IndexEntry newest = KeyIndex.get(state.root(), key);
        return newest == null || newest.tombstone ? null : newest;
    }

    /** All current keys of a range, in order. */
    List<IndexEntry> current(KeyRange range) {
        return collect(range, state.revision(), Long.MAX_VALUE, false);
    }

    KeyValue load(IndexEntry entry) {
        return load(entry, state.revision());
    }

    RangeResult range(RangeQuery query) {
        long revision = readRevision(query.revision());
        KeyRange range = KeyRange.of(query.key(), query.rangeEnd());
        if (query.countOnly())
            return new RangeResult(state.revision(), List.of(), false, count(range, revision));
        List<IndexEntry> found = collect(range, revision, fetchLimit(query), backwards(query));
        long count = isWhole(query, found) ? found.size() : count(range, revision);
        return result(query, revision, found, count);
    }

    /**
     * As {@link #range}, for one who reads the range piece by piece: the count is that of the keys
     * found, since counting the rest for each piece at a past revision would walk it each time.
     */
    RangeResult page(RangeQuery query) {
        long revision = readRevision(query.revision());
        KeyRange range = KeyRange.of(query.key(), query.rangeEnd());
        List<IndexEntry> found = collect(range, revision, fetchLimit(query), backwards(query));
        return result(query, revision, found, found.size());
    }

    private RangeResult result(
            RangeQuery query, long revision, List<IndexEntry> found, long count) {
        if (query.hasRevisionFilters()) found.removeIf(entry -> !passes(entry, query));
        boolean more = query.limit() > 0 && found.size() > query.limit();
        List<KeyValue> kvs = kvs(found, query, revision);
        return new RangeResult(state.revision(), kvs, more, count);
    }

    /**
     * The revision to read at (KV-17..KV-19).
     *
     * @throws EtcdException for a compacted or future revision
     */
    long readRevision(long asked) {
        if (asked > state.revision()) throw EtcdError.FUTURE_REVISION.exception();
        long revision = asked <= 0 ? state.revision() : asked;
        if (revision < state.compactRevision()) throw EtcdError.COMPACTED.exception();
        return revision;
    }

    /**
     * The check of a range inside a transaction, before anything is done (TX-21). Unlike a plain
     * range it takes a negative revision literally, as etcd does.
     */
    void checkTxnRange(RangeQuery query) {
        if (query.revision() == 0) return;
        if (query.revision() > state.revision()) throw EtcdError.FUTURE_REVISION.exception();
        if (query.revision() < state.compactRevision()) throw EtcdError.COMPACTED.exception();
    }

    /** Keys of a range that exist at the revision. */
    long count(KeyRange range, long revision) {
        if (revision >= state.revision()) return range.count(state.root());
        long[] count = {0};
        range.ascend(
                state.root(),
                newest -> {
                    if (newest.visibleAt(revision) != null) count[0]++;
                    return true;
                });
        rows.check(revision);
        return count[0];
    }

    /** Whether a compare holds now (TX-09..TX-14). */
    boolean holds(Command.Compare compare) {
        boolean[] all = {true};
        boolean[] any = {false};
        KeyRange.of(compare.key(), compare.rangeEnd())
                .ascend(
                        state.root(),
                        newest -> {
                            if (newest.tombstone) return true;
                            any[0] = true;
                            all[0] = holds(compare, newest);
                            return all[0];
                        });
        return any[0] ? all[0] : holdsOnMissing(compare);
    }

    private boolean holds(Command.Compare compare, IndexEntry entry) {
        int order =
                switch (compare.target()) {
                    case VERSION -> Long.compare(entry.version, compare.number());
                    case CREATE -> Long.compare(entry.created, compare.number());
                    case MOD -> Long.compare(entry.main, compare.number());
                    case LEASE -> Long.compare(entry.lease, compare.number());
                    case VALUE -> codec(entry).compareValue(compare.value());
                };
        return holds(compare.relation(), order);
    }

    private static boolean holdsOnMissing(Command.Compare compare) {
        return switch (compare.target()) {
            // On the wire a missing value cannot be told from an empty one, so it equals nothing.
            case VALUE -> false;
            case VERSION, CREATE, MOD, LEASE ->
                    holds(compare.relation(), Long.compare(0, compare.number()));
        };
    }

    private static boolean holds(Command.Relation relation, int order) {
        return switch (relation) {
            case EQUAL -> order == 0;
            case GREATER -> order > 0;
            case LESS -> order < 0;
            case NOT_EQUAL -> order != 0;
        };
    }

    private RowCodec codec(IndexEntry entry) {
        return new RowCodec().read(rows.row(entry, state.revision()));
    }

    private List<IndexEntry> collect(KeyRange range, long revision, long limit, boolean backwards) {
        List<IndexEntry> found = new ArrayList<>();
        boolean past = revision < state.revision();
        KeyIndex.Visitor visitor =
                newest -> {
                    IndexEntry seen = newest;
                    if (past) seen = newest.visibleAt(revision);
                    else if (newest.tombstone) seen = null;
                    if (seen != null) found.add(seen);
                    return found.size() < limit;
                };
        if (backwards) range.descend(state.root(), visitor);
        else range.ascend(state.root(), visitor);
        if (past) rows.check(revision);
        return found;
    }

    /** One more than wanted, to know whether there are more; all when they must be looked at. */
    private static long fetchLimit(RangeQuery query) {
        boolean inOrder = query.hasDefaultOrder() || backwards(query);
        if (query.limit() <= 0 || query.hasRevisionFilters() || !inOrder) return Long.MAX_VALUE;
        return query.limit() == Long.MAX_VALUE ? query.limit() : query.limit() + 1;
    }

    /** Keys in descending order need no sort: the index is walked from its end. */
    private static boolean backwards(RangeQuery query) {
        return query.sortTarget() == RangeQuery.SortTarget.KEY
                && query.order() == RangeQuery.Order.DESCEND;
    }

    private static boolean isWhole(RangeQuery query, List<IndexEntry> found) {
        return found.size() < fetchLimit(query);
    }

    private static boolean passes(IndexEntry entry, RangeQuery query) {
        return within(entry.main, query.minModRevision(), query.maxModRevision())
                && within(entry.created, query.minCreateRevision(), query.maxCreateRevision());
    }

    private static boolean within(long revision, long min, long max) {
        return (max == 0 || revision <= max) && (min == 0 || revision >= min);
    }

    /** Sorts, cuts to the limit, and reads only the rows that are left. */
    private List<KeyValue> kvs(List<IndexEntry> found, RangeQuery query, long revision) {
        if (query.sortTarget() == RangeQuery.SortTarget.VALUE)
            return kvsByValue(found, query, revision);
        Comparator<IndexEntry> order = order(query);
        if (order != null) found.sort(order);
        int size = cut(found.size(), query.limit());
        List<KeyValue> kvs = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            IndexEntry entry = found.get(i);
            kvs.add(query.keysOnly() ? withoutValue(entry) : load(entry, revision));
        }
        return kvs;
    }

    private List<KeyValue> kvsByValue(List<IndexEntry> found, RangeQuery query, long revision) {
        List<KeyValue> kvs = new ArrayList<>(found.size());
        for (IndexEntry entry : found) kvs.add(load(entry, revision));
        Comparator<KeyValue> ascending = (a, b) -> Arrays.compareUnsigned(a.value(), b.value());
        kvs.sort(query.order() == RangeQuery.Order.DESCEND ? ascending.reversed() : ascending);
        kvs = kvs.subList(0, cut(kvs.size(), query.limit()));
        if (query.keysOnly()) kvs.replaceAll(Reading::withoutValue);
        return kvs;
    }

    private static int cut(int size, long limit) {
        return limit > 0 && limit < size ? (int) limit : size;
    }

    /** Null when they stand as wanted. Equal ones keep the order of their keys (KV-15). */
    private static Comparator<IndexEntry> order(RangeQuery query) {
        Comparator<IndexEntry> ascending =
                switch (query.sortTarget()) {
                    case KEY, VALUE -> null;
                    case VERSION -> Comparator.comparingLong(entry -> entry.version);
                    case CREATE -> Comparator.comparingLong(entry -> entry.created);
                    case MOD -> Comparator.comparingLong(entry -> entry.main);
                };
        boolean turned = ascending != null && query.order() == RangeQuery.Order.DESCEND;
        return turned ? ascending.reversed() : ascending;
    }

    private KeyValue load(IndexEntry entry, long revision) {
        return RowCodec.decode(entry, rows.row(entry, revision));
    }

    /** From the index alone, and without the lease, which etcd does not keep there (KV-13). */
    private static KeyValue withoutValue(IndexEntry entry) {
        return new KeyValue(entry.key, entry.created, entry.main, entry.version, EMPTY, 0);
    }

    private static KeyValue withoutValue(KeyValue kv) {
        return new KeyValue(
                kv.key(), kv.createRevision(), kv.modRevision(), kv.version(), EMPTY, kv.lease());
    }
}
