package io.quorate.engine.state;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Short ways to write requests in tests. */
final class Requests {
    static final byte[] NONE = new byte[0];
    static final byte[] TO_END = {0};

    private Requests() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static Command.Put put(String key, String value) {
        return new Command.Put(bytes(key), bytes(value), 0, false, false, false);
    }

    static Command.DeleteRange delete(String key) {
        return new Command.DeleteRange(bytes(key), NONE, false);
    }

    static Command.DeleteRange delete(String key, String end) {
        return new Command.DeleteRange(bytes(key), bytes(end), false);
    }

    static Command.Compact compact(long revision) {
        return new Command.Compact(revision, false);
    }

    static Command.Txn txn(
            List<Command.Compare> compares, List<Command.Op> success, List<Command.Op> failure) {
        return new Command.Txn(compares, success, failure);
    }

    static Command.Op op(Command.Put put) {
        return new Command.PutOp(put);
    }

    static Command.Op op(Command.DeleteRange delete) {
        return new Command.DeleteRangeOp(delete);
    }

    static Command.Op op(RangeQuery query) {
        return new Command.RangeOp(query);
    }

    static Command.Op op(Command.Txn txn) {
        return new Command.TxnOp(txn);
    }

    static Command.Compare compare(
            String key, Command.Target target, Command.Relation relation, long number) {
        return new Command.Compare(bytes(key), NONE, target, relation, number, NONE);
    }

    static Command.Compare compareValue(String key, Command.Relation relation, String value) {
        return new Command.Compare(
                bytes(key), NONE, Command.Target.VALUE, relation, 0, bytes(value));
    }

    static Query get(String key) {
        return new Query().key(key);
    }

    static Query range(String key, String end) {
        return new Query().key(key).end(end);
    }

    static Query all() {
        return range("\0", "\0");
    }

    /** A range query under construction. */
    static final class Query {
        private byte[] key = NONE;
        private byte[] end = NONE;
        private long limit;
        private long revision;
        private RangeQuery.Order order = RangeQuery.Order.NONE;
        private RangeQuery.SortTarget target = RangeQuery.SortTarget.KEY;
        private boolean keysOnly;
        private boolean countOnly;
        private final long[] bounds = new long[4];

        Query key(String text) {
            key = bytes(text);
            return this;
        }

        Query end(String text) {
            end = bytes(text);
            return this;
        }

        Query limit(long most) {
            limit = most;
            return this;
        }

        Query at(long asked) {
            revision = asked;
            return this;
        }

        Query sort(RangeQuery.SortTarget by, RangeQuery.Order how) {
            target = by;
            order = how;
            return this;
        }

        Query keysOnly() {
            keysOnly = true;
            return this;
        }

        Query countOnly() {
            countOnly = true;
            return this;
        }

        Query mod(long min, long max) {
            bounds[0] = min;
            bounds[1] = max;
            return this;
        }

        Query create(long min, long max) {
            bounds[2] = min;
            bounds[3] = max;
            return this;
        }

        RangeQuery query() {
            return new RangeQuery(
                    key, end, limit, revision, order, target, keysOnly, countOnly, bounds[0],
                    bounds[1], bounds[2], bounds[3]);
        }
    }
}
