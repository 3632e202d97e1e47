package io.quorate.engine.state;

import java.util.List;

/** What a command may add to the store, in bytes, as the quota reckons (SE-45). */
public final class Costs {
    private static final int KEY_OVERHEAD = 256;
    private static final int LEASE = 64;

    private Costs() {}

    /** 0 when the command adds nothing, so that it is let through however full the store is. */
    public static long of(Command command) {
        return switch (command) {
            case Command.Put put -> put(put);
            case Command.Txn txn -> txn(txn);
            case Command.DeleteRange delete -> 0;
            case Command.LeaseGrant grant -> LEASE;
            case Command.LeaseRevoke revoke -> 0;
            case Command.LeaseCheckpoint checkpoint -> 0;
            case Command.Compact compact -> 0;
            case Command.MemberAdd add -> 0;
            case Command.MemberRemove remove -> 0;
            case Command.MemberUpdate update -> 0;
            case Command.MemberPromote promote -> 0;
            case Command.MemberAttributes attributes -> 0;
            case Command.ClusterVersion version -> 0;
            case Command.RaiseAlarm raise -> 0;
            case Command.ClearAlarm clear -> 0;
            case Command.Downgrade downgrade -> 0;
            case AuthCommand users -> 0;
        };
    }

    private static long put(Command.Put put) {
        return (long) KEY_OVERHEAD + put.key().length + put.value().length;
    }

    /** The branch that adds more; which one is taken is not known before. */
    private static long txn(Command.Txn txn) {
        return Math.max(ops(txn.success()), ops(txn.failure()));
    }

    private static long ops(List<Command.Op> ops) {
        long sum = 0;
        for (Command.Op op : ops) {
            sum +=
                    switch (op) {
                        case Command.PutOp(Command.Put put) -> put(put);
                        case Command.TxnOp(Command.Txn txn) -> txn(txn);
                        case Command.RangeOp range -> 0;
                        case Command.DeleteRangeOp delete -> 0;
                        case Command.EmptyOp empty -> 0;
                    };
        }
        return sum;
    }
}
