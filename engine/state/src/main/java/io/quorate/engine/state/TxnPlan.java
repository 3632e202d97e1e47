package io.quorate.engine.state;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * The way a transaction takes, chosen by the state before it: the branch of the outer one and, in
 * the order of their operations, those of the transactions inside that branch (TX-15).
 */
record TxnPlan(boolean succeeded, List<Command.Op> ops, List<TxnPlan> nested) {
    static TxnPlan choose(Reading before, Command.Txn txn) {
        boolean succeeded = txn.compares().stream().allMatch(before::holds);
        List<Command.Op> ops = succeeded ? txn.success() : txn.failure();
        List<TxnPlan> nested = new ArrayList<>();
        for (Command.Op op : ops)
            if (op instanceof Command.TxnOp(var inner)) nested.add(choose(before, inner));
        return new TxnPlan(succeeded, ops, nested);
    }

    /**
     * Looks for all that could fail before anything is changed (TX-20, TX-21).
     *
     * @throws EtcdException for the first operation that cannot be done
     */
    void check(Reading before, LongPredicate leases) {
        check(before, leases, new ArrayList<>());
    }

    /**
     * @param deleted what the operations before delete
     */
    private void check(Reading before, LongPredicate leases, List<KeyRange> deleted) {
        int next = 0;
        for (Command.Op op : ops) {
            switch (op) {
                case Command.RangeOp(RangeQuery query) -> before.checkTxnRange(query);
                case Command.PutOp(Command.Put put) -> checkPut(before, leases, put, deleted);
                case Command.DeleteRangeOp(Command.DeleteRange delete) ->
                        deleted.add(KeyRange.of(delete.key(), delete.rangeEnd()));
                case Command.TxnOp ignored -> nested.get(next++).check(before, leases, deleted);
                case Command.EmptyOp ignored -> throw unchecked();
            }
        }
    }

    /** KV-33..KV-35, on the state before the command. */
    static void checkPut(
            Reading before, LongPredicate leases, Command.Put put, List<KeyRange> deleted) {
        if (put.lease() != 0 && !leases.test(put.lease()))
            throw EtcdError.LEASE_NOT_FOUND.exception();
        if (!put.ignoreValue() && !put.ignoreLease()) return;
        boolean gone = deleted.stream().anyMatch(range -> range.holds(put.key()));
        if (gone || before.current(put.key()) == null) throw EtcdError.KEY_NOT_FOUND.exception();
    }

    /** Answers a plan that holds ranges only. */
    Result.Txn read(Reading reading) {
        List<Result.OpResult> results = new ArrayList<>(ops.size());
        for (Command.Op op : ops) {
            if (!(op instanceof Command.RangeOp(RangeQuery query)))
                throw new IllegalArgumentException("a transaction with writes must be proposed");
            results.add(new Result.RangeOpResult(reading.range(query)));
        }
        return new Result.Txn(reading.revision(), succeeded, results);
    }

    static IllegalArgumentException unchecked() {
        return new IllegalArgumentException(
                "an operation with nothing set; use RequestChecks before proposing");
    }
}
