package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.bytes;
import static io.quorate.engine.state.Requests.op;
import static io.quorate.engine.state.Requests.put;
import static io.quorate.engine.state.Requests.range;
import static io.quorate.engine.state.Requests.text;
import static io.quorate.engine.state.Requests.txn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A state that another one takes the place of, again and again, under reads and watches. Each
 * command puts the same value, its own number, to ten keys.
 */
@Timeout(120)
class ReplaceTest {
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final int ROUNDS = Integer.getInteger("quorate.state.replacements", 40);
    private static final int KEYS = 10;

    /** Nothing committed stays in the heap, so that readers need the store all the time. */
    private static final StateOptions NO_CACHE = new StateOptions(0, 0);

    @TempDir private Path directory;

    private volatile boolean finished;

    @ParameterizedTest
    @EnumSource(names = {"MEMORY", "FILE"})
    @Tag("T6")
    void readersAndWatchesNeverNotice(Backend backend) throws Exception {
        System.out.println("replay with -Dseed=" + SEED);
        try (ExecutorService threads = Executors.newCachedThreadPool();
                StateStore ahead = backend.open(folder("ahead"), Runnable::run);
                StateStore behind = backend.open(folder("behind"), threads);
                StateMachine source = StateMachine.open(ahead, NO_CACHE);
                StateMachine target =
                        StateMachine.open(behind, NO_CACHE, task -> threads.execute(task))) {
            Semaphore news = new Semaphore(0);
            try (WatchStream stream = target.watches().open(news::release)) {
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    Random random = new Random(SEED + i);
                    all.add(threads.submit((Callable<Void>) () -> read(target, random)));
                }
                all.add(threads.submit((Callable<Void>) () -> watch(stream, news)));
                try {
                    write(source, target, ahead, new Random(SEED));
                } finally {
                    finished = true;
                    news.release();
                }
                for (Future<?> each : all) each.get(1, TimeUnit.MINUTES);
            }
            assertEquals(source.hashKv(0), target.hashKv(0));
            assertEquals(source.leases(), target.leases());
        }
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    private static void write(
            StateMachine source, StateMachine target, StateStore ahead, Random random) {
        long index = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long goOn = index + 1 + random.nextInt(20);
            while (index < goOn) {
                Command command = command(++index, source, random);
                Applied at = new Applied(index, 1);
                source.apply(command, at);
                target.apply(command, at);
                if (random.nextInt(3) == 0) target.commit(Durability.LAZY).join();
                compactSteps(target, random);
            }
            // The one behind misses some, and may have changes that it did not commit.
            long missed = index + 1 + random.nextInt(30);
            while (index < missed) {
                source.apply(command(++index, source, random), new Applied(index, 1));
                compactSteps(source, random);
            }
            source.commit(Durability.LAZY).join();
            copy(ahead, target);
            assertEquals(source.applied(), target.applied());
            assertEquals(source.revision(), target.revision());
        }
    }

    private static void compactSteps(StateMachine state, Random random) {
        if (state.compactionPending() && random.nextBoolean()) {
            state.compactStep(1 + random.nextInt(30));
            state.commit(Durability.LAZY).join();
        }
    }

    private static Command command(long index, StateMachine state, Random random) {
        if (random.nextInt(15) == 0) {
            long to = state.revision() - random.nextInt(20);
            if (to > state.compactRevision() && to > 0) return Requests.compact(to);
        }
        if (random.nextInt(15) == 0) return new Command.LeaseGrant(index, 1000);
        List<Command.Op> puts = new ArrayList<>();
        // The number of the revision that this command makes.
        String value = String.valueOf(state.revision() + 1);
        for (int i = 0; i < KEYS; i++) puts.add(op(put("k" + i, value)));
        return txn(List.of(), puts, List.of());
    }

    private static void copy(StateStore from, StateMachine to) {
        try (ReadView view = from.view()) {
            Install install = to.beginInstall(view.applied());
            for (var keyspace : Keyspaces.ALL) {
                try (Cursor rows = view.cursor(keyspace, null, null, false)) {
                    while (rows.next()) install.put(keyspace, rows.key(), rows.value());
                }
            }
            to.replace(install);
        }
    }

    private Void read(StateMachine state, Random random) {
        long last = 0;
        while (!finished) {
            long now = state.revision();
            assertTrue(now >= last, "the revision went back");
            last = now;
            long asked = random.nextBoolean() ? 0 : Math.max(1, now - random.nextInt(30));
            try {
                if (random.nextInt(4) == 0) state.hashKv(asked);
                else readAll(state, asked, now);
            } catch (EtcdException e) {
                assertEquals(EtcdError.COMPACTED, e.error());
                assertTrue(asked > 0, "a read of the current revision was refused");
            }
        }
        return null;
    }

    private static void readAll(StateMachine state, long asked, long before) {
        RangeResult read = state.range(range("k", "l").at(asked).query());
        assertTrue(read.revision() >= before);
        if (read.kvs().isEmpty()) return;
        assertEquals(KEYS, read.kvs().size());
        for (KeyValue kv : read.kvs()) {
            assertEquals(String.valueOf(kv.modRevision()), text(kv.value()));
            assertEquals(read.kvs().getFirst().modRevision(), kv.modRevision());
        }
    }

    /** Sees every revision that is not compacted, once, with the value before it. */
    private Void watch(WatchStream stream, Semaphore news)
            throws InterruptedException, TimeoutException {
        // The first revision is the empty store's.
        long next = 2;
        create(stream, next);
        while (true) {
            WatchMessage message = stream.next();
            if (message == null) {
                if (finished) return null;
                if (!news.tryAcquire(1, TimeUnit.MINUTES)) throw new TimeoutException("no news");
            } else if (message instanceof WatchMessage.Compacted(long id, long compacted)) {
                assertTrue(compacted >= next, "compacted to " + compacted + " before " + next);
                next = compacted;
                create(stream, next);
            } else if (message instanceof WatchMessage.Events events) {
                for (int i = 0; i < events.events().size(); i++) {
                    WatchEvent event = events.events().get(i);
                    if (i % KEYS == 0) assertEquals(next, event.revision());
                    checkEvent(event, i % KEYS);
                    next = event.revision() + 1;
                }
            }
        }
    }

    private static void create(WatchStream stream, long from) {
        stream.create(
                0, new WatchQuery(bytes("k"), bytes("l"), from, false, false, true, false, false));
    }

    private static void checkEvent(WatchEvent event, int key) {
        KeyValue now = event.decoded();
        assertEquals("k" + key, text(now.key()));
        assertEquals(String.valueOf(event.revision()), text(now.value()));
        byte[] row = event.previousKeyValue();
        if (event.isCreate()) {
            assertEquals(null, row);
        } else if (row != null) {
            KeyValue before = RowCodec.decode(row);
            assertArrayEquals(now.key(), before.key());
            assertEquals(String.valueOf(before.modRevision()), text(before.value()));
            assertEquals(now.version() - 1, before.version());
        }
    }

    @Test
    void aStreamOfChunksGoesOnAtItsRevision() {
        try (StateStore store = Backend.MEMORY.open(directory, Runnable::run);
                StateStore ahead = Backend.MEMORY.open(directory, Runnable::run);
                StateMachine target = StateMachine.open(store);
                StateMachine source = StateMachine.open(ahead)) {
            for (int i = 1; i <= 40; i++) {
                Command put = put("key%02d".formatted(i), "old");
                target.apply(put, new Applied(i, 1));
                source.apply(put, new Applied(i, 1));
            }
            RangeStream stream = target.rangeStream(range("key", "kez").query(), 100);
            List<String> seen = new ArrayList<>();
            stream.next().part().kvs().forEach(kv -> seen.add(text(kv.value())));
            for (int i = 1; i <= 40; i++) {
                source.apply(put("key%02d".formatted(i), "new"), new Applied(40 + i, 1));
            }
            source.commit(Durability.FORCE).join();
            copy(ahead, target);
            stream.forEachRemaining(
                    chunk -> chunk.part().kvs().forEach(kv -> seen.add(text(kv.value()))));
            assertEquals(Collections.nCopies(40, "old"), seen);
        }
    }
}
