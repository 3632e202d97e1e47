package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.all;
import static io.quorate.engine.state.Requests.bytes;
import static io.quorate.engine.state.Requests.delete;
import static io.quorate.engine.state.Requests.get;
import static io.quorate.engine.state.Requests.range;
import static io.quorate.engine.state.Requests.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.RangeQuery.Order;
import io.quorate.engine.state.RangeQuery.SortTarget;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Put, get, delete and what they answer. */
class KeyValueTest {
    private final Story story = new Story();

    @AfterEach
    void close() {
        story.close();
    }

    @Test
    @Tag("SE-01")
    @Tag("SE-02")
    @Tag("SE-03")
    @Tag("SE-04")
    @Tag("SE-06")
    @Tag("SE-09")
    void aKeyCountsItsVersionsUntilItIsDeleted() {
        assertEquals(1, story.state.revision());
        assertEquals(2, story.put("a", "1").revision());
        assertEquals(3, story.put("a", "1").revision());
        assertKv("a", "1", 2, 3, 2, story.range(get("a")));
        story.delete("a");
        story.put("a", "2");
        assertKv("a", "2", 5, 5, 1, story.range(get("a")));
    }

    private static void assertKv(
            String key, String value, long created, long modified, long version, RangeResult got) {
        KeyValue kv = got.kvs().getFirst();
        assertEquals(key, text(kv.key()));
        assertEquals(value, text(kv.value()));
        assertEquals(created, kv.createRevision());
        assertEquals(modified, kv.modRevision());
        assertEquals(version, kv.version());
        assertEquals(0, kv.lease());
    }

    @Test
    @Tag("KV-37")
    void putTellsWhatWasThereBefore() {
        Command.Put put = new Command.Put(bytes("a"), bytes("1"), 0, true, false, false);
        assertNull(((Result.Put) story.apply(put)).previous());
        assertEquals("1", text(((Result.Put) story.apply(put)).previous().value()));
    }

    @Test
    @Tag("KV-33")
    @Tag("ER-02")
    void putKeepsTheOldValueWhenAsked() {
        Command.Put keep = new Command.Put(bytes("a"), new byte[0], 0, false, true, false);
        story.refused(EtcdError.KEY_NOT_FOUND, keep);
        story.put("a", "1");
        story.apply(keep);
        assertKv("a", "1", 2, 3, 2, story.range(get("a")));
    }

    @Test
    @Tag("KV-34")
    void putKeepsTheOldLeaseOnlyOfAKeyThatIsThere() {
        Command.Put keep = new Command.Put(bytes("a"), bytes("2"), 0, false, false, true);
        story.refused(EtcdError.KEY_NOT_FOUND, keep);
        story.put("a", "1");
        story.apply(keep);
        assertKv("a", "2", 2, 3, 2, story.range(get("a")));
    }

    @Test
    @Tag("KV-35")
    @Tag("ER-12")
    void putWithAnUnknownLeaseIsRefused() {
        story.refused(
                EtcdError.LEASE_NOT_FOUND,
                new Command.Put(bytes("a"), bytes("1"), 77, false, false, false));
    }

    @Test
    @Tag("KV-38")
    @Tag("KV-39")
    @Tag("SE-05")
    void deleteOfARangeTakesOneRevision() {
        for (String key : "a b c d".split(" ")) story.put(key, key);
        assertEquals(
                new Result.DeleteRange(5, 0, java.util.List.of()), story.apply(delete("x", "z")));
        var delete = new Command.DeleteRange(bytes("b"), bytes("d"), true);
        Result.DeleteRange done = (Result.DeleteRange) story.apply(delete);
        assertEquals(6, done.revision());
        assertEquals(2, done.deleted());
        assertEquals("b", text(done.previous().get(0).value()));
        assertEquals("c", text(done.previous().get(1).value()));
        assertEquals("a=a d=d", story.content(0));
        assertEquals("a=a b=b c=c d=d", story.content(5));
    }

    @Test
    @Tag("KV-04")
    @Tag("KV-05")
    @Tag("KV-06")
    @Tag("KV-07")
    void rangesAreHalfOpenAndZeroMeansNoEnd() {
        for (String key : "a b ba c".split(" ")) story.put(key, key);
        assertEquals("b", story.keys(get("b")));
        assertEquals("b ba c", story.keys(range("b", "\0")));
        assertEquals("a b ba c", story.keys(all()));
        assertEquals("b ba", story.keys(range("b", "c")));
        assertEquals("", story.keys(range("c", "b")));
        assertEquals("", story.keys(range("b", "b")));
        assertEquals(0, story.range(range("c", "b")).count());
    }

    @Test
    @Tag("KV-09")
    @Tag("KV-10")
    @Tag("KV-11")
    @Tag("KV-12")
    void limitCutsTheAnswerAndNotTheCount() {
        for (String key : "a b c d".split(" ")) story.put(key, key);
        RangeResult two = story.range(all().limit(2));
        assertEquals("a b", story.keys(all().limit(2)));
        assertTrue(two.more());
        assertEquals(4, two.count());
        assertFalse(story.range(all().limit(4)).more());
        assertEquals(4, story.range(all().limit(-1)).kvs().size());
        assertEquals(4, story.range(all().limit(Long.MAX_VALUE)).kvs().size());
        RangeResult counted = story.range(all().limit(2).countOnly());
        assertEquals(0, counted.kvs().size());
        assertEquals(4, counted.count());
        assertFalse(counted.more());
        RangeResult past = story.range(all().limit(1).at(3));
        assertTrue(past.more());
        assertEquals(2, past.count());
    }

    @Test
    @Tag("KV-13")
    void keysOnlyLeavesValuesOut() {
        story.put("a", "1");
        story.put("a", "2");
        KeyValue kv = story.range(get("a").keysOnly()).kvs().getFirst();
        assertEquals(0, kv.value().length);
        assertEquals(2, kv.createRevision());
        assertEquals(3, kv.modRevision());
        assertEquals(2, kv.version());
        Requests.Query byValue = all().keysOnly().sort(SortTarget.VALUE, Order.DESCEND);
        assertEquals(0, story.range(byValue).kvs().getFirst().value().length);
    }

    @Test
    @Tag("KV-14")
    @Tag("KV-15")
    @Tag("SE-17")
    void answersAreSortedByAnyField() {
        story.put("c", "2");
        story.put("b", "3");
        story.put("a", "1");
        story.put("b", "3");
        assertEquals("c b a", story.keys(all().sort(SortTarget.KEY, Order.DESCEND)));
        assertEquals("c b", story.keys(all().sort(SortTarget.KEY, Order.DESCEND).limit(2)));
        assertEquals("a c b", story.keys(all().sort(SortTarget.VERSION, Order.NONE)));
        assertEquals("b a c", story.keys(all().sort(SortTarget.VERSION, Order.DESCEND)));
        assertEquals("c b a", story.keys(all().sort(SortTarget.CREATE, Order.ASCEND)));
        assertEquals("a", story.keys(all().sort(SortTarget.CREATE, Order.DESCEND).limit(1)));
        assertEquals("c a b", story.keys(all().sort(SortTarget.MOD, Order.ASCEND)));
        assertEquals("a c b", story.keys(all().sort(SortTarget.VALUE, Order.ASCEND)));
        assertEquals("b c", story.keys(all().sort(SortTarget.VALUE, Order.DESCEND).limit(2)));
    }

    @Test
    @Tag("KV-14")
    void withoutAnOrderTheLimitCutsBeforeTheSort() {
        story.put("c", "1");
        story.put("b", "1");
        story.put("a", "1");
        assertEquals("b", story.keys(all().sort(SortTarget.CREATE, Order.NONE).limit(1)));
        assertEquals("c", story.keys(all().sort(SortTarget.CREATE, Order.ASCEND).limit(1)));
    }

    @Test
    @Tag("KV-16")
    void boundsOnRevisionsDropKeysBeforeTheLimit() {
        for (String key : "a b c d".split(" ")) story.put(key, key);
        story.put("a", "2");
        assertEquals("a d", story.keys(all().mod(5, 0)));
        assertEquals("b c", story.keys(all().mod(0, 4)));
        assertEquals("a b", story.keys(all().create(0, 3)));
        assertEquals("c", story.keys(all().create(4, 4)));
        assertEquals("c", story.keys(all().mod(4, 0).create(3, 4)));
        RangeResult one = story.range(all().create(3, 0).limit(1));
        assertTrue(one.more());
        assertEquals(4, one.count());
        assertEquals("b", text(one.kvs().getFirst().key()));
    }

    @Test
    @Tag("KV-17")
    @Tag("KV-18")
    @Tag("KV-20")
    @Tag("ER-10")
    void thePastIsReadableAndTheFutureIsNot() {
        story.put("a", "1");
        story.put("a", "2");
        assertEquals("a=1", story.content(2));
        assertEquals("", story.content(1));
        assertEquals("a=2", story.content(-5));
        assertEquals(3, story.range(all().at(2)).revision());
        story.refused(EtcdError.FUTURE_REVISION, all().at(4));
        story.refused(EtcdError.FUTURE_REVISION, get("b").at(4).countOnly());
    }

    @Test
    @Tag("SE-15")
    @Tag("SE-16")
    void anyBytesAreAKeyAndAValue() {
        byte[] key = {0, (byte) 0xff, 'x', (byte) 0x80};
        byte[] value = {(byte) 0xc3, 0x28, 0, (byte) 0xff};
        story.apply(new Command.Put(key, value, 0, false, false, false));
        story.put("empty", "");
        story.restart();
        KeyValue kv = story.state.range(RangeQuery.one(key)).kvs().getFirst();
        assertArrayEquals(key, kv.key());
        assertArrayEquals(value, kv.value());
        assertEquals(0, story.range(get("empty")).kvs().getFirst().value().length);
    }

    @Test
    void whatWasNotCommittedIsGoneAfterACrash() {
        story.put("a", "1");
        story.commit();
        story.put("a", "2");
        story.crash();
        assertEquals("a=1", story.content(0));
        assertEquals(1, story.state.applied().index());
        assertEquals(2, story.state.revision());
    }

    @Test
    void aFullStoreLosesNothingThatWasApplied() {
        story.put("a", "1");
        story.store.refuseCommits(true);
        assertThrows(io.quorate.spi.storage.StorageException.NoSpace.class, () -> story.commit());
        assertEquals("a=1", story.content(0));
        story.store.refuseCommits(false);
        story.restart();
        assertEquals("a=1", story.content(0));
    }
}
