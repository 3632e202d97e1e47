package io.quorate.engine.state;

import java.util.List;

/**
 * The newest revisions with their events, in the heap: all that no committed batch holds yet, since
 * nobody else has them in order, and before those the last ones committed, so that a watch a little
 * behind need not read the store.
 *
 * <p>A list that grows at one end and is forgotten at the other. The apply thread does both; any
 * thread may walk from {@link #oldest()}, and finds an end early when the list was forgotten under
 * its feet. What is forgotten is unlinked: a dead node in an old generation would keep alive all
 * that follows it, in each collection of the young one.
 */
final class History {
    /** Most bytes of committed events kept. */
    private final long keptBytes;

    private volatile Node oldest;
    private volatile Node newest;
    private long needed = Long.MAX_VALUE; // guarded by this
    private long bytes;

    /**
     * @param revision the last one that is in the store
     */
    History(long revision, long keptBytes) {
        this.keptBytes = keptBytes;
        oldest = newest = new Node(revision, List.of());
    }

    /** Takes the changes of the next revision, in order. */
    void append(long revision, List<WatchEvent> events) {
        Node node = new Node(revision, events);
        bytes += node.bytes;
        newest.next = node;
        newest = node;
    }

    /**
     * Begins anew after another state took the place of this one. Who walks the old list finds its
     * end.
     *
     * @param revision the last one of the new state, which is in the store
     */
    void restart(long revision) {
        bytes = 0;
        oldest = newest = new Node(revision, List.of());
    }

    /** All revisions taken so far are in the store. */
    synchronized void committed() {
        while (bytes > keptBytes && oldest.next != null && oldest.revision < needed) {
            Node before = oldest;
            oldest = before.next;
            bytes -= oldest.bytes;
            before.next = null;
        }
    }

    /**
     * Called by who must not find an early end: the revisions after this one stay linked until the
     * next call. Who starts to walk gives 0 before he looks where; {@link Long#MAX_VALUE} ends it.
     * Any thread, one at a time.
     */
    synchronized void keepAfter(long revision) {
        needed = revision;
    }

    /** The store has this revision and all before it; those after it follow by {@code next}. */
    Node oldest() {
        return oldest;
    }

    /** The last one taken; it may not be published yet. */
    Node newest() {
        return newest;
    }

    /** One revision. */
    static final class Node {
        final long revision;
        final List<WatchEvent> events;
        final int bytes;

        /** Null at the end, and once forgotten. */
        volatile Node next;

        Node(long revision, List<WatchEvent> events) {
            this.revision = revision;
            this.events = events;
            int sum = 64;
            for (WatchEvent event : events) sum += event.bytes();
            bytes = sum;
        }
    }
}
