package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.get;
import static io.quorate.engine.state.Requests.op;
import static io.quorate.engine.state.Requests.put;
import static io.quorate.engine.state.Requests.range;
import static io.quorate.engine.state.Requests.text;
import static io.quorate.engine.state.Requests.txn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StateStore.Durability;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Readers at current and past revisions while one thread writes, commits and compacts. Every write
 * gives all keys of a row of ten the same value in one transaction, or deletes them all, so a
 * reader that sees two values, or some of the keys, has seen half a transaction.
 */
class ConcurrentReadTest {
    private static final int WRITES = Integer.getInteger("quorate.state.writes", 6000);
    private static final int KEYS = 10;
    private static final int READERS = 3;

    private final FakeStateStore store = new FakeStateStore();

    /** Nothing committed stays cached, so that readers need the store all the time. */
    private final StateMachine state = StateMachine.open(store, new StateOptions(0, 0));

    private volatile boolean finished;

    @Test
    @Tag("KV-23")
    @Tag("KV-28")
    @Tag("SE-31")
    void nobodySeesHalfATransaction() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(READERS + 1)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                Random random = new Random(i);
                all.add(threads.submit((Callable<Void>) () -> readUntilFinished(random)));
            }
            Future<?> writer = threads.submit((Callable<Void>) () -> write(new Random(99)));
            try {
                writer.get(2, TimeUnit.MINUTES);
            } finally {
                finished = true;
            }
            for (Future<?> reader : all) reader.get(1, TimeUnit.MINUTES);
        }
        assertEquals(0, store.openViews());
    }

    private Void write(Random random) {
        for (int i = 1; i <= WRITES; i++) {
            Applied at = new Applied(i, 1);
            if (random.nextInt(5) == 0) state.apply(Requests.delete("k", "l"), at);
            else state.apply(putAll("" + i), at);
            if (random.nextInt(4) == 0) state.commit(Durability.LAZY).join();
            if (state.compactionPending()) state.compactStep(1 + random.nextInt(8));
            else if (random.nextInt(10) == 0) compact(new Applied(i, 1), random);
        }
        return null;
    }

    private void compact(Applied at, Random random) {
        long target = state.revision() - random.nextInt(8);
        if (target > state.compactRevision()) state.apply(Requests.compact(target), at);
    }

    private static Command.Txn putAll(String value) {
        List<Command.Op> puts = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) puts.add(op(put("k" + i, value)));
        return txn(List.of(), puts, List.of());
    }

    private Void readUntilFinished(Random random) {
        long last = 0;
        while (!finished) {
            long now = state.revision();
            assertTrue(now >= last, "the revision went back");
            last = now;
            long asked = random.nextBoolean() ? 0 : Math.max(1, now - random.nextInt(10));
            try {
                switch (random.nextInt(5)) {
                    case 0 -> readBoth(asked);
                    case 1 -> count(asked);
                    case 2 -> hash(asked);
                    default -> readAll(asked, now);
                }
            } catch (EtcdException e) {
                assertEquals(EtcdError.COMPACTED, e.error());
                assertTrue(asked > 0, "a read of the current revision was refused");
                assertTrue(asked < state.compactRevision(), "refused too early");
            }
        }
        return null;
    }

    private void readAll(long asked, long before) {
        RangeResult read = state.range(range("k", "l").at(asked).query());
        assertTrue(read.revision() >= before);
        assertWhole(read, asked > 0 ? asked : read.revision());
    }

    private static void assertWhole(RangeResult read, long at) {
        assertEquals(read.kvs().size(), read.count());
        if (read.kvs().isEmpty()) return;
        assertEquals(KEYS, read.kvs().size());
        KeyValue first = read.kvs().getFirst();
        assertTrue(first.modRevision() <= at);
        for (KeyValue kv : read.kvs()) {
            assertEquals(text(first.value()), text(kv.value()));
            assertEquals(first.modRevision(), kv.modRevision());
            assertEquals(first.version(), kv.version());
        }
    }

    /** The same revision in both ranges of one transaction. */
    private void readBoth(long asked) {
        Command.Op all = op(range("k", "l").at(asked).query());
        Command.Op one = op(get("k3").at(asked).query());
        Result.Txn both = state.txn(txn(List.of(), List.of(all, one), List.of()));
        RangeResult first = ((Result.RangeOpResult) both.results().get(0)).range();
        RangeResult second = ((Result.RangeOpResult) both.results().get(1)).range();
        assertWhole(first, asked > 0 ? asked : first.revision());
        assertEquals(first.revision(), second.revision());
        assertEquals(first.kvs().isEmpty(), second.kvs().isEmpty());
        if (!first.kvs().isEmpty())
            assertEquals(first.kvs().get(3).modRevision(), second.kvs().getFirst().modRevision());
    }

    private void count(long asked) {
        long count = state.range(range("k", "l").at(asked).countOnly().query()).count();
        assertTrue(count == 0 || count == KEYS, "counted " + count);
        long limited =
                state.range(new Requests.Query().key("k").end("l").at(asked).limit(3).query())
                        .count();
        assertTrue(limited == 0 || limited == KEYS, "counted " + limited);
    }

    /** Twice the same pair of revisions gives twice the same hash. */
    private void hash(long asked) {
        KvHash first = state.hashKv(asked);
        if (asked == 0) return;
        KvHash second = state.hashKv(asked);
        if (first.compactRevision() == second.compactRevision())
            assertEquals(first.hash(), second.hash());
    }
}
