package io.quorate.engine.state;

import static io.quorate.engine.state.Command.Relation.EQUAL;
import static io.quorate.engine.state.Command.Relation.GREATER;
import static io.quorate.engine.state.Command.Relation.LESS;
import static io.quorate.engine.state.Command.Relation.NOT_EQUAL;
import static io.quorate.engine.state.Command.Target.CREATE;
import static io.quorate.engine.state.Command.Target.LEASE;
import static io.quorate.engine.state.Command.Target.MOD;
import static io.quorate.engine.state.Command.Target.VALUE;
import static io.quorate.engine.state.Command.Target.VERSION;
import static io.quorate.engine.state.Requests.NONE;
import static io.quorate.engine.state.Requests.all;
import static io.quorate.engine.state.Requests.bytes;
import static io.quorate.engine.state.Requests.compare;
import static io.quorate.engine.state.Requests.compareValue;
import static io.quorate.engine.state.Requests.delete;
import static io.quorate.engine.state.Requests.get;
import static io.quorate.engine.state.Requests.op;
import static io.quorate.engine.state.Requests.put;
import static io.quorate.engine.state.Requests.txn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.List;

/** Transactions: which branch, what is seen inside, what is left after. */
class TransactionTest {
    private static final List<Command.Op> NO_OPS = List.of();

    private final Story story = new Story();

    @AfterEach
    void close() {
        story.close();
    }

    private boolean holds(Command.Compare... compares) {
        return story.txn(txn(List.of(compares), NO_OPS, NO_OPS)).succeeded();
    }

    @Test
    @Tag("TX-09")
    @Tag("TX-10")
    void comparesLookAtEveryFieldOfAKey() {
        story.put("a", "1");
        story.put("a", "5");
        assertTrue(holds(compare("a", VERSION, EQUAL, 2)));
        assertTrue(holds(compare("a", CREATE, LESS, 3)));
        assertTrue(holds(compare("a", MOD, GREATER, 2)));
        assertTrue(holds(compare("a", LEASE, EQUAL, 0)));
        assertTrue(holds(compareValue("a", GREATER, "4")));
        assertTrue(holds(compareValue("a", NOT_EQUAL, "")));
        assertFalse(holds(compare("a", MOD, EQUAL, 2)));
        assertFalse(holds(compare("a", VERSION, EQUAL, 2), compareValue("a", EQUAL, "1")));
    }

    @Test
    @Tag("TX-11")
    void aMissingKeyHasZeroesAndNoValueAtAll() {
        assertTrue(holds(compare("a", VERSION, EQUAL, 0)));
        assertTrue(holds(compare("a", CREATE, LESS, 1)));
        assertFalse(holds(compare("a", MOD, GREATER, 0)));
        assertTrue(holds(compare("a", LEASE, EQUAL, 0)));
        for (Command.Relation relation : Command.Relation.values())
            assertFalse(holds(compareValue("a", relation, "")));
    }

    @Test
    @Tag("TX-12")
    void aCompareOfARangeHoldsWhenItHoldsForAllItsKeys() {
        story.put("a", "1");
        story.put("b", "1");
        assertTrue(holds(new Command.Compare(bytes("a"), bytes("c"), VERSION, EQUAL, 1, NONE)));
        assertFalse(holds(new Command.Compare(bytes("a"), bytes("c"), MOD, LESS, 3, NONE)));
        assertTrue(holds(new Command.Compare(bytes("x"), bytes("z"), MOD, LESS, 3, NONE)));
        assertFalse(holds(new Command.Compare(bytes("x"), bytes("z"), VALUE, EQUAL, 0, NONE)));
    }

    @Test
    @Tag("TX-17")
    @Tag("TX-23")
    @Tag("SE-07")
    @Tag("SE-09")
    void allChangesShareOneRevision() {
        story.put("c", "1");
        Result.Txn done =
                story.txn(
                        txn(
                                List.of(),
                                List.of(op(put("a", "1")), op(delete("c")), op(put("b", "2"))),
                                NO_OPS));
        assertTrue(done.succeeded());
        assertEquals(3, done.revision());
        assertEquals(3, story.state.revision());
        assertInstanceOf(Result.PutOpResult.class, done.results().get(0));
        assertInstanceOf(Result.DeleteRangeOpResult.class, done.results().get(1));
        assertInstanceOf(Result.PutOpResult.class, done.results().get(2));
        assertEquals("a=1 b=2", story.content(0));
        assertEquals("c=1", story.content(2));
    }

    @Test
    @Tag("TX-16")
    @Tag("TX-19")
    void aRangeInsideSeesWhatWasWrittenBeforeIt() {
        Command.Txn inner = txn(List.of(), List.of(op(put("b", "2")), op(all().query())), NO_OPS);
        Result.Txn done =
                story.txn(
                        txn(
                                List.of(),
                                List.of(
                                        op(all().query()),
                                        op(put("a", "1")),
                                        op(all().query()),
                                        op(inner),
                                        op(all().countOnly().query())),
                                NO_OPS));
        RangeResult before = ((Result.RangeOpResult) done.results().get(0)).range();
        assertEquals(0, before.kvs().size());
        assertEquals(1, before.revision());
        RangeResult after = ((Result.RangeOpResult) done.results().get(2)).range();
        assertEquals(1, after.kvs().size());
        assertEquals(2, after.revision());
        Result.Txn nested = ((Result.TxnOpResult) done.results().get(3)).txn();
        assertEquals(0, nested.revision());
        assertEquals(2, ((Result.RangeOpResult) nested.results().get(1)).range().kvs().size());
        assertEquals(2, ((Result.RangeOpResult) done.results().get(4)).range().count());
    }

    @Test
    @Tag("TX-15")
    void nestedComparesLookAtTheStateBeforeTheWholeTransaction() {
        Command.Txn inner =
                txn(
                        List.of(compare("a", VERSION, EQUAL, 0)),
                        List.of(op(put("b", "a was missing"))),
                        List.of(op(put("b", "a was there"))));
        story.txn(txn(List.of(), List.of(op(put("a", "1")), op(inner)), NO_OPS));
        assertEquals("a=1 b=a was missing", story.content(0));
    }

    @Test
    @Tag("TX-20")
    void aFailingOperationLeavesNothingBehind() {
        story.put("a", "1");
        var ignoring = new Command.Put(bytes("missing"), NONE, 0, false, true, false);
        var leased = new Command.Put(bytes("b"), NONE, 9, false, false, false);
        Command.Txn inner = txn(List.of(), List.of(op(put("c", "1")), op(leased)), NO_OPS);
        story.refused(
                EtcdError.KEY_NOT_FOUND,
                txn(List.of(), List.of(op(put("a", "2")), op(ignoring)), NO_OPS));
        story.refused(
                EtcdError.LEASE_NOT_FOUND,
                txn(List.of(), List.of(op(put("a", "2")), op(inner)), NO_OPS));
        story.restart();
        assertEquals("a=1", story.content(0));
        assertEquals(1, story.store.rows(Keyspaces.KEY));
    }

    @Test
    @Tag("TX-21")
    @Tag("T11")
    void aRangeAtABadRevisionFailsTheWholeTransaction() {
        for (int i = 0; i < 4; i++) story.put("a", "" + i);
        story.compact(4);
        Command.Compare never = compare("a", VERSION, EQUAL, 99);
        for (long revision : new long[] {3, 6, -1}) {
            EtcdError error = revision > 5 ? EtcdError.FUTURE_REVISION : EtcdError.COMPACTED;
            List<Command.Op> ops = List.of(op(put("b", "1")), op(get("a").at(revision).query()));
            Command.Txn bad = txn(List.of(), ops, NO_OPS);
            story.refused(error, bad);
            story.refused(error, txn(List.of(never), NO_OPS, ops));
            story.refused(error, txn(List.of(), List.of(op(put("c", "1")), op(bad)), NO_OPS));
        }
        assertEquals(5, story.state.revision());
        assertTrue(
                story.txn(txn(List.of(), List.of(op(get("a").at(4).query())), NO_OPS)).succeeded());
    }

    @Test
    @Tag("TX-25")
    void aTransactionWithoutOperationsTellsWhetherItsComparesHold() {
        assertTrue(holds());
        assertEquals(1, story.state.revision());
    }

    @Test
    @Tag("TX-18")
    @Tag("TX-22")
    void aTransactionOfRangesIsARead() {
        story.put("a", "1");
        Command.Txn read =
                txn(
                        List.of(compareValue("a", EQUAL, "2")),
                        NO_OPS,
                        List.of(op(get("a").query()), op(get("b").query())));
        assertTrue(RequestChecks.isReadOnly(read));
        Result.Txn answer = story.state.txn(read);
        assertFalse(answer.succeeded());
        assertEquals(2, answer.revision());
        assertEquals(2, answer.results().size());
        assertEquals(Answers.text(answer), Answers.text(story.txn(read)));

        Command.Txn future = txn(List.of(), List.of(op(get("a").at(9).query())), NO_OPS);
        assertThrows(EtcdException.class, () -> story.state.txn(future));
        Command.Txn nested = txn(List.of(), List.of(op(read)), NO_OPS);
        assertFalse(RequestChecks.isReadOnly(nested));
        assertFalse(RequestChecks.isReadOnly(txn(List.of(), NO_OPS, List.of(op(delete("a"))))));
        assertThrows(IllegalArgumentException.class, () -> story.state.txn(nested));
    }

    @Test
    @Tag("TX-27")
    void theUpdateOfKubernetesWinsOrTellsWhatIsThere() {
        story.put("pod", "1");
        assertTrue(update(2, "2").succeeded());
        Result.Txn lost = update(2, "3");
        assertFalse(lost.succeeded());
        RangeResult there = ((Result.RangeOpResult) lost.results().getFirst()).range();
        assertEquals(3, there.kvs().getFirst().modRevision());
        assertEquals(3, lost.revision());
    }

    private Result.Txn update(long expected, String value) {
        return story.txn(
                txn(
                        List.of(compare("pod", MOD, EQUAL, expected)),
                        List.of(op(put("pod", value))),
                        List.of(op(get("pod").query()))));
    }

    @Test
    @Tag("TX-24")
    void aKeyDeletedWithAllAfterItMayBePutAgain() {
        // etcd's overlap check takes the end "\0" literally, so this passes there too.
        story.put("a", "1");
        story.put("b", "1");
        Command.DeleteRange fromA = delete("a", "\0");
        story.txn(txn(List.of(), List.of(op(fromA), op(put("a", "2"))), NO_OPS));
        assertEquals("a=2", story.content(0));
        assertEquals("a=2", story.content(4));
        KeyValue again = story.range(get("a")).kvs().getFirst();
        assertEquals(1, again.version());
        assertEquals(4, again.createRevision());
        var ignoring = new Command.Put(bytes("a"), NONE, 0, false, true, false);
        story.refused(
                EtcdError.KEY_NOT_FOUND, txn(List.of(), List.of(op(fromA), op(ignoring)), NO_OPS));
        story.compact(4);
        story.finishCompaction();
        story.restart();
        assertEquals("a=2", story.content(4));
    }

    @Test
    @Tag("TX-05")
    void aKeyPutByOneNestedTransactionMayBeDeletedByALaterOne() {
        Command.Txn puts = txn(List.of(), List.of(op(put("a", "1"))), NO_OPS);
        Command.Txn deletes = txn(List.of(), List.of(op(delete("a"))), NO_OPS);
        story.txn(txn(List.of(), List.of(op(puts), op(deletes)), NO_OPS));
        assertEquals("", story.content(2));
        assertEquals(2, story.state.revision());
        story.restart();
        assertEquals("", story.content(2));
        assertEquals("", story.content(1));
        assertEquals(List.of(0L, 1L), subs());
    }

    /** Sub revisions of all rows, in order. */
    private List<Long> subs() {
        try (var view = story.store.view();
                var rows = view.cursor(Keyspaces.KEY, null, null, false)) {
            Long[] subs = new Long[story.store.rows(Keyspaces.KEY)];
            for (int i = 0; rows.next(); i++) subs[i] = RevisionKey.sub(rows.key());
            return Arrays.asList(subs);
        }
    }
}
