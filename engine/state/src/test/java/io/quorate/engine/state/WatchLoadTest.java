package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.bytes;
import static io.quorate.engine.state.Requests.op;
import static io.quorate.engine.state.Requests.text;
import static io.quorate.engine.state.Requests.txn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.checker.WatchValidator;
import io.quorate.engine.checker.WatchValidator.Asked;
import io.quorate.engine.checker.WatchValidator.Bookmark;
import io.quorate.engine.checker.WatchValidator.Change;
import io.quorate.engine.checker.WatchValidator.Gone;
import io.quorate.engine.checker.WatchValidator.Message;
import io.quorate.engine.checker.WatchValidator.Seen;
import io.quorate.engine.checker.WatchValidator.Told;
import io.quorate.engine.checker.WatchValidator.Watched;
import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Watches while one thread writes, compacts, crashes and goes on: keys and ranges, filters, starts
 * in the past and in the future, readers that stop for hundreds of revisions. What each of them saw
 * is judged by {@link WatchValidator}. A failure prints its seed; {@code -Dquorate.state.seed=N}
 * makes the same choices again (threads run as they like), {@code -Dquorate.state.writes=N} makes
 * it longer.
 */
class WatchLoadTest {
    private static final int WRITES = Integer.getInteger("quorate.state.writes", 6000);
    private static final int READERS = 12;
    private static final int KEYS = 20;
    private static final long MINUTES_MAX = 3;

    private final ExecutorService background = Executors.newSingleThreadExecutor();
    private final WatchValidator validator = new WatchValidator();

    @TempDir Path directory;

    private Backend backend;
    private StateStore store;

    /** All commands, that of index 1 first: what the store lost in a crash is applied again. */
    private final List<Command> log = new ArrayList<>();

    /** Guarded by this: the state that runs, null while it is being recovered. */
    private StateMachine state;

    /** Guarded by this. */
    private long written = 1;

    /** Guarded by this. */
    private boolean finished;

    @AfterEach
    void stop() {
        background.shutdown();
    }

    @ParameterizedTest
    @EnumSource
    @Tag("T7")
    @Tag("T10")
    @Tag("T23")
    @Tag("WA-19")
    @Tag("WA-20")
    @Tag("WA-26")
    @Tag("WA-33")
    @Tag("SE-31")
    void everyWatchSeesWhatWasWritten(Backend on) throws Exception {
        backend = on;
        long seed = Long.getLong("quorate.state.seed", new Random().nextLong());
        try {
            play(new Random(seed));
        } catch (Exception | AssertionError e) {
            throw new AssertionError("replay with -Dquorate.state.seed=" + seed, e);
        }
    }

    private void play(Random random) throws Exception {
        store = backend.open(directory, background);
        run(open(random));
        List<Reader> readers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                Reader reader = new Reader(new Random(random.nextLong()), i % 3 == 0);
                readers.add(reader);
                all.add(threads.submit((Callable<Void>) reader::readAll));
            }
            try {
                write(random);
            } finally {
                finish();
                for (Reader reader : readers) reader.news.release();
            }
            for (Future<?> reader : all) reader.get(MINUTES_MAX, TimeUnit.MINUTES);
        }
        int watches = 0;
        for (Reader reader : readers) {
            watches += reader.watched.size();
            assertEquals(List.of(), validator.check(reader.watched, written));
        }
        assertTrue(watches >= 2 * READERS, "no watch was made again");
        assertEquals(0, state.watches().pendingEvents());
        state.close();
        store.close();
    }

    private StateMachine open(Random random) {
        StateOptions options = new StateOptions(random.nextInt(5000), random.nextInt(5000));
        return StateMachine.open(
                store, options, task -> Thread.ofVirtual().name("dispatch").start(task));
    }

    private synchronized void run(StateMachine next) {
        state = next;
        notifyAll();
    }

    private synchronized void wrote(long revision) {
        written = Math.max(written, revision);
        notifyAll();
    }

    private synchronized void finish() {
        finished = true;
        notifyAll();
    }

    private synchronized boolean finished() {
        return finished;
    }

    /** Waits for a state to run other than one that is closed. */
    private synchronized StateMachine running(StateMachine closed) throws InterruptedException {
        while (state == null || state == closed) wait();
        return state;
    }

    private synchronized void awaitWritten(long revision) throws InterruptedException {
        while (written < revision && !finished) wait();
    }

    // ---- the writer

    private void write(Random random) {
        StateMachine running = state;
        for (int i = 0; i < WRITES; i++) {
            long before = running.revision();
            apply(running, command(random, before, running.compactRevision()));
            wrote(running.revision());
            if (random.nextInt(8) == 0) running.commit(Durability.LAZY).join();
            if (running.compactionPending() && random.nextInt(4) == 0)
                running.compactStep(1 + random.nextInt(200));
            if (random.nextInt(100) == 0) running.commit(Durability.FORCE).join();
            if (random.nextInt(WRITES / 4) == 0) running = crash(running, random);
        }
    }

    private void apply(StateMachine running, Command command) {
        List<Change> changes = changes(running, command);
        if (command instanceof Command.Compact(var revision, var physical))
            validator.compacted(revision);
        log.add(command);
        running.apply(command, new Applied(log.size(), 1));
        if (!changes.isEmpty()) validator.written(running.revision(), changes);
    }

    private StateMachine crash(StateMachine running, Random random) {
        running(null, running);
        store = backend.crash(store, directory, background);
        StateMachine next = open(random);
        run(next);
        // While the readers are back already: their revisions may still be to come.
        for (int at = (int) next.applied().index(); at < log.size(); at++)
            next.apply(log.get(at), new Applied(at + 1, 1));
        return next;
    }

    private void running(StateMachine next, StateMachine closed) {
        run(next);
        closed.close();
    }

    private Command command(Random random, long revision, long compacted) {
        return switch (random.nextInt(40)) {
            case 0 -> {
                long target = revision - random.nextInt(300);
                yield target > compacted && target > 1
                        ? Requests.compact(target)
                        : Requests.put(key(random), "again");
            }
            case 1, 2, 3 -> Requests.delete(key(random), key(random) + "~");
            case 4, 5, 6, 7 -> Requests.delete(key(random));
            case 8, 9, 10, 11, 12 -> puts(random);
            default -> Requests.put(key(random), "v" + random.nextInt());
        };
    }

    /** A transaction of puts and a delete, of different keys. */
    private static Command puts(Random random) {
        List<Command.Op> ops = new ArrayList<>();
        int first = random.nextInt(KEYS - 5);
        for (int i = 0; i < 4; i++)
            ops.add(op(Requests.put(name(first + i), "t" + random.nextInt())));
        ops.add(random.nextInt(5), op(Requests.delete(name(first + 4))));
        return txn(List.of(), ops, List.of());
    }

    private static String key(Random random) {
        return name(random.nextInt(KEYS));
    }

    private static String name(int key) {
        return "k%02d".formatted(key);
    }

    /** What a command is about to change, told by plain reads. */
    private static List<Change> changes(StateMachine running, Command command) {
        List<Change> changes = new ArrayList<>();
        switch (command) {
            case Command.Put put -> changes.add(new Change(text(put.key()), text(put.value())));
            case Command.DeleteRange delete ->
                    running.range(RangeQuery.range(delete.key(), delete.rangeEnd()))
                            .kvs()
                            .forEach(kv -> changes.add(new Change(text(kv.key()), null)));
            case Command.Txn txn -> {
                for (Command.Op op : txn.success()) {
                    if (op instanceof Command.PutOp(var put)) changes.addAll(changes(running, put));
                    if (op instanceof Command.DeleteRangeOp(var delete))
                        changes.addAll(changes(running, delete));
                }
            }
            default -> {}
        }
        return changes;
    }

    // ---- the readers

    /** One watch, made again whenever it ends. */
    private final class Reader {
        private final Random random;
        private final boolean slow;
        private final byte[] from;
        private final byte[] to;
        private final boolean noPuts;
        private final boolean noDeletes;
        private final boolean previous;
        private final Semaphore news = new Semaphore(0);
        final List<Watched> watched = new ArrayList<>();
        private List<Told> told;
        private long next;
        private boolean ended;
        private boolean closed;
        private long bookmark;

        Reader(Random random, boolean slow) {
            this.random = random;
            this.slow = slow;
            boolean one = random.nextInt(4) == 0;
            from = bytes(one ? key(random) : "k0");
            to = one ? Requests.NONE : bytes("k" + (1 + random.nextInt(2)));
            noPuts = random.nextInt(6) == 0;
            noDeletes = random.nextInt(6) == 0;
            previous = random.nextBoolean();
            next = 1 + random.nextInt(400);
        }

        Void readAll() throws InterruptedException {
            StateMachine running = null;
            while (!hasSeenAll()) {
                running = running(closed ? running : null);
                read(running);
            }
            return null;
        }

        private void read(StateMachine running) throws InterruptedException {
            KeyRange range = KeyRange.of(from, to);
            told = new ArrayList<>();
            watched.add(
                    new Watched(
                            new Asked(
                                    key -> range.holds(bytes(key)),
                                    next,
                                    !noPuts,
                                    !noDeletes,
                                    previous),
                            told));
            ended = false;
            closed = false;
            try (WatchStream stream = running.watches().open(news::release)) {
                // Two siblings that are not looked at: their events must not get in the way.
                stream.create(0, WatchQuery.key(from, 0));
                stream.create(
                        7,
                        new WatchQuery(from, to, next, noPuts, noDeletes, previous, false, false));
                while (!ended) {
                    WatchMessage message = stream.next();
                    if (message != null) take(message);
                    else if (hasSeenAll()) ended = true;
                    else if (finished()) stream.requestProgress(7);
                    else news.acquire();
                    sometimes(stream, running);
                }
            }
        }

        /**
         * By a bookmark or by the last event. A watch that begins behind the last write hears
         * nothing, not even a bookmark, until it has been reached.
         */
        private boolean hasSeenAll() {
            return finished() && Math.max(bookmark, next - 1) >= written();
        }

        private void sometimes(WatchStream stream, StateMachine running)
                throws InterruptedException {
            if (random.nextInt(20) == 0) stream.requestProgress();
            if (random.nextInt(500) == 0) ended = true;
            if (slow && random.nextInt(50) == 0)
                awaitWritten(running.revision() + random.nextInt(800));
        }

        private void take(WatchMessage message) {
            switch (message) {
                case WatchMessage.Events events when events.watchId() == 7 -> {
                    List<Seen> seen = events.events().stream().map(this::seen).toList();
                    told.add(new Message(events.revision(), seen));
                    next = seen.getLast().revision() + 1;
                }
                case WatchMessage.Progress(var id, var revision) -> {
                    told.add(new Bookmark(revision));
                    next = Math.max(next, revision + 1);
                    bookmark = revision;
                }
                case WatchMessage.Compacted(var id, var revision) when id == 7 -> {
                    told.add(new Gone(revision));
                    next = revision;
                    ended = true;
                }
                case WatchMessage.Closed none -> {
                    ended = true;
                    closed = true;
                }
                case WatchMessage.Created created -> {}
                case WatchMessage.Events other -> {}
                case WatchMessage.Compacted other -> {}
                case WatchMessage.Canceled other -> throw new AssertionError(other);
                case WatchMessage.Refused other -> throw new AssertionError(other);
            }
        }

        private Seen seen(WatchEvent event) {
            KeyValue kv = event.decoded();
            byte[] before = previous ? event.previousKeyValue() : null;
            assertEquals(event.isCreate(), !event.isDelete() && kv.version() == 1);
            return new Seen(
                    text(kv.key()),
                    event.isDelete() ? null : text(kv.value()),
                    kv.modRevision(),
                    kv.createRevision(),
                    kv.version(),
                    before == null ? null : text(RowCodec.decode(before).value()));
        }
    }

    private synchronized long written() {
        return written;
    }
}
