package io.quorate.engine.state;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Requests over a few keys, so that they meet; good ones and bad ones. */
final class RandomRequests {
    private final Random random;

    RandomRequests(Random random) {
        this.random = random;
    }

    /** A command that passes the checks done before proposing. */
    Command command(Oracle oracle) {
        int dice = random.nextInt(100);
        if (dice < 44) return checkedPut();
        if (dice < 54) return delete();
        if (dice < 86) return checkedTxn(oracle);
        if (dice < 96) return leaseCommand();
        return new Command.Compact(compactRevision(oracle), false);
    }

    private Command leaseCommand() {
        return switch (random.nextInt(5)) {
            case 0, 1 -> new Command.LeaseGrant(lease(), ttl());
            case 2 ->
                    new Command.LeaseCheckpoint(
                            List.of(
                                    new Command.Checkpoint(lease(), random.nextInt(9)),
                                    new Command.Checkpoint(lease(), 5)));
            default -> new Command.LeaseRevoke(lease());
        };
    }

    /** One of a few, or none. */
    private long lease() {
        long[] ids = {1, 2, Long.MAX_VALUE, -4, 3, 0};
        return ids[random.nextInt(ids.length)];
    }

    private long ttl() {
        return random.nextInt(10) == 0 ? Lease.TTL_MAX + 1 : random.nextLong(Lease.TTL_MAX + 1);
    }

    private long compactRevision(Oracle oracle) {
        if (random.nextInt(4) == 0) return revision(oracle);
        return oracle.revision() - random.nextInt(20);
    }

    private Command.Put checkedPut() {
        while (true) {
            Command.Put put = put();
            try {
                RequestChecks.check(put);
                return put;
            } catch (EtcdException e) {
                // Another one, then.
            }
        }
    }

    private Command.Txn checkedTxn(Oracle oracle) {
        while (true) {
            Command.Txn txn = txn(oracle, 2);
            try {
                RequestChecks.check(txn, RequestChecks.MAX_TXN_OPS);
                return txn;
            } catch (EtcdException e) {
                // Another one, then.
            }
        }
    }

    RangeQuery query(Oracle oracle) {
        return new RangeQuery(
                key(),
                end(),
                random.nextInt(3) == 0 ? random.nextInt(12) - 1 : 0,
                random.nextBoolean() ? revision(oracle) : 0,
                random.nextBoolean()
                        ? RangeQuery.Order.NONE
                        : RangeQuery.Order.of(random.nextInt(3)),
                random.nextBoolean()
                        ? RangeQuery.SortTarget.KEY
                        : RangeQuery.SortTarget.of(random.nextInt(5)),
                random.nextInt(5) == 0,
                random.nextInt(8) == 0,
                bound(oracle),
                bound(oracle),
                bound(oracle),
                bound(oracle));
    }

    /** Mostly readable, sometimes compacted, in the future, or below zero. */
    long revision(Oracle oracle) {
        int dice = random.nextInt(20);
        if (dice == 0) return oracle.revision() + 1;
        if (dice == 1) return -1;
        if (dice == 2) return oracle.compactRevision() - 1;
        if (dice == 3) return oracle.compactRevision();
        long oldest = Math.max(1, oracle.compactRevision());
        return oldest + random.nextLong(oracle.revision() - oldest + 1);
    }

    private long bound(Oracle oracle) {
        return random.nextInt(10) == 0 ? random.nextLong(oracle.revision() + 2) : 0;
    }

    private byte[] key() {
        byte[] key = new byte[1 + random.nextInt(2)];
        byte[] letters = {0, 1, 'a', 'b', 'c', 'd', 'e', 'f', (byte) 0x80, (byte) 0xff};
        for (int i = 0; i < key.length; i++) key[i] = letters[random.nextInt(letters.length)];
        return key;
    }

    private byte[] end() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> new byte[0];
            case 2 -> new byte[] {0};
            default -> key();
        };
    }

    private Command.Put put() {
        byte[] value = new byte[random.nextInt(40)];
        random.nextBytes(value);
        boolean ignoreValue = random.nextInt(8) == 0;
        return new Command.Put(
                key(),
                ignoreValue && random.nextInt(10) > 0 ? new byte[0] : value,
                random.nextInt(3) == 0 ? lease() : 0,
                random.nextInt(3) == 0,
                ignoreValue,
                random.nextInt(8) == 0);
    }

    private Command.DeleteRange delete() {
        byte[] end = random.nextInt(3) == 0 ? end() : new byte[0];
        return new Command.DeleteRange(key(), end, random.nextInt(3) == 0);
    }

    private Command.Txn txn(Oracle oracle, int depth) {
        List<Command.Compare> compares = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) compares.add(compare(oracle));
        return new Command.Txn(compares, ops(oracle, depth), ops(oracle, depth));
    }

    private List<Command.Op> ops(Oracle oracle, int depth) {
        List<Command.Op> ops = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) ops.add(op(oracle, depth));
        return ops;
    }

    private Command.Op op(Oracle oracle, int depth) {
        int dice = random.nextInt(10);
        if (dice < 4) return new Command.PutOp(put());
        if (dice < 6) return new Command.DeleteRangeOp(delete());
        if (dice < 8 && depth > 0) return new Command.TxnOp(txn(oracle, depth - 1));
        return new Command.RangeOp(query(oracle));
    }

    private Command.Compare compare(Oracle oracle) {
        Command.Target target = Command.Target.values()[random.nextInt(5)];
        long number =
                target == Command.Target.VERSION || target == Command.Target.LEASE
                        ? random.nextInt(4)
                        : random.nextLong(oracle.revision() + 1);
        byte[] value = new byte[random.nextInt(3)];
        random.nextBytes(value);
        return new Command.Compare(
                key(),
                random.nextInt(3) == 0 ? end() : new byte[0],
                target,
                Command.Relation.values()[random.nextInt(4)],
                random.nextInt(3) == 0 ? 0 : number,
                value);
    }
}
