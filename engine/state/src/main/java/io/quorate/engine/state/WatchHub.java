package io.quorate.engine.state;

import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * All watches of a state machine.
 *
 * <p>How an event gets to a reader: the apply thread appends each revision to the {@link History},
 * publishes it, and at most starts the dispatcher; it takes no lock and does not know who watches.
 * The dispatcher finds the watches of each event in an index, queues messages with the shared event
 * on their streams, and wakes the readers. A watch that is behind, because it starts in the past or
 * because its stream's queue was full, is not in that index: its reader reads the history himself
 * ({@link HistoryReader}) and puts the watch into the index when he has reached what was
 * dispatched.
 *
 * <p>Laws, for each watch:
 *
 * <ul>
 *   <li>It sees every event of its range from its start on, once, in order of revisions and inside
 *       a revision in the order of changes; all of a revision together (T23).
 *   <li>It ends with {@link WatchMessage.Compacted} rather than miss one.
 *   <li>A progress message never comes before an event that it covers (T5).
 *   <li>No event is told before reads see it.
 * </ul>
 *
 * <p>How a service of this process uses it:
 *
 * {@snippet :
 * Semaphore news = new Semaphore(0);
 * try (WatchStream stream = state.watches().open(news::release)) {
 *     stream.create(0, WatchQuery.key(key, revision + 1));
 *     while (true) {
 *         for (WatchMessage m = stream.next(); m != null; m = stream.next()) handle(m);
 *         news.acquire();
 *     }
 * }
 * }
 */
public final class WatchHub implements AutoCloseable {
    private final StateStore store;
    private final History history;
    private final Supplier<Published> state;
    private final Executor dispatcher;
    private final AtomicBoolean dispatching = new AtomicBoolean();

    /** Guards the fields below, the streams' watches and the watches' states. Short. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Set<WatchStream> streams = new HashSet<>();
    private final WatcherIndex synced = new WatcherIndex();

    /** Watches; read without the lock by the apply thread. */
    private volatile int watchers;

    /** Odd while the state is being replaced; changed by the apply thread. */
    private volatile long generation;

    // These two are read without the lock, which is held while a snapshot is put in place.
    private volatile int slow;
    private volatile int open;

    private volatile boolean closed;

    /** The last revision dispatched; null while there are no watches, to keep no history alive. */
    private History.Node cursor;

    /** Of the revision being dispatched. */
    private final List<Watcher> touched = new ArrayList<>();

    private WatchEvent event;
    private final Consumer<Watcher> gather = this::gather;

    private final LongAdder queuedEvents = new LongAdder();
    private final LongAdder deliveredEvents = new LongAdder();

    /**
     * @param dispatcher runs a short task soon, never rejects, and may run it at once
     */
    WatchHub(StateStore store, History history, Supplier<Published> state, Executor dispatcher) {
        this.store = store;
        this.history = history;
        this.state = state;
        this.dispatcher = dispatcher;
    }

    /**
     * A new stream without watches.
     *
     * @param wake called when there is something to read after {@link WatchStream#next} has
     *     answered null, and for the first message; by any thread that changes the state or the
     *     stream, so it must only start or notify the reader
     */
    public WatchStream open(Runnable wake) {
        WatchStream stream = new WatchStream(this, wake);
        boolean open;
        lock.lock();
        try {
            open = !closed;
            if (open) {
                streams.add(stream);
                this.open = streams.size();
            } else stream.answer(new WatchMessage.Closed());
        } finally {
            lock.unlock();
        }
        if (!open) wake(stream);
        return stream;
    }

    /** Ends all streams with {@link WatchMessage.Closed}. A second call does nothing. */
    @Override
    public void close() {
        List<WatchStream> ended;
        lock.lock();
        try {
            closed = true;
            ended = List.copyOf(streams);
            for (WatchStream stream : ended) {
                end(stream);
                stream.answer(new WatchMessage.Closed());
            }
        } finally {
            lock.unlock();
        }
        wake(ended);
    }

    /** Streams open now (ME-31). */
    public int streams() {
        return open;
    }

    /** Watches now (ME-31). */
    public int watchers() {
        return watchers;
    }

    /** Watches that are behind now (ME-31). */
    public int slowWatchers() {
        return slow;
    }

    /** Events that wait for their readers now, counted for each watch (ME-31). */
    public long pendingEvents() {
        return queuedEvents.sum();
    }

    /** Events handed to readers since the start, counted for each watch (ME-31). */
    public long events() {
        return deliveredEvents.sum();
    }

    // ---- the apply thread

    /** A revision was published. */
    void published() {
        // A watch that is created after this look starts after the revision, or reads it itself.
        if (watchers != 0 && dispatching.compareAndSet(false, true))
            dispatcher.execute(this::dispatch);
    }

    /**
     * Replaces the state under the watches: those that had all of the old state read what the new
     * one has beyond it, as if they had fallen behind (T6).
     *
     * @param swap puts the new state into the store, restarts the history and publishes
     */
    void replace(Runnable swap) {
        Set<WatchStream> told = new LinkedHashSet<>();
        generation++;
        lock.lock();
        try {
            catchUp(told);
            for (WatchStream stream : streams) {
                for (Watcher watcher : stream.watchers.values()) demote(watcher);
                told.add(stream);
            }
            swap.run();
            if (watchers > 0) moveTo(history.newest());
        } finally {
            generation++;
            lock.unlock();
        }
        wake(told);
    }

    private void demote(Watcher watcher) {
        if (watcher.state != Watcher.State.SYNCED) return;
        watcher.next = Math.max(watcher.next, cursor.revision + 1);
        synced.remove(watcher);
        setBehind(watcher);
    }

    // ---- the dispatcher

    private void dispatch() {
        dispatching.set(false);
        Set<WatchStream> told = new LinkedHashSet<>();
        lock.lock();
        try {
            catchUp(told);
        } finally {
            lock.unlock();
        }
        wake(told);
    }

    /** Gives all that is published to the watches in the index. */
    private void catchUp(Set<WatchStream> told) {
        if (cursor == null) return;
        long revision = state.get().revision();
        for (History.Node node = cursor.next;
                node != null && node.revision <= revision;
                node = cursor.next) {
            if (synced.size() > 0) dispatch(node, told);
            cursor = node;
        }
        history.keepAfter(cursor.revision);
    }

    private void moveTo(History.Node dispatchedOrNull) {
        cursor = dispatchedOrNull;
        history.keepAfter(cursor == null ? Long.MAX_VALUE : cursor.revision);
    }

    private void dispatch(History.Node node, Set<WatchStream> told) {
        for (WatchEvent each : node.events) {
            event = each;
            synced.visit(each.key(), gather);
        }
        for (Watcher watcher : touched) {
            List<WatchEvent> events = watcher.take();
            // Mostly all of them: then the messages share the list too.
            if (events.size() == node.events.size()) events = node.events;
            tell(watcher, events, node);
            told.add(watcher.stream);
        }
        touched.clear();
    }

    private void gather(Watcher watcher) {
        if (watcher.wants(event) && watcher.gather(event)) touched.add(watcher);
    }

    private void tell(Watcher watcher, List<WatchEvent> events, History.Node node) {
        var message = new WatchMessage.Events(watcher.id, node.revision, events, watcher.query);
        if (watcher.stream.offer(message, node)) {
            watcher.next = node.revision + 1;
            queuedEvents.add(events.size());
        } else {
            synced.remove(watcher);
            watcher.next = node.revision;
            setBehind(watcher);
        }
    }

    private void setBehind(Watcher watcher) {
        watcher.state = Watcher.State.UNSYNCED;
        watcher.stream.unsynced.add(watcher);
        watcher.behindSince = watcher.stream.fellBehind();
        slow = slow + 1;
    }

    private void setSynced(Watcher watcher) {
        watcher.state = Watcher.State.SYNCED;
        synced.add(watcher);
    }

    private static void wake(Iterable<WatchStream> told) {
        for (WatchStream stream : told) wake(stream);
    }

    private static void wake(WatchStream stream) {
        if (stream.rouse()) stream.wake();
    }

    // ---- the streams

    long create(WatchStream stream, long watchId, WatchQuery query) {
        long id;
        lock.lock();
        try {
            if (stream.closed()) return WatchStream.ALL;
            id = createLocked(stream, watchId, query);
        } finally {
            lock.unlock();
        }
        wake(stream);
        return id;
    }

    void refuse(WatchStream stream, String reason) {
        lock.lock();
        try {
            if (stream.closed()) return;
            stream.answer(new WatchMessage.Refused(state.get().revision(), reason));
        } finally {
            lock.unlock();
        }
        wake(stream);
    }

    private long createLocked(WatchStream stream, long watchId, WatchQuery query) {
        KeyRange range = range(query);
        String refusal = refusal(stream, watchId, query, range);
        if (refusal != null) {
            stream.answer(new WatchMessage.Refused(state.get().revision(), refusal));
            return WatchStream.ALL;
        }
        long id = watchId == 0 ? stream.freeId() : watchId;
        Watcher watcher = new Watcher(stream, id, query, range);
        stream.watchers.put(id, watcher);
        // Before the look at what is published, see published().
        watchers++;
        if (cursor == null) history.keepAfter(0);
        History.Node oldest = history.oldest();
        long revision = state.get().revision();
        if (cursor == null) moveTo(node(oldest, revision));
        stream.answer(new WatchMessage.Created(id, revision, query));
        boolean past = query.startRevision() != 0 && query.startRevision() <= revision;
        watcher.next = past ? query.startRevision() : Math.max(revision + 1, query.startRevision());
        if (past) setBehind(watcher);
        else setSynced(watcher);
        return id;
    }

    /** WA-04: the smallest key is the one zero byte. */
    private static KeyRange range(WatchQuery query) {
        byte[] key = query.key().length == 0 ? new byte[1] : query.key();
        return KeyRange.of(key, query.rangeEnd());
    }

    /** Null when there is nothing against it. */
    private static String refusal(
            WatchStream stream, long watchId, WatchQuery query, KeyRange range) {
        if (query.startRevision() < 0) return EtcdError.COMPACTED.text();
        boolean bounded = !range.single() && range.to() != null;
        if (bounded && Arrays.compareUnsigned(range.from(), range.to()) >= 0)
            return "mvcc: watcher range is empty";
        if (watchId != 0 && stream.watchers.containsKey(watchId))
            return "mvcc: duplicate watch ID provided on the WatchStream";
        return null;
    }

    /**
     * @param oldest taken before the revision was
     */
    private History.Node node(History.Node oldest, long revision) {
        History.Node newest = history.newest();
        if (newest.revision <= revision) return newest;
        History.Node node = oldest;
        while (node.next.revision <= revision) node = node.next;
        return node;
    }

    boolean cancel(WatchStream stream, long watchId) {
        lock.lock();
        try {
            Watcher watcher = stream.watchers.remove(watchId);
            if (watcher == null) return false;
            end(watcher);
            stream.answer(new WatchMessage.Canceled(watchId, state.get().revision()));
        } finally {
            lock.unlock();
        }
        wake(stream);
        return true;
    }

    /** Takes a watch out of wherever it is, apart from its stream's map. */
    private void end(Watcher watcher) {
        switch (watcher.state) {
            case SYNCED -> synced.remove(watcher);
            case UNSYNCED -> {
                watcher.stream.unsynced.remove(watcher);
                if (watcher.stream.unsynced.isEmpty()) watcher.stream.caughtUp();
                slow = slow - 1;
            }
            case ENDED -> {
                return;
            }
        }
        watcher.state = Watcher.State.ENDED;
        watchers--;
        if (watchers == 0) moveTo(null);
    }

    boolean progress(WatchStream stream) {
        return progress(
                stream,
                revision -> {
                    if (stream.watchers.isEmpty() || !stream.unsynced.isEmpty()) return null;
                    for (Watcher watcher : stream.watchers.values())
                        if (watcher.query.startRevision() > revision) return null;
                    return new WatchMessage.Progress(WatchStream.ALL, revision);
                });
    }

    boolean progress(WatchStream stream, long watchId) {
        return progress(
                stream,
                revision -> {
                    Watcher watcher = stream.watchers.get(watchId);
                    boolean told =
                            watcher != null
                                    && watcher.state == Watcher.State.SYNCED
                                    && watcher.query.startRevision() <= revision;
                    return told ? new WatchMessage.Progress(watchId, revision) : null;
                });
    }

    private interface ProgressAt {
        /** Null when it cannot be told. */
        WatchMessage.Progress of(long revision);
    }

    private boolean progress(WatchStream stream, ProgressAt progress) {
        Set<WatchStream> told = new LinkedHashSet<>();
        boolean follows;
        lock.lock();
        try {
            // All that is published is queued before the message that covers it.
            catchUp(told);
            WatchMessage.Progress message = cursor == null ? null : progress.of(cursor.revision);
            follows = message != null;
            if (follows) {
                stream.answer(message);
                told.add(stream);
            }
        } finally {
            lock.unlock();
        }
        wake(told);
        return follows;
    }

    void close(WatchStream stream) {
        lock.lock();
        try {
            if (!stream.closed()) end(stream);
        } finally {
            lock.unlock();
        }
    }

    private void end(WatchStream stream) {
        stream.watchers.values().forEach(this::end);
        stream.markClosed();
        streams.remove(stream);
        open = streams.size();
    }

    // ---- the readers

    /** Counts what a reader takes. */
    void delivered(WatchMessage message) {
        if (message instanceof WatchMessage.Events events) {
            deliveredEvents.add(events.events().size());
            if (events.previous()) findPrevious(events);
        }
    }

    private void findPrevious(WatchMessage.Events events) {
        while (true) {
            long before = generation;
            try {
                HistoryReader.findPrevious(events, store, state);
                return;
            } catch (StorageException.Corruption e) {
                // An index and a store of different states do not go together.
                if (before % 2 == 0 && before == generation) throw e;
                awaitReplacement();
            }
        }
    }

    private void awaitReplacement() {
        lock.lock();
        lock.unlock();
    }

    /** From then on the store may be somebody else's. */
    boolean closed() {
        return closed;
    }

    void unqueued(int events) {
        queuedEvents.add(-events);
    }

    /** Gives the watches of a stream that are behind a piece of what they miss. */
    void readHistory(WatchStream stream, ArrayDeque<WatchMessage> into) {
        List<Watcher> behind;
        lock.lock();
        try {
            behind = new ArrayList<>(stream.unsynced.size());
            for (Watcher watcher : stream.unsynced)
                if (stream.mayReadHistory(watcher.behindSince)) behind.add(watcher);
        } finally {
            lock.unlock();
        }
        if (behind.isEmpty()) return;
        long before = generation;
        HistoryReader.Piece piece = new HistoryReader(store, history, state).read(behind);
        // Read from two states; the reader is woken when there is one again.
        if (before % 2 != 0 || before != generation) return;
        into.addAll(piece.messages());
        lock.lock();
        try {
            for (Watcher watcher : piece.compacted()) endCompacted(watcher, piece, into);
            for (Watcher watcher : behind) given(watcher, piece);
            if (stream.unsynced.isEmpty()) stream.caughtUp();
        } finally {
            lock.unlock();
        }
    }

    private void endCompacted(
            Watcher watcher, HistoryReader.Piece piece, ArrayDeque<WatchMessage> into) {
        if (watcher.state != Watcher.State.UNSYNCED) return;
        end(watcher);
        watcher.stream.watchers.remove(watcher.id);
        into.add(new WatchMessage.Compacted(watcher.id, piece.compactRevision()));
    }

    /**
     * The watch has all up to the end of the piece; if that was dispatched, it joins the others.
     */
    private void given(Watcher watcher, HistoryReader.Piece piece) {
        if (watcher.state != Watcher.State.UNSYNCED) return;
        watcher.next = Math.max(watcher.next, piece.end() + 1);
        if (piece.end() < cursor.revision) return;
        watcher.stream.unsynced.remove(watcher);
        slow = slow - 1;
        setSynced(watcher);
    }
}
