package io.quorate.api.grpc;

import java.util.ArrayDeque;

/**
 * Which large request messages of a connection may be put together at the same time.
 *
 * <p>A message larger than its stream's window needs credit before it is complete. If every stream
 * got it, a client could leave thousands of messages half sent; if none did, a large message would
 * never end. So reservations are granted in order while they fit, one at least; the others wait
 * with no more than a window each, and nothing deadlocks: what has been granted can complete.
 *
 * <p>Thread-safe.
 */
final class InboundBudget {
    private record Waiting(InboundMessages messages, int bytes) {}

    private final long capacity;
    private long reserved;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();

    InboundBudget(long capacity) {
        this.capacity = capacity;
    }

    /**
     * @return true when granted; otherwise {@link InboundMessages#granted()} is called later,
     *     unless {@link #forget} comes first
     */
    synchronized boolean reserve(InboundMessages messages, int bytes) {
        if (waiting.isEmpty() && fits(bytes)) {
            reserved += bytes;
            return true;
        }
        waiting.add(new Waiting(messages, bytes));
        return false;
    }

    private boolean fits(int bytes) {
        return reserved == 0 || reserved + bytes <= capacity;
    }

    /** Gives back what was granted and grants to those who wait. */
    void release(int bytes) {
        synchronized (this) {
            reserved -= bytes;
        }
        grantWaiting();
    }

    /** Takes a waiting reservation back. */
    void forget(InboundMessages messages) {
        synchronized (this) {
            waiting.removeIf(w -> w.messages() == messages);
        }
        grantWaiting();
    }

    private void grantWaiting() {
        while (true) {
            Waiting next;
            synchronized (this) {
                next = waiting.peek();
                if (next == null || !fits(next.bytes())) {
                    return;
                }
                waiting.poll();
                reserved += next.bytes();
            }
            next.messages().granted(next.bytes());
        }
    }
}
