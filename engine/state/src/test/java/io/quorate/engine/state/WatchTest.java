package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.bytes;
import static io.quorate.engine.state.Requests.delete;
import static io.quorate.engine.state.Requests.op;
import static io.quorate.engine.state.Requests.put;
import static io.quorate.engine.state.Requests.txn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a stream of watches tells. */
class WatchTest {
    private final Story story = new Story();
    private final Watching watching = new Watching(story.state);

    @AfterEach
    void close() {
        watching.close();
        assertEquals(0, story.state.watches().watchers());
        assertEquals(0, story.state.watches().slowWatchers());
        assertEquals(0, story.state.watches().pendingEvents());
        story.close();
    }

    @Test
    @Tag("WA-03")
    @Tag("WA-07")
    @Tag("WA-18")
    void aNewWatchSeesWhatComesNext() {
        story.put("a", "0");
        assertEquals(0, watching.watch("a", 0));
        story.put("a", "1");
        story.put("b", "1");
        story.delete("a");
        story.put("a", "2");
        assertEquals(
                "created 0 @2 | 0 @3: put a=1 3 | 0 @5: del a 5 | 0 @6: new a=2 6",
                watching.read());
        assertEquals("", watching.read());
    }

    @Test
    @Tag("WA-16")
    @Tag("WA-17")
    void aPutShowsAllOfTheKeyAndADeleteTheKeyAndItsRevision() {
        watching.watch("a", 0);
        story.put("a", "1");
        story.put("a", "2");
        story.delete("a");
        List<WatchMessage> messages = watching.all();
        KeyValue put = event(messages.get(2)).decoded();
        assertEquals(2, put.createRevision());
        assertEquals(3, put.modRevision());
        assertEquals(2, put.version());
        KeyValue deleted = event(messages.get(3)).decoded();
        assertArrayEquals(bytes("a"), deleted.key());
        assertEquals(4, deleted.modRevision());
        assertEquals(0, deleted.createRevision());
        assertEquals(0, deleted.version());
        assertEquals(0, deleted.value().length);
    }

    private static WatchEvent event(WatchMessage message) {
        return ((WatchMessage.Events) message).events().getFirst();
    }

    @Test
    @Tag("WA-19")
    @Tag("WA-20")
    void aTransactionComesInOneMessageInTheOrderOfItsChanges() {
        for (int i = 0; i < 3; i++) story.put("d" + i, "x");
        watching.watch("a", "z", 0);
        watching.watch("b", 0);
        Command.Op nested =
                op(txn(List.of(), List.of(op(put("e", "5")), op(put("b", "6"))), List.of()));
        story.txn(
                txn(
                        List.of(),
                        List.of(op(put("c", "1")), op(delete("d", "e")), op(put("a", "2")), nested),
                        List.of()));
        assertEquals(
                "created 0 @4 | created 1 @4"
                        + " | 0 @5: new c=1 5, del d0 5, del d1 5, del d2 5, new a=2 5, new e=5 5,"
                        + " new b=6 5 | 1 @5: new b=6 5",
                sorted(watching.read()));
    }

    /** Messages of one revision for different watches come in no order. */
    private static String sorted(String read) {
        String[] parts = read.split(" \\| ");
        Arrays.sort(parts, 2, parts.length);
        return String.join(" | ", parts);
    }

    @Test
    void allWatchesShareTheEvent() {
        for (int i = 0; i < 3; i++) watching.watch("a", 0);
        story.put("a", "1");
        List<WatchMessage> messages = watching.all();
        WatchMessage.Events first = (WatchMessage.Events) messages.get(3);
        WatchMessage.Events second = (WatchMessage.Events) messages.get(4);
        assertSame(first.events(), second.events());
        assertSame(event(first).keyValue(), event(second).keyValue());
    }

    @Test
    void nothingIsToldOfWhatDoesNotChange() {
        watching.watch("", "\0", 0);
        story.delete("a");
        story.txn(txn(List.of(), List.of(op(Requests.get("a").query())), List.of()));
        story.refused(
                EtcdError.KEY_NOT_FOUND,
                new Command.Put(bytes("a"), bytes(""), 0, false, true, false));
        assertEquals("created 0 @1", watching.read());
    }

    @Test
    @Tag("WA-22")
    @Tag("WA-23")
    void aWatchFromThePastCatchesUpAndGoesOn() {
        story.put("a", "1");
        story.put("b", "1");
        story.commit();
        story.put("a", "2");
        watching.watch("a", 1);
        assertEquals("created 0 @4 | 0 @4: new a=1 2, put a=2 4", watching.read());
        story.put("a", "3");
        assertEquals("0 @5: put a=3 5", watching.read());
        watching.watch("a", 4);
        assertEquals("created 1 @5 | 1 @5: put a=2 4, put a=3 5", watching.read());
    }

    @Test
    @Tag("WA-22")
    void aLongHistoryComesInPiecesOfWholeRevisions() {
        for (int i = 0; i < 2500; i++) {
            story.txn(
                    txn(List.of(), List.of(op(put("a", "" + i)), op(put("b", "" + i))), List.of()));
            if (i == 1700) story.commit();
        }
        watching.watch("a", "c", 1);
        List<WatchMessage> messages = watching.all();
        long last = 1;
        for (WatchMessage message : messages.subList(1, messages.size())) {
            List<WatchEvent> events = ((WatchMessage.Events) message).events();
            assertTrue(events.size() <= 2 * HistoryReader.REVISIONS);
            assertEquals(0, events.size() % 2, "a revision was split");
            for (int i = 0; i < events.size(); i += 2) {
                assertEquals(++last, events.get(i).revision());
                assertEquals(last, events.get(i + 1).revision());
            }
        }
        assertEquals(2501, last);
        assertEquals(4, messages.size());
    }

    @Test
    @Tag("WA-08")
    @Tag("T10")
    void aWatchFromTheFutureIsSilentUntilThen() {
        watching.watch("a", 4);
        story.put("a", "1");
        assertFalse(watching.stream.requestProgress());
        assertFalse(watching.stream.requestProgress(0));
        story.put("a", "2");
        story.put("a", "3");
        assertEquals("created 0 @1 | 0 @4: put a=3 4", watching.read());
        assertTrue(watching.stream.requestProgress());
        assertEquals("progress -1 @4", watching.read());
    }

    @Test
    @Tag("WA-04")
    @Tag("WA-05")
    void emptyKeysAndOpenEndsMeanWhatTheyMeanToEtcd() {
        long smallest = watching.watch("", 0);
        long all = watching.watch("", "\0", 0);
        long fromB = watching.watch("b", "\0", 0);
        watching.read();
        story.put("\0", "1");
        assertEquals(smallest + " @2: new \0=1 2 | " + all + " @2: new \0=1 2", watching.read());
        story.put("b", "1");
        String both = watching.read();
        assertTrue(both.contains(all + " @3: new b=1 3"), both);
        assertTrue(both.contains(fromB + " @3: new b=1 3"), both);
    }

    @Test
    @Tag("WA-06")
    @Tag("WA-09")
    void whatCannotBeWatchedIsRefused() {
        assertEquals(WatchStream.ALL, watching.watch("b", "b", 0));
        assertEquals(WatchStream.ALL, watching.watch("b", "a", -1));
        assertEquals(
                "refused @1 mvcc: watcher range is empty"
                        + " | refused @1 etcdserver: mvcc: required revision has been compacted",
                watching.read());
        assertEquals(0, story.state.watches().watchers());
    }

    @Test
    @Tag("WA-12")
    @Tag("WA-13")
    void idsAreChosenOrGivenButNeverTwice() {
        WatchQuery query = WatchQuery.key(bytes("a"), 0);
        assertEquals(1, watching.stream.create(1, query));
        assertEquals(0, watching.stream.create(0, query));
        assertEquals(2, watching.stream.create(0, query));
        assertEquals(WatchStream.ALL, watching.stream.create(2, query));
        assertTrue(watching.stream.cancel(2));
        assertEquals(2, watching.stream.create(2, query));
        assertEquals(3, watching.stream.create(0, query));
        assertEquals(
                "created 1 @1 | created 0 @1 | created 2 @1 | refused @1 mvcc: duplicate watch ID"
                        + " provided on the WatchStream | canceled 2 @1 | created 2 @1"
                        + " | created 3 @1",
                watching.read());
    }

    @Test
    @Tag("WA-27")
    void aCanceledWatchTellsNothingMore() {
        long id = watching.watch("a", 0);
        story.put("a", "1");
        assertTrue(watching.stream.cancel(id));
        story.put("a", "2");
        assertFalse(watching.stream.cancel(id));
        assertFalse(watching.stream.cancel(77));
        assertEquals("created 0 @1 | 0 @2: new a=1 2 | canceled 0 @2", watching.read());
    }

    @Test
    @Tag("WA-14")
    void filtersLeaveOutPutsOrDeletes() {
        watching.stream.create(
                1, new WatchQuery(bytes("a"), Requests.NONE, 0, true, false, false, false, false));
        watching.stream.create(
                2, new WatchQuery(bytes("a"), Requests.NONE, 0, false, true, false, false, false));
        story.put("a", "1");
        story.delete("a");
        assertEquals(
                "created 1 @1 | created 2 @1 | 2 @2: new a=1 2 | 1 @3: del a 3", watching.read());
        watching.stream.create(
                3, new WatchQuery(bytes("a"), Requests.NONE, 1, true, false, true, false, false));
        watching.stream.create(
                4, new WatchQuery(bytes("a"), Requests.NONE, 1, true, true, false, false, false));
        assertEquals("created 3 @3 | created 4 @3 | 3 @3: del a 3 was 1", watching.read());
    }

    @Test
    @Tag("WA-15")
    void theValueBeforeIsToldToWhoAsks() {
        story.put("a", "0");
        WatchQuery query =
                new WatchQuery(bytes("a"), Requests.NONE, 0, false, false, true, false, false);
        watching.stream.create(0, query);
        watching.watch("a", 0);
        story.put("a", "1");
        story.delete("a");
        story.put("a", "2");
        watching.all();
        WatchQuery past =
                new WatchQuery(bytes("a"), Requests.NONE, 2, false, false, true, false, false);
        watching.stream.create(9, past);
        story.commit();
        watching.stream.create(8, past);
        String history =
                "new a=0 2 was nothing, put a=1 3 was 0, del a 4 was 1, new a=2 5 was nothing";
        assertEquals(
                "created 9 @5 | created 8 @5 | 9 @5: " + history + " | 8 @5: " + history,
                watching.read());
        story.put("a", "3");
        String live = watching.read();
        assertTrue(live.contains("0 @6: put a=3 6 was 2"), live);
        assertTrue(live.contains("1 @6: put a=3 6 |") || live.endsWith("1 @6: put a=3 6"), live);
    }

    @Test
    @Tag("WA-15")
    void aValueBeforeThatWasCompactedIsMissing() {
        story.put("a", "0");
        story.put("a", "1");
        story.put("a", "2");
        story.compact(3);
        story.commit();
        story.finishCompaction();
        watching.stream.create(
                0, new WatchQuery(bytes("a"), Requests.NONE, 3, false, false, true, false, false));
        assertEquals(
                "created 0 @4 | 0 @4: put a=1 3 was nothing, put a=2 4 was 1", watching.read());
    }

    @Test
    @Tag("WA-10")
    @Tag("WA-11")
    @Tag("T9")
    void aWatchFromACompactedRevisionEndsAndOneFromThereGoesOn() {
        story.put("a", "1");
        story.put("a", "2");
        story.delete("a");
        story.put("b", "1");
        story.compact(4);
        story.commit();
        story.finishCompaction();
        watching.watch("a", 3);
        assertEquals("created 0 @5 | compacted 0 4", watching.read());
        assertFalse(watching.stream.cancel(0));
        watching.watch("a", 4);
        assertEquals("created 1 @5 | 1 @5: del a 4", watching.read());
        story.put("c", "1");
        story.compact(5);
        story.finishCompaction();
        watching.watch("a", 4);
        assertEquals("created 2 @6 | compacted 2 5", watching.read());
    }

    @Test
    @Tag("KV-45")
    void compactionDoesNotDisturbAWatchThatIsUpToDate() {
        watching.watch("a", 0);
        story.put("a", "1");
        story.put("a", "2");
        story.compact(3);
        story.commit();
        story.finishCompaction();
        story.put("a", "3");
        assertEquals(
                "created 0 @1 | 0 @2: new a=1 2 | 0 @3: put a=2 3 | 0 @4: put a=3 4",
                watching.read());
    }

    @Test
    @Tag("WA-25")
    @Tag("WA-26")
    @Tag("T5")
    void progressComesAfterTheEventsThatItCovers() {
        assertFalse(watching.stream.requestProgress(), "there is no watch");
        watching.watch("a", 0);
        story.put("a", "1");
        story.put("b", "1");
        assertTrue(watching.stream.requestProgress());
        assertTrue(watching.stream.requestProgress(0));
        assertFalse(watching.stream.requestProgress(5));
        story.put("a", "2");
        assertEquals(
                "created 0 @1 | 0 @2: new a=1 2 | progress -1 @3 | progress 0 @3 | 0 @4: put a=2 4",
                watching.read());
    }

    @Test
    @Tag("WA-25")
    @Tag("T5")
    void noProgressWhileAWatchIsBehind() {
        story.put("a", "1");
        watching.watch("b", 0);
        watching.watch("a", 1);
        assertFalse(watching.stream.requestProgress());
        assertTrue(watching.stream.requestProgress(0));
        assertFalse(watching.stream.requestProgress(1));
        assertEquals(
                "created 0 @2 | created 1 @2 | progress 0 @2 | 1 @2: new a=1 2", watching.read());
        assertTrue(watching.stream.requestProgress());
        assertEquals("progress -1 @2", watching.read());
    }

    /** The sibling's end must not let progress pass what its stream has not told yet. */
    @Test
    @Tag("T5")
    void progressAfterTheCancelOfASiblingCoversOnlyWhatWasTold() {
        story.put("a", "1");
        long behind = watching.watch("a", 1);
        watching.watch("b", 0);
        assertFalse(watching.stream.requestProgress());
        watching.stream.cancel(behind);
        story.put("b", "2");
        assertTrue(watching.stream.requestProgress());
        assertEquals(
                "created 0 @2 | created 1 @2 | canceled 0 @2 | 1 @3: new b=2 3 | progress -1 @3",
                watching.read());
    }

    @Test
    @Tag("WA-33")
    @Tag("T7")
    void aReaderThatStopsIsGivenAllLaterAndCostsBoundedMemory() {
        Watching other = new Watching(story.state);
        watching.watch("k", 0);
        other.watch("k", 0);
        String value = "v".repeat(10_000);
        int writes = 1000;
        for (int i = 0; i < writes; i++) {
            story.put("k", value + i);
            if (i % 10 == 0) story.commit();
            assertEquals(i == 0 ? 2 : 1, other.all().size(), "the other one was held up");
        }
        assertEquals(1, story.state.watches().slowWatchers());
        assertTrue(
                story.state.watches().pendingEvents() * 10_000 <= WatchStream.QUEUE_BYTES + 20_000);
        List<WatchMessage> messages = watching.all();
        long last = 1;
        for (WatchMessage message : messages.subList(1, messages.size()))
            for (WatchEvent event : ((WatchMessage.Events) message).events())
                assertEquals(++last, event.revision());
        assertEquals(writes + 1, last);
        assertEquals(0, story.state.watches().slowWatchers());
        story.put("k", "end");
        assertEquals(1, watching.all().size());
        other.close();
    }

    @Test
    @Tag("WA-33")
    @Tag("KV-45")
    void aReaderThatStopsForTooLongIsToldWhatIsGone() {
        watching.watch("k", 0);
        String value = "v".repeat(100_000);
        for (int i = 0; i < 50; i++) story.put("k", value);
        story.commit();
        story.compact(40);
        story.finishCompaction();
        List<WatchMessage> messages = watching.all();
        assertEquals("compacted 0 40", Watching.text(messages.getLast()));
        long last = 1;
        for (WatchMessage message : messages.subList(1, messages.size() - 1))
            assertEquals(++last, event(message).revision());
        assertTrue(last < 39);
    }

    /** Ten thousand watches of one key on one stream: none lost, the queue bounded (T28). */
    @Test
    @Tag("T28")
    @Tag("WA-36")
    void tenThousandWatchesOfOneKeySeeEveryRevision() {
        int watches = 10_000;
        for (int i = 0; i < watches; i++) watching.watch("k", 0);
        watching.all();
        long[] seen = new long[watches];
        Arrays.fill(seen, 1);
        for (int i = 0; i < 20; i++) story.put("k", "" + i);
        for (WatchMessage message : watching.all()) {
            WatchMessage.Events events = (WatchMessage.Events) message;
            for (WatchEvent event : events.events())
                assertEquals(++seen[(int) events.watchId()], event.revision());
        }
        for (long last : seen) assertEquals(21, last);
    }

    /** A hundred thousand watches of as many keys: a put is told to the one that it is for. */
    @Test
    @Tag("T28")
    @Tag("WA-36")
    void aPutReachesTheOneOfAHundredThousandWatches() {
        int watches = 100_000;
        for (int i = 0; i < watches; i++) watching.watch("k" + i, 0);
        watching.all();
        for (int i = 0; i < watches; i += 997) {
            story.put("k" + i, "v");
            List<WatchMessage> told = watching.all();
            assertEquals(1, told.size());
            WatchMessage.Events events = (WatchMessage.Events) told.getFirst();
            assertEquals(i, events.watchId());
            assertEquals(story.state.revision(), events.events().getFirst().revision());
        }
    }

    @Test
    void theReaderIsWokenOnceForAllThatCame() {
        watching.watch("a", 0);
        assertEquals(1, watching.woken());
        watching.read();
        for (int i = 0; i < 5; i++) story.put("a", "" + i);
        assertEquals(1, watching.woken());
        watching.read();
        story.put("b", "1");
        assertEquals(0, watching.woken());
        story.put("a", "1");
        assertEquals(1, watching.woken());
        watching.read();
    }

    @Test
    void whoCatchesUpIsToldOfTheRestBeforeHeSleeps() {
        story.put("a", "1");
        watching.watch("a", 1);
        assertEquals("created 0 @2", Watching.text(watching.stream.next()));
        story.put("a", "2");
        assertEquals("0 @3: new a=1 2, put a=2 3", watching.read());
        watching.woken();
        story.put("a", "3");
        assertEquals(1, watching.woken());
        watching.read();
    }

    @Test
    void aClosedStreamTellsNothingAndAClosedStateSaysSo() {
        Watching closed = new Watching(story.state);
        closed.watch("a", 0);
        closed.close();
        assertEquals(WatchStream.ALL, closed.watch("a", 0));
        story.put("a", "1");
        assertNull(closed.stream.next());
        watching.watch("a", 0);
        watching.read();
        story.state.watches().close();
        assertEquals("closed", watching.read());
        assertEquals("closed", new Watching(story.state).read());
        assertEquals(0, story.state.watches().streams());
    }

    @Test
    void countsWhatIsThere() {
        WatchHub hub = story.state.watches();
        story.put("a", "1");
        watching.watch("a", 1);
        watching.watch("a", "c", 0);
        assertEquals(List.of(1, 2, 1), List.of(hub.streams(), hub.watchers(), hub.slowWatchers()));
        story.put("b", "1");
        assertEquals(1, hub.pendingEvents());
        watching.read();
        assertEquals(
                List.of(0L, 2L, 0L),
                List.of(hub.pendingEvents(), hub.events(), (long) hub.slowWatchers()));
    }

    @Test
    void whatIsOnlyInTheHeapIsSeenToo() {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            story.put("a", "" + i);
            expected.add((i == 0 ? "new" : "put") + " a=" + i + " " + (i + 2));
            if (i == 2) story.commit();
        }
        for (int start = 1; start <= 6; start++) {
            long id = watching.watch("a", start);
            List<String> rest = expected.subList(Math.max(0, start - 2), 5);
            assertEquals(
                    "created " + id + " @6 | " + id + " @6: " + String.join(", ", rest),
                    watching.read());
        }
    }
}
