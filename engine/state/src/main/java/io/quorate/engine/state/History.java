package io.quorate.engine.state;

import java.util.List;

/**
 * The newest revisions with their events, in the heap: all that no committed batch holds yet, since
 * nobody else has them in order, and before those the last ones committed, so that a watch a little
 * behind need not read the store.
 *
 * <p>A list that grows at one end and is forgotten at the other. The apply thread does both; any
 * thread that takes {@link #oldest()} walks from there as long as it likes, and keeps alive what it
 * walks.
 */
final class History {
    /** Most bytes of committed events kept. */
    private final long keptBytes;

    private volatile Node oldest;
    private volatile Node newest;
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
    void committed() {
        while (bytes > keptBytes && oldest.next != null) {
            Node dropped = oldest.next;
            bytes -= dropped.bytes;
            oldest = dropped;
        }
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

        /** Null at the end, set once. */
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
