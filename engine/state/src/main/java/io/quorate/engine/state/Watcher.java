package io.quorate.engine.state;

import java.util.ArrayList;
import java.util.List;

/**
 * One watch. Its state is guarded by the lock of the {@link WatchHub}:
 *
 * <pre>
 *   create -> SYNCED     starts after the current revision
 *          -> UNSYNCED   starts at or before it
 *   SYNCED -> UNSYNCED   the queue of its stream is full
 *   UNSYNCED -> SYNCED   history has been read up to what was dispatched
 *   UNSYNCED -> ENDED    history that it needs is compacted
 *   any -> ENDED         canceled, or the stream closed
 * </pre>
 *
 * What else changes belongs to the dispatcher while SYNCED, to the reader of the stream while
 * UNSYNCED.
 */
final class Watcher {
    enum State {
        SYNCED,
        UNSYNCED,
        ENDED
    }

    final WatchStream stream;
    final long id;
    final WatchQuery query;
    final KeyRange range;
    State state;

    /** The first revision that it has not been given. */
    long next;

    /** When it fell behind, see {@link WatchStream#mayReadHistory}. */
    long behindSince;

    /** Its place in the bucket of the one {@link WatcherIndex} that it is in. */
    int slot;

    /** Its events of what is being dispatched or read; null between. */
    private List<WatchEvent> gathered;

    Watcher(WatchStream stream, long id, WatchQuery query, KeyRange range) {
        this.stream = stream;
        this.id = id;
        this.query = query;
        this.range = range;
    }

    boolean wants(WatchEvent event) {
        return event.revision() >= next && query.accepts(event);
    }

    /**
     * @return whether it is the first since {@link #take()}
     */
    boolean gather(WatchEvent event) {
        boolean first = gathered == null;
        if (first) gathered = new ArrayList<>(4);
        gathered.add(event);
        return first;
    }

    List<WatchEvent> take() {
        List<WatchEvent> events = gathered;
        gathered = null;
        return events;
    }
}
