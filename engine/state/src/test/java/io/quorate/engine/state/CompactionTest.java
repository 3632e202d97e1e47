package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.all;
import static io.quorate.engine.state.Requests.compact;
import static io.quorate.engine.state.Requests.get;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** What compaction refuses, removes and leaves. */
class CompactionTest {
    private final Story story = new Story();

    @AfterEach
    void close() {
        story.close();
    }

    private int rows() {
        return story.store.rows(Keyspaces.KEY);
    }

    @Test
    @Tag("KV-40")
    @Tag("KV-42")
    @Tag("KV-44")
    @Tag("ER-09")
    void onlyWhatHasPassedAndIsNotCompactedCanBeCompacted() {
        story.put("a", "1");
        story.put("a", "2");
        assertEquals(new Result.Compact(3), story.apply(compact(2)));
        assertEquals(2, story.state.compactRevision());
        story.refused(EtcdError.COMPACTED, compact(2));
        story.refused(EtcdError.COMPACTED, compact(1));
        story.refused(EtcdError.FUTURE_REVISION, compact(4));
    }

    @Test
    @Tag("KV-43")
    void zeroCanBeCompactedOnce() {
        assertEquals(-1, story.state.compactRevision());
        story.compact(0);
        story.refused(EtcdError.COMPACTED, compact(0));
        story.finishCompaction();
        story.restart();
        assertEquals(0, story.state.compactRevision());
        story.refused(EtcdError.COMPACTED, compact(0));
    }

    @Test
    @Tag("KV-19")
    @Tag("SE-13")
    void theCompactRevisionItselfStaysReadable() {
        for (int i = 1; i <= 3; i++) story.put("a", "" + i);
        story.compact(3);
        story.finishCompaction();
        assertEquals("a=2", story.content(3));
        story.refused(EtcdError.COMPACTED, all().at(2));
        story.refused(EtcdError.COMPACTED, get("nothing").at(1).countOnly());
        assertEquals(2, rows());
    }

    @Test
    @Tag("SE-10")
    @Tag("T9")
    void aTombstoneExactlyAtTheCompactRevisionStaysUntilTheNext() {
        story.put("a", "1");
        story.delete("a");
        story.put("b", "1");
        story.compact(3);
        story.finishCompaction();
        assertEquals(2, rows());
        story.restart();
        assertEquals("", story.content(3));
        assertEquals("b=1", story.content(4));
        story.compact(4);
        story.finishCompaction();
        assertEquals(1, rows());
        assertEquals("b=1", story.content(4));
    }

    @Test
    @Tag("SE-10")
    void aKeyThatCameBackKeepsItsNewLife() {
        story.put("a", "1");
        story.delete("a");
        story.put("a", "2");
        story.put("a", "3");
        story.compact(4);
        story.finishCompaction();
        assertEquals(2, rows());
        story.restart();
        assertEquals("a=2", story.content(4));
        KeyValue kv = story.range(get("a")).kvs().getFirst();
        assertEquals(4, kv.createRevision());
        assertEquals(2, kv.version());
    }

    @Test
    @Tag("SE-11")
    @Tag("SE-12")
    @Tag("T8")
    void aCrashBetweenTwoStepsLosesNothing() {
        for (int i = 0; i < 50; i++) story.put("k" + i % 10, "" + i);
        String content = story.content(0);
        story.compact(51);
        story.commit();
        for (int i = 0; i < 3; i++) {
            story.state.compactStep(5);
            story.commit();
            story.state.compactStep(5);
            story.crash();
            assertTrue(story.state.compactionPending());
            assertEquals(51, story.state.revision());
            assertEquals(51, story.state.compactRevision());
            assertEquals(content, story.content(0));
            story.refused(EtcdError.COMPACTED, all().at(50));
        }
        assertTrue(rows() > 10);
        story.finishCompaction();
        assertEquals(10, rows());
        story.restart();
        assertFalse(story.state.compactionPending());
        assertEquals(51, story.state.compactRevision());
    }

    @Test
    @Tag("T8")
    void theRevisionIsNeverBelowTheCompactRevision() {
        // As older releases leave it: the newest row was a tombstone and went with the compaction.
        WriteBatch batch = new WriteBatch();
        byte[] row = RowCodec.encode(new byte[] {'a'}, 2, 2, 1, new byte[] {'1'}, 0);
        batch.put(Keyspaces.KEY, RevisionKey.of(2, 0, false), row);
        batch.put(Keyspaces.META, Meta.name("scheduledCompactRev"), RevisionKey.of(7, 0, false));
        story.store.commit(batch, story.next(), Durability.FORCE);
        story.crash();
        assertEquals(7, story.state.revision());
        assertEquals(7, story.state.compactRevision());
        assertEquals(8, story.put("b", "1").revision());
        story.finishCompaction();
    }

    @Test
    @Tag("SE-11")
    void theMarksAreRevisionsAsEtcdWritesThem() {
        story.put("a", "1");
        story.compact(2);
        byte[] mark = {0, 0, 0, 0, 0, 0, 0, 2, '_', 0, 0, 0, 0, 0, 0, 0, 0};
        assertArrayEquals(mark, story.state.meta("scheduledCompactRev"));
        story.finishCompaction();
        try (var view = story.store.view()) {
            assertArrayEquals(mark, view.get(Keyspaces.META, Meta.name("scheduledCompactRev")));
            assertArrayEquals(mark, view.get(Keyspaces.META, Meta.name("finishedCompactRev")));
        }
    }

    @Test
    @Tag("KV-41")
    void whoWaitsForTheRowsWaitsForTheCommit() {
        story.put("a", "1");
        story.put("a", "2");
        story.compact(3);
        CompletableFuture<Void> done = story.state.compacted(3);
        story.commit();
        assertFalse(done.isDone());
        while (story.state.compactionPending()) story.state.compactStep(1000);
        assertFalse(done.isDone());
        story.commit();
        done.join();
        assertTrue(story.state.compacted(2).isDone());
    }

    @Test
    void aCompactionDuringAnotherIsDoneAfterIt() {
        for (int i = 0; i < 30; i++) story.put("k" + i % 10, "" + i);
        story.compact(10);
        story.state.compactStep(2);
        CompletableFuture<Void> first = story.state.compacted(10);
        story.compact(20);
        story.compact(31);
        CompletableFuture<Void> last = story.state.compacted(31);
        story.finishCompaction();
        first.join();
        last.join();
        assertEquals(10, rows());
    }

    @Test
    void whoWaitsWhenTheMemberStopsIsTold() {
        story.put("a", "1");
        story.compact(2);
        CompletableFuture<Void> done = story.state.compacted(2);
        story.state.close();
        var failure = assertThrows(CompletionException.class, done::join);
        assertInstanceOf(StorageException.Closed.class, failure.getCause());
    }

    @Test
    @Tag("SE-12")
    void oneStepRemovesNoMoreRowsThanAsked() {
        for (int i = 0; i < 100; i++) story.put("a", "" + i);
        story.commit();
        story.compact(101);
        while (story.state.compactionPending()) {
            int before = rows();
            story.state.compactStep(7);
            story.commit();
            assertTrue(before - rows() <= 7);
        }
        assertEquals(1, rows());
    }

    @Test
    @Tag("SE-12")
    void oneStepReadsABoundedNumberOfBytes() {
        String large = "x".repeat(600 << 10);
        for (int i = 0; i < 10; i++) story.put("k" + i, large);
        story.commit();
        story.compact(11);
        story.commit();
        int steps = 0;
        for (; story.state.compactionPending(); steps++) {
            story.state.compactStep(1000);
            story.commit();
        }
        assertTrue(steps >= 5, "hashed within " + steps + " steps");
    }
}
