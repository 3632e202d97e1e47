package io.quorate.engine.state;

import io.quorate.spi.storage.StorageException;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Watches that share one ordered sequence of messages, for one reader (WA-01).
 *
 * <p>The reader calls {@link #next} until it answers null, then waits to be woken. What happens
 * while he reads waits in a queue of bounded size; when that is full his watches stop being told
 * and are later given from the history what they missed, when he asks and as fast as he asks. So a
 * reader may be as slow as he likes: he misses nothing unless it is compacted, costs a bounded
 * amount of memory, and holds up nobody (WA-33).
 *
 * <p>{@link #next} is for one thread at a time; all other methods are for any.
 */
public final class WatchStream implements AutoCloseable {
    /** In {@link WatchMessage.Progress}: all watches of the stream. On the wire it is this too. */
    public static final long ALL = -1;

    /** Event bytes that may wait, beyond those of one more revision. */
    static final long QUEUE_BYTES = 1 << 20;

    /** What a message costs beside its events, which messages share. */
    private static final int MESSAGE_BYTES = 64;

    private final WatchHub hub;
    private final Runnable wake;

    /** By id; guarded by the hub's lock, as is all that follows up to the queue. */
    final Map<Long, Watcher> watchers = new HashMap<>();

    final Set<Watcher> unsynced = new LinkedHashSet<>();
    private long nextId;
    private boolean closed;

    /** Guards the queue; taken after the hub's. */
    private final Object queueLock = new Object();

    private ArrayDeque<WatchMessage> queue = new ArrayDeque<>();
    private long queuedBytes;
    private long queuedRevision;
    private int queuedEvents;
    private boolean behind;

    /** How often the queue was taken. */
    private long takes;

    private boolean asleep = true;

    /** The reader's: what he took from the queue, or read from the history. */
    private ArrayDeque<WatchMessage> taken = new ArrayDeque<>();

    private boolean readHistory;

    WatchStream(WatchHub hub, Runnable wake) {
        this.hub = hub;
        this.wake = wake;
    }

    /**
     * Creates a watch. {@link WatchMessage.Created} or {@link WatchMessage.Refused} follows on the
     * stream.
     *
     * @param watchId 0 for any that is free (WA-12); else an id not in use on this stream (WA-13)
     * @return the id, or {@link #ALL} when it was refused
     */
    public long create(long watchId, WatchQuery query) {
        return hub.create(this, watchId, query);
    }

    /**
     * Answers a request for a watch with {@link WatchMessage.Refused}: whoever asked may not have
     * it.
     */
    public void refuse(String reason) {
        hub.refuse(this, reason);
    }

    /**
     * Ends a watch. {@link WatchMessage.Canceled} follows on the stream, after what it was given
     * before.
     *
     * @return false when there is none with this id; then nothing follows
     */
    public boolean cancel(long watchId) {
        return hub.cancel(this, watchId);
    }

    /**
     * Asks how far all watches of the stream are (WA-25). {@link WatchMessage.Progress} with {@link
     * #ALL} follows if each of them is told of changes as they happen and has reached its start.
     *
     * @return whether it follows
     */
    public boolean requestProgress() {
        return hub.progress(this);
    }

    /** As {@link #requestProgress()} for one watch (WA-24). */
    public boolean requestProgress(long watchId) {
        return hub.progress(this, watchId);
    }

    /**
     * The next message, or null when there is none now: then the stream's {@code wake} is called
     * when there is one, once. Never waits for writers, but may read the store.
     *
     * @throws StorageException when history cannot be read
     */
    public WatchMessage next() {
        try {
            return nextOrNull();
        } catch (StorageException e) {
            if (!hub.closed() && !(e instanceof StorageException.Closed)) throw e;
            // The state closed while its store was read, which may be that of another state now;
            // the message that says so is on its way.
            return new WatchMessage.Closed();
        }
    }

    private WatchMessage nextOrNull() {
        while (true) {
            WatchMessage message = taken.poll();
            if (message != null) {
                hub.delivered(message);
                return message;
            }
            if (readHistory) {
                readHistory = false;
                hub.readHistory(this, taken);
            } else if (!takeQueue()) {
                return null;
            }
        }
    }

    /** False when there is nothing to do. */
    private boolean takeQueue() {
        synchronized (queueLock) {
            ArrayDeque<WatchMessage> empty = taken;
            taken = queue;
            queue = empty;
            queuedBytes = 0;
            queuedRevision = 0;
            hub.unqueued(queuedEvents);
            queuedEvents = 0;
            takes++;
            readHistory = behind;
            asleep = taken.isEmpty() && !behind;
            return !asleep;
        }
    }

    /** Messages that wait; a reader of requests may use it to hold the next ones back. */
    public int backlog() {
        synchronized (queueLock) {
            return queue.size();
        }
    }

    /** Ends all watches; nothing more is told. A second call does nothing. */
    @Override
    public void close() {
        hub.close(this);
    }

    /** Under the hub's lock: queues events unless too much waits already. */
    boolean offer(WatchMessage.Events message, History.Node node) {
        synchronized (queueLock) {
            if (queuedBytes >= QUEUE_BYTES) return false;
            queue.add(message);
            queuedEvents += message.events().size();
            queuedBytes += MESSAGE_BYTES;
            if (queuedRevision != node.revision) queuedBytes += node.bytes;
            queuedRevision = node.revision;
            return true;
        }
    }

    /** Under the hub's lock: queues an answer, whatever waits. */
    void answer(WatchMessage message) {
        synchronized (queueLock) {
            queue.add(message);
        }
    }

    /**
     * Under the hub's lock: a watch fell behind, so the reader has history to read.
     *
     * @return see {@link #mayReadHistory}
     */
    long fellBehind() {
        synchronized (queueLock) {
            behind = true;
            return takes;
        }
    }

    /** Under the hub's lock: no watch is behind any more. */
    void caughtUp() {
        synchronized (queueLock) {
            behind = false;
        }
    }

    /**
     * Whether the reader has taken from the queue all that was told to a watch before it fell
     * behind. Until then what it missed must not overtake that.
     *
     * @param since the answer of {@link #fellBehind}
     */
    boolean mayReadHistory(long since) {
        synchronized (queueLock) {
            return takes > since;
        }
    }

    /** Whether the reader sleeps and has to be woken, which the caller does without any lock. */
    boolean rouse() {
        synchronized (queueLock) {
            boolean slept = asleep;
            asleep = false;
            return slept;
        }
    }

    void wake() {
        wake.run();
    }

    boolean closed() {
        return closed;
    }

    long freeId() {
        while (watchers.containsKey(nextId)) nextId++;
        return nextId++;
    }

    /** Under the hub's lock; what still waits is dropped. */
    void markClosed() {
        closed = true;
        unsynced.clear();
        watchers.clear();
        synchronized (queueLock) {
            hub.unqueued(queuedEvents);
            queuedEvents = 0;
            queue.clear();
            behind = false;
        }
    }
}
