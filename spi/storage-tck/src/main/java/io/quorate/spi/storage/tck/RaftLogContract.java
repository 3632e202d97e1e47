package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The laws of {@link RaftLog} inside one life of a log. A provider subclasses this. */
public abstract class RaftLogContract {
    private static final long WAIT_SECONDS = 60;

    @TempDir Path directory;
    private RaftLog log;

    /** The provider under test. */
    protected abstract StorageProvider provider();

    /** Settings that make files small, so that a test sees many of them. */
    protected Map<String, String> smallFiles() {
        return Map.of();
    }

    @BeforeEach
    void openLog() {
        log = provider().openLog(StorageTesting.env(directory).with(smallFiles()));
    }

    @AfterEach
    void closeLog() {
        log.close();
    }

    static LogEntry entry(long index, long term, int bytes) {
        byte[] data = new byte[bytes];
        new Random(index * 31 + term).nextBytes(data);
        return new LogEntry(index, term, (int) (index % 3), data);
    }

    static List<LogEntry> entries(long first, long last, long term) {
        List<LogEntry> entries = new ArrayList<>();
        for (long i = first; i <= last; i++) entries.add(entry(i, term, 40 + (int) (i % 200)));
        return entries;
    }

    static void await(CompletableFuture<?> future) {
        future.orTimeout(WAIT_SECONDS, TimeUnit.SECONDS).join();
    }

    static void assertSame(List<LogEntry> expected, List<LogEntry> found) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) {
            LogEntry a = expected.get(i);
            LogEntry b = found.get(i);
            assertEquals(a.index(), b.index());
            assertEquals(a.term(), b.term());
            assertEquals(a.type(), b.type());
            assertArrayEquals(a.data(), b.data());
        }
    }

    private List<LogEntry> readAll() {
        return log.read(log.baseIndex() + 1, log.lastIndex() + 1, Long.MAX_VALUE);
    }

    @Test
    void newLogIsEmpty() {
        assertNull(log.identity());
        assertEquals(0, log.baseIndex());
        assertEquals(0, log.baseTerm());
        assertEquals(0, log.lastIndex());
        assertEquals(0, log.durableIndex());
        assertEquals(0, log.term(0));
        assertEquals(HardState.EMPTY, log.hardState());
        assertEquals(List.of(), log.read(1, 1, 100));
    }

    @Test
    void identityIsWrittenOnce() {
        log.initialize(new Identity(-5, 7));
        assertEquals(new Identity(-5, 7), log.identity());
        assertThrows(IllegalArgumentException.class, () -> log.initialize(new Identity(1, 2)));
    }

    @Test
    void appendedEntriesAreReadBack() {
        List<LogEntry> entries = entries(1, 300, 2);
        await(log.append(entries, new HardState(2, 9, 0)));
        assertEquals(300, log.lastIndex());
        assertEquals(300, log.durableIndex());
        assertEquals(new HardState(2, 9, 0), log.hardState());
        assertEquals(2, log.term(300));
        assertSame(entries, readAll());
        assertSame(entries.subList(99, 120), log.read(100, 121, Long.MAX_VALUE));
    }

    @Test
    void appendIsVisibleBeforeItIsDurable() {
        CompletableFuture<Void> future = log.append(entries(1, 5, 1), null);
        assertEquals(5, log.lastIndex());
        assertEquals(5, log.read(1, 6, Long.MAX_VALUE).size());
        assertTrue(log.durableIndex() <= log.lastIndex());
        await(future);
        assertEquals(5, log.durableIndex());
    }

    @Test
    void hardStateAloneIsAUnit() {
        await(log.append(List.of(), new HardState(4, 2, 0)));
        assertEquals(new HardState(4, 2, 0), log.hardState());
        await(log.append(List.of(), null));
        assertEquals(new HardState(4, 2, 0), log.hardState());
    }

    @Test
    void gapsAreRefused() {
        await(log.append(entries(1, 3, 1), null));
        assertThrows(IllegalArgumentException.class, () -> log.append(entries(5, 6, 1), null));
        List<LogEntry> holed = List.of(entry(4, 1, 1), entry(6, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> log.append(holed, null));
        assertEquals(3, log.lastIndex());
    }

    @Test
    void uncommittedSuffixIsReplaced() {
        await(log.append(entries(1, 10, 1), new HardState(1, 1, 6)));
        List<LogEntry> newer = entries(7, 8, 2);
        CompletableFuture<Void> replaced = log.append(newer, new HardState(2, 1, 6));
        assertEquals(8, log.lastIndex());
        assertTrue(log.durableIndex() <= 8);
        await(replaced);
        assertEquals(8, log.durableIndex());
        assertEquals(2, log.term(7));
        assertEquals(1, log.term(6));
        assertSame(newer, log.read(7, 9, Long.MAX_VALUE));
    }

    @Test
    void committedEntriesAreNotReplaced() {
        await(log.append(entries(1, 10, 1), new HardState(1, 1, 6)));
        assertThrows(IllegalArgumentException.class, () -> log.append(entries(6, 7, 2), null));
        assertEquals(10, log.lastIndex());
    }

    @Test
    void readsStopAtTheByteLimitButGiveOne() {
        List<LogEntry> entries = new ArrayList<>();
        for (int i = 1; i <= 10; i++) entries.add(entry(i, 1, 100));
        await(log.append(entries, null));
        assertEquals(3, log.read(1, 11, 300).size());
        assertEquals(2, log.read(1, 11, 299).size());
        assertEquals(1, log.read(1, 11, 1).size());
        assertEquals(1, log.read(4, 11, 0).size());
    }

    @Test
    void readsOutsideAreRefused() {
        await(log.append(entries(1, 10, 1), new HardState(1, 0, 10)));
        log.compact(4);
        assertThrows(IllegalArgumentException.class, () -> log.read(4, 6, 100));
        assertThrows(IllegalArgumentException.class, () -> log.read(9, 12, 100));
        assertThrows(IllegalArgumentException.class, () -> log.term(3));
        assertThrows(IllegalArgumentException.class, () -> log.term(11));
    }

    @Test
    void compactMovesTheBaseAndKeepsTheRest() {
        List<LogEntry> entries = entries(1, 100, 3);
        await(log.append(entries, new HardState(3, 0, 100)));
        log.compact(60);
        assertEquals(60, log.baseIndex());
        assertEquals(3, log.baseTerm());
        assertEquals(3, log.term(60));
        assertSame(entries.subList(60, 100), readAll());
        log.compact(10);
        assertEquals(60, log.baseIndex());
        log.compact(100);
        assertEquals(100, log.lastIndex());
        await(log.append(entries(101, 102, 4), null));
        assertEquals(102, log.lastIndex());
    }

    @Test
    void resetEmptiesAndKeepsTheVote() {
        await(log.append(entries(1, 20, 1), new HardState(5, 3, 10)));
        log.reset(500, 4);
        assertEquals(500, log.baseIndex());
        assertEquals(4, log.baseTerm());
        assertEquals(500, log.lastIndex());
        assertEquals(500, log.durableIndex());
        assertEquals(new HardState(5, 3, 500), log.hardState());
        await(log.append(entries(501, 503, 5), null));
        assertSame(entries(501, 503, 5), readAll());
    }

    @Test
    void futuresCompleteInOrder() {
        ConcurrentLinkedQueue<Integer> order = new ConcurrentLinkedQueue<>();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 1; i <= 500; i++) {
            int number = i;
            all.add(log.append(List.of(entry(i, 1, 64)), null).thenRun(() -> order.add(number)));
        }
        all.forEach(RaftLogContract::await);
        List<Integer> expected = new ArrayList<>();
        for (int i = 1; i <= 500; i++) expected.add(i);
        // A callback added to a future that was complete already runs in the adder's thread.
        assertEquals(expected, order.stream().sorted().toList());
        assertEquals(500, log.durableIndex());
    }

    /** Whoever has the turn writes, and sees what all before him wrote; the others read. */
    @Test
    void writesComeFromSeveralThreadsInTurn() throws InterruptedException {
        int threads = 4;
        int turns = 50;
        Queue<CompletableFuture<Void>> appended = new ConcurrentLinkedQueue<>();
        Queue<Throwable> wrong = new ConcurrentLinkedQueue<>();
        AtomicInteger turn = new AtomicInteger();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int number = i;
            all.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    while (turn.get() < threads * turns) {
                                        int now = turn.get();
                                        if (now % threads == number) {
                                            takeTurn(now, appended);
                                            turn.set(now + 1);
                                        } else {
                                            assertTrue(log.lastIndex() >= 3L * now);
                                            assertTrue(log.durableIndex() <= log.lastIndex());
                                        }
                                    }
                                } catch (Throwable e) {
                                    wrong.add(e);
                                    // Nobody waits for a turn that does not come.
                                    turn.set(Integer.MAX_VALUE);
                                }
                            }));
        }
        for (Thread thread : all) thread.join();
        assertEquals(List.of(), List.copyOf(wrong));
        appended.forEach(RaftLogContract::await);
        long last = 3L * threads * turns;
        assertEquals(last, log.durableIndex());
        assertEquals(new HardState(1, 7, last - 3), log.hardState());
        List<LogEntry> kept = entries(last - 2, last, 1);
        assertSame(kept, log.read(last - 2, last + 1, Long.MAX_VALUE));
    }

    /** Three entries; now and then the log is cut, or its uncommitted end replaced. */
    private void takeTurn(int turn, Queue<CompletableFuture<Void>> appended) {
        long first = 3L * turn + 1;
        assertEquals(first - 1, log.lastIndex());
        if (turn > 0) assertEquals(1, log.term(first - 1));
        long cut = Math.min(first - 4, log.durableIndex());
        if (turn % 20 == 19 && cut > log.baseIndex()) log.compact(cut);
        if (turn % 7 == 6) {
            appended.add(log.append(entries(first, first + 1, 1), null));
            assertEquals(first + 1, log.lastIndex());
        }
        HardState hard = new HardState(1, 7, first - 1);
        appended.add(log.append(entries(first, first + 2, 1), hard));
        assertEquals(hard, log.hardState());
    }

    @Test
    void emptyUnitIsDurableWhenTheOneBeforeIs() {
        for (int i = 1; i <= 200; i++) {
            CompletableFuture<Void> before = log.append(entries(i, i, 1), null);
            await(log.append(List.of(), null));
            assertTrue(before.isDone(), "unit " + i);
            assertEquals(i, log.durableIndex());
        }
    }

    /** As a raft loop does whose turn is taken by the thread that brings it the completion. */
    @Test
    void appendMayBeMadeInsideACompletion() {
        int units = 200;
        CompletableFuture<Void> all = new CompletableFuture<>();
        appendNext(1, units, all);
        await(all);
        assertEquals(units, log.lastIndex());
        assertEquals(units, log.durableIndex());
        assertSame(List.of(entry(units, 1, 30)), log.read(units, units + 1, Long.MAX_VALUE));
    }

    private void appendNext(long index, int last, CompletableFuture<Void> all) {
        try {
            log.append(List.of(entry(index, 1, 30)), new HardState(1, 1, index - 1))
                    .whenComplete((done, thrown) -> {
                        if (thrown != null) all.completeExceptionally(thrown);
                        else if (index == last) all.complete(null);
                        else appendNext(index + 1, last, all);
                    });
        } catch (RuntimeException | Error e) {
            all.completeExceptionally(e);
        }
    }

    @Test
    void hugeEntriesFit() {
        List<LogEntry> huge = List.of(entry(1, 1, 8 << 20), entry(2, 1, 0), entry(3, 1, 3 << 20));
        await(log.append(huge, null));
        await(log.append(entries(4, 5, 1), null));
        assertSame(huge, log.read(1, 4, Long.MAX_VALUE));
        assertEquals(5, log.durableIndex());
    }

    @Test
    void appendByAnInterruptedThreadIsDurableOrFails() {
        Thread.currentThread().interrupt();
        try {
            CompletableFuture<Void> future = log.append(entries(1, 3, 1), null);
            assertTrue(Thread.interrupted());
            await(future);
            assertEquals(3, log.durableIndex());
        } finally {
            Thread.interrupted();
        }
        Thread.currentThread().interrupt();
        assertSame(entries(1, 3, 1), log.read(1, 4, Long.MAX_VALUE));
        assertTrue(Thread.interrupted());
    }

    @Test
    void callsAfterCloseAreRefused() {
        log.close();
        log.close();
        assertThrows(StorageException.Closed.class, () -> log.append(entries(1, 1, 1), null));
        assertThrows(StorageException.Closed.class, () -> log.read(1, 1, 1));
        assertThrows(StorageException.Closed.class, () -> log.lastIndex());
    }

    @Test
    void diskUseStaysBoundedWhileAppendingAndCompacting() {
        for (int round = 0; round < 20; round++) appendAndCompact();
        long bound = 3 * log.sizeOnDisk() + (1 << 20);
        for (int round = 0; round < 40; round++) appendAndCompact();
        // What cleans up in the background may come later, but it comes.
        int more = 0;
        while (log.sizeOnDisk() > bound && more++ < 1000) appendAndCompact();
        assertTrue(log.sizeOnDisk() <= bound, log.sizeOnDisk() + " bytes, above " + bound);
    }

    private void appendAndCompact() {
        long first = log.lastIndex() + 1;
        List<LogEntry> entries = new ArrayList<>();
        for (long i = first; i < first + 50; i++) entries.add(entry(i, 1, 1000));
        await(log.append(entries, new HardState(1, 0, first + 49)));
        log.compact(first + 40);
    }

    @Test
    void randomUseAgreesWithAList() {
        Seeds.each(
                8,
                seed -> {
                    Random random = new Random(seed);
                    log.reset(log.lastIndex() + 1, log.hardState().term() + 1);
                    LogModel model = LogModel.of(log);
                    for (int step = 0; step < 200; step++) {
                        model = model.randomStep(random, log);
                        model.assertMatches(log);
                    }
                });
    }
}
