package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.NONE;
import static io.quorate.engine.state.Requests.bytes;
import static io.quorate.engine.state.Requests.compare;
import static io.quorate.engine.state.Requests.delete;
import static io.quorate.engine.state.Requests.get;
import static io.quorate.engine.state.Requests.op;
import static io.quorate.engine.state.Requests.put;
import static io.quorate.engine.state.Requests.txn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/** What is refused before anything is proposed. */
class RequestChecksTest {
    private static final List<Command.Op> NO_OPS = List.of();

    private static void assertRefused(EtcdError error, int code, String text, Executable check) {
        EtcdException refused = assertThrows(EtcdException.class, check);
        assertEquals(error, refused.error());
        assertEquals(code, refused.error().grpcCode());
        assertEquals(text, refused.getMessage());
    }

    private static void assertRefused(EtcdError error, Command.Txn txn) {
        EtcdException refused =
                assertThrows(EtcdException.class, () -> RequestChecks.check(txn, 128));
        assertEquals(error, refused.error());
    }

    private static Command.Txn of(Command.Op... ops) {
        return txn(List.of(), List.of(ops), NO_OPS);
    }

    @Test
    @Tag("KV-02")
    @Tag("ER-01")
    @Tag("TX-13")
    void everyRequestNeedsAKey() {
        String text = "etcdserver: key is not provided";
        EtcdError error = EtcdError.KEY_NOT_PROVIDED;
        assertRefused(error, 3, text, () -> RequestChecks.check(get("").query()));
        assertRefused(error, 3, text, () -> RequestChecks.check(put("", "1")));
        assertRefused(error, 3, text, () -> RequestChecks.check(delete("")));
        assertRefused(error, of(op(put("", "1"))));
        assertRefused(error, of(op(of(op(delete(""))))));
        assertRefused(error, txn(List.of(), NO_OPS, List.of(op(get("").query()))));
        var compare = compare("", Command.Target.MOD, Command.Relation.EQUAL, 0);
        assertRefused(error, txn(List.of(compare), NO_OPS, NO_OPS));
    }

    @Test
    @Tag("KV-03")
    @Tag("ER-08")
    void sortNumbersHaveNames() {
        String text = "etcdserver: invalid sort option";
        EtcdError error = EtcdError.INVALID_SORT_OPTION;
        assertEquals(RangeQuery.Order.DESCEND, RangeQuery.Order.of(2));
        assertEquals(RangeQuery.SortTarget.VALUE, RangeQuery.SortTarget.of(4));
        for (int bad : new int[] {-1, 5, Integer.MAX_VALUE}) {
            assertRefused(error, 3, text, () -> RangeQuery.Order.of(bad));
            assertRefused(error, 3, text, () -> RangeQuery.SortTarget.of(bad));
        }
    }

    @Test
    @Tag("KV-33")
    @Tag("KV-34")
    @Tag("ER-03")
    @Tag("ER-04")
    void whatIsIgnoredMustNotBeGiven() {
        var value = new Command.Put(bytes("a"), bytes("1"), 0, false, true, false);
        var lease = new Command.Put(bytes("a"), bytes("1"), 7, false, false, true);
        assertRefused(
                EtcdError.VALUE_PROVIDED,
                3,
                "etcdserver: value is provided",
                () -> RequestChecks.check(value));
        assertRefused(
                EtcdError.LEASE_PROVIDED,
                3,
                "etcdserver: lease is provided",
                () -> RequestChecks.check(lease));
        assertRefused(EtcdError.VALUE_PROVIDED, of(op(value)));
    }

    @Test
    @Tag("TX-02")
    @Tag("TX-04")
    @Tag("ER-05")
    @Tag("SE-43")
    void theWidestOfTheThreeListsCounts() {
        List<Command.Op> ops = Collections.nCopies(3, op(get("a").query()));
        var compare = compare("a", Command.Target.MOD, Command.Relation.EQUAL, 0);
        RequestChecks.check(txn(List.of(compare), ops, ops), 3);
        for (Command.Txn wide :
                List.of(
                        txn(List.of(), ops, NO_OPS),
                        txn(List.of(), NO_OPS, ops),
                        txn(Collections.nCopies(3, compare), NO_OPS, NO_OPS)))
            assertRefused(
                    EtcdError.TOO_MANY_OPS,
                    3,
                    "etcdserver: too many operations in txn request",
                    () -> RequestChecks.check(wide, 2));
    }

    @Test
    @Tag("TX-03")
    void nestedTransactionsShareWhatIsLeft() {
        Command.Op range = op(get("a").query());
        Command.Txn inner = of(range, range);
        RequestChecks.check(of(op(inner), op(inner)), 4);
        assertThrows(EtcdException.class, () -> RequestChecks.check(of(op(inner), op(inner)), 3));
        RequestChecks.check(of(op(of(op(of(range))))), 3);
        assertThrows(EtcdException.class, () -> RequestChecks.check(of(op(of(op(of(range))))), 2));
        RequestChecks.check(of(op(of())), 1);
    }

    @Test
    @Tag("TX-08")
    void anOperationWithNothingSetIsNotFound() {
        assertRefused(EtcdError.KEY_NOT_FOUND, of(new Command.EmptyOp()));
        Command.Op[] many = new Command.Op[129];
        Arrays.fill(many, new Command.EmptyOp());
        assertRefused(EtcdError.TOO_MANY_OPS, of(many));
    }

    @Test
    @Tag("TX-05")
    @Tag("TX-24")
    @Tag("ER-06")
    void oneKeyIsChangedOnceOnAPath() {
        String text = "etcdserver: duplicate key given in txn request";
        EtcdError error = EtcdError.DUPLICATE_KEY;
        Command.Txn twice = of(op(put("a", "1")), op(put("a", "2")));
        assertRefused(error, 3, text, () -> RequestChecks.check(twice, 128));
        assertRefused(error, of(op(put("a", "1")), op(delete("a"))));
        assertRefused(error, of(op(delete("a")), op(put("a", "1"))));
        assertRefused(error, of(op(delete("a", "c")), op(put("b", "1"))));
        assertRefused(error, of(op(put("b", "1")), op(of(op(delete("a", "c"))))));
        assertRefused(error, of(op(of(op(put("a", "1")))), op(of(op(put("a", "1"))))));
        RequestChecks.check(of(op(delete("a", "c")), op(put("c", "1"))), 128);
        RequestChecks.check(of(op(delete("c", "a")), op(put("b", "1"))), 128);
    }

    @Test
    @Tag("TX-06")
    void theTwoBranchesOfATransactionExcludeEachOther() {
        List<Command.Op> puts = List.of(op(put("a", "1")));
        Command.Txn both = txn(List.of(), puts, puts);
        RequestChecks.check(both, 128);
        RequestChecks.check(of(op(both)), 128);
        assertRefused(EtcdError.DUPLICATE_KEY, of(op(both), op(put("a", "1"))));
        assertRefused(EtcdError.DUPLICATE_KEY, of(op(both), op(both)));
        Command.Txn elseOnly = txn(List.of(), NO_OPS, puts);
        assertRefused(EtcdError.DUPLICATE_KEY, of(op(elseOnly), op(put("a", "1"))));
    }

    @Test
    @Tag("TX-07")
    void deletesMayOverlap() {
        RequestChecks.check(of(op(delete("a", "c")), op(delete("b", "d")), op(delete("b"))), 128);
    }

    /** The rules once more, with lists that are looked through. */
    @Test
    @Tag("TX-05")
    void overlapsAreFoundAsByThePlainRules() {
        long seed = Long.getLong("quorate.state.seed", new Random().nextLong());
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            Command.Txn txn = randomTxn(random, 3);
            boolean expected = plainlyRefused(txn);
            if (expected) refused++;
            boolean actual = refuses(txn);
            assertEquals(
                    expected,
                    actual,
                    () -> "-Dquorate.state.seed=" + seed + " " + Answers.text(txn));
        }
        assertEquals(true, refused > 1000 && refused < 19_000, "refused " + refused);
    }

    private static boolean refuses(Command.Txn txn) {
        try {
            RequestChecks.check(txn, 1000);
            return false;
        } catch (EtcdException e) {
            assertEquals(EtcdError.DUPLICATE_KEY, e.error());
            return true;
        }
    }

    private static Command.Txn randomTxn(Random random, int depth) {
        return txn(List.of(), randomOps(random, depth), randomOps(random, depth));
    }

    private static List<Command.Op> randomOps(Random random, int depth) {
        List<Command.Op> ops = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--)
            ops.add(
                    switch (random.nextInt(depth > 0 ? 5 : 3)) {
                        case 0, 1 -> op(put(letter(random), "1"));
                        case 2 -> op(randomDelete(random));
                        default -> op(randomTxn(random, depth - 1));
                    });
        return ops;
    }

    private static Command.DeleteRange randomDelete(Random random) {
        String end =
                switch (random.nextInt(6)) {
                    case 0 -> "\0";
                    case 1, 2, 3 -> "";
                    default -> letter(random);
                };
        return delete(letter(random), end);
    }

    private static String letter(Random random) {
        return String.valueOf((char) ('a' + random.nextInt(24)));
    }

    private static final class Duplicate extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private record Changed(Set<String> puts, List<byte[][]> deletes) {}

    private static boolean plainlyRefused(Command.Txn txn) {
        try {
            plain(txn.success());
            plain(txn.failure());
            return false;
        } catch (Duplicate e) {
            return true;
        }
    }

    private static Changed plain(List<Command.Op> ops) {
        Changed changed = new Changed(new TreeSet<>(), new ArrayList<>());
        for (Command.Op op : ops)
            if (op instanceof Command.DeleteRangeOp(var d))
                changed.deletes.add(
                        new byte[][] {
                            d.key(),
                            d.rangeEnd().length == 0
                                    ? bytes(Requests.text(d.key()) + "\0")
                                    : d.rangeEnd()
                        });
        for (Command.Op op : ops) {
            if (!(op instanceof Command.TxnOp(var inner))) continue;
            Changed then = plain(inner.success());
            Changed otherwise = plain(inner.failure());
            for (String key : then.puts) plainPut(changed, key, Set.of());
            for (String key : otherwise.puts) plainPut(changed, key, then.puts);
            changed.deletes.addAll(then.deletes);
            changed.deletes.addAll(otherwise.deletes);
        }
        for (Command.Op op : ops)
            if (op instanceof Command.PutOp(var put))
                plainPut(changed, Requests.text(put.key()), Set.of());
        return changed;
    }

    private static void plainPut(Changed changed, String key, Set<String> allowed) {
        if (changed.puts.contains(key) && !allowed.contains(key)) throw new Duplicate();
        for (byte[][] range : changed.deletes)
            if (Arrays.compareUnsigned(range[0], bytes(key)) <= 0
                    && Arrays.compareUnsigned(bytes(key), range[1]) < 0) throw new Duplicate();
        changed.puts.add(key);
    }

    @Test
    void rangesAlone() {
        Command.Put put = new Command.Put(bytes("a"), NONE, 0, false, false, false);
        assertEquals(true, RequestChecks.isReadOnly(of()));
        assertEquals(true, RequestChecks.isReadOnly(of(op(get("a").query()))));
        assertEquals(false, RequestChecks.isReadOnly(of(op(get("a").query()), op(put))));
    }
}
