package io.quorate.engine.state;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a server refuses before it proposes anything. Pure functions; the order of the checks is
 * etcd's, so that a request with two mistakes gets the same answer.
 */
public final class RequestChecks {
    /** Default of {@code --max-txn-ops} (TX-02). */
    public static final int MAX_TXN_OPS = 128;

    private static final Comparator<byte[]> BYTES = Arrays::compareUnsigned;

    private RequestChecks() {}

    /** KV-02. The sort numbers are checked where they are read, see {@link RangeQuery.Order#of}. */
    public static void check(RangeQuery query) {
        requireKey(query.key());
    }

    /** KV-02, KV-29: a stream comes in the order of keys and without filters. */
    public static void checkStream(RangeQuery query) {
        check(query);
        if (!query.hasDefaultOrder()) throw EtcdError.STREAM_SORT.exception();
        if (query.hasRevisionFilters()) throw EtcdError.STREAM_FILTERS.exception();
    }

    /** KV-02, KV-33, KV-34. */
    public static void check(Command.Put put) {
        requireKey(put.key());
        if (put.ignoreValue() && put.value().length != 0)
            throw EtcdError.VALUE_PROVIDED.exception();
        if (put.ignoreLease() && put.lease() != 0) throw EtcdError.LEASE_PROVIDED.exception();
    }

    /** KV-02. */
    public static void check(Command.DeleteRange delete) {
        requireKey(delete.key());
    }

    /**
     * TX-02..TX-08, TX-13.
     *
     * @param maxOps most compares, and operations of one branch, 1 or more
     */
    public static void check(Command.Txn txn, int maxOps) {
        checkShape(txn, maxOps);
        changes(txn.success());
        changes(txn.failure());
    }

    /**
     * Whether both branches hold ranges only; it is then answered as a read, without a proposal. A
     * nested transaction counts as a write whatever it holds (TX-22).
     */
    public static boolean isReadOnly(Command.Txn txn) {
        return areRanges(txn.success()) && areRanges(txn.failure());
    }

    private static boolean areRanges(List<Command.Op> ops) {
        return ops.stream().allMatch(Command.RangeOp.class::isInstance);
    }

    private static void requireKey(byte[] key) {
        if (key.length == 0) throw EtcdError.KEY_NOT_PROVIDED.exception();
    }

    /** What a level uses up of the budget is not left for the transactions inside it (TX-03). */
    private static void checkShape(Command.Txn txn, int budget) {
        int widest = Math.max(txn.success().size(), txn.failure().size());
        int used = Math.max(txn.compares().size(), widest);
        if (used > budget) throw EtcdError.TOO_MANY_OPS.exception();
        for (Command.Compare compare : txn.compares()) requireKey(compare.key());
        for (Command.Op op : txn.success()) checkOp(op, budget - used);
        for (Command.Op op : txn.failure()) checkOp(op, budget - used);
    }

    private static void checkOp(Command.Op op, int budget) {
        switch (op) {
            case Command.RangeOp(RangeQuery query) -> check(query);
            case Command.PutOp(Command.Put put) -> check(put);
            case Command.DeleteRangeOp(Command.DeleteRange delete) -> check(delete);
            case Command.TxnOp(Command.Txn txn) -> checkShape(txn, budget);
            case Command.EmptyOp() -> throw EtcdError.KEY_NOT_FOUND.exception();
        }
    }

    /**
     * The keys put and the ranges deleted by a branch and all below it.
     *
     * @throws EtcdException when one key could be put twice, or put and deleted (TX-05, TX-24)
     */
    private static Changes changes(List<Command.Op> branch) {
        Changes changes = new Changes();
        for (Command.Op op : branch)
            if (op instanceof Command.DeleteRangeOp(var delete)) changes.delete(delete);
        for (Command.Op op : branch)
            if (op instanceof Command.TxnOp(var txn)) addNested(changes, txn);
        for (Command.Op op : branch)
            if (op instanceof Command.PutOp(var put)) changes.put(put.key(), Set.of());
        return changes;
    }

    private static void addNested(Changes changes, Command.Txn txn) {
        Changes success = changes(txn.success());
        Changes failure = changes(txn.failure());
        for (byte[] key : success.puts) changes.put(key, Set.of());
        // Only one of the two branches runs, so both may put the same key (TX-06).
        for (byte[] key : failure.puts) changes.put(key, success.puts);
        changes.deletes(success);
        changes.deletes(failure);
    }

    private static final class Changes {
        final Set<byte[]> puts = new TreeSet<>(BYTES);

        /** Disjoint ranges, first key to first key after. */
        private final TreeMap<byte[], byte[]> deletes = new TreeMap<>(BYTES);

        void put(byte[] key, Set<byte[]> allowed) {
            boolean twice = puts.contains(key) && !allowed.contains(key);
            if (twice || isDeleted(key)) throw EtcdError.DUPLICATE_KEY.exception();
            puts.add(key);
        }

        void delete(Command.DeleteRange delete) {
            byte[] end = delete.rangeEnd();
            if (end.length == 0) end = Arrays.copyOf(delete.key(), delete.key().length + 1);
            // A range up to "\0", which means all keys from here on, is taken literally by etcd's
            // check: it is empty and overlaps with nothing.
            delete(delete.key(), end);
        }

        void deletes(Changes other) {
            other.deletes.forEach(this::delete);
        }

        private void delete(byte[] from, byte[] to) {
            if (BYTES.compare(from, to) >= 0) return;
            byte[] start = from;
            byte[] end = to;
            Map.Entry<byte[], byte[]> before = deletes.floorEntry(start);
            if (before != null && BYTES.compare(before.getValue(), start) >= 0) {
                start = before.getKey();
                end = later(end, before.getValue());
            }
            for (var next = deletes.higherEntry(start);
                    next != null && BYTES.compare(next.getKey(), end) <= 0;
                    next = deletes.higherEntry(start)) {
                end = later(end, next.getValue());
                deletes.remove(next.getKey());
            }
            deletes.put(start, end);
        }

        private boolean isDeleted(byte[] key) {
            Map.Entry<byte[], byte[]> range = deletes.floorEntry(key);
            return range != null && BYTES.compare(key, range.getValue()) < 0;
        }

        private static byte[] later(byte[] a, byte[] b) {
            return BYTES.compare(a, b) >= 0 ? a : b;
        }
    }
}
