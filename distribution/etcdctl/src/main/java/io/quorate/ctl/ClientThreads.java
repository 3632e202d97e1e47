package io.quorate.ctl;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The threads of this tool's clients, and their end. A JVM that ends waits a third of a second for
 * threads that are in the kernel, which is three times as long as a command takes. So these are
 * platform threads, for what virtual ones wait with would be there for ever; and the tool ends when
 * those of a closed client have.
 */
final class ClientThreads {
    /** A client that says farewell to a server that does not listen is not waited for. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final Queue<Thread> STARTED = new ConcurrentLinkedQueue<>();
    private static final ThreadFactory FACTORY =
            Thread.ofPlatform().daemon().name("etcdctl-", 0).factory();

    private ClientThreads() {}

    /** A {@link ThreadFactory}. */
    static Thread create(Runnable task) {
        STARTED.removeIf(thread -> thread.getState() == Thread.State.TERMINATED);
        Thread thread = FACTORY.newThread(task);
        STARTED.add(thread);
        return thread;
    }

    /** To be called once all clients are closed. */
    static void awaitEnd() {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        try {
            for (Thread thread : STARTED) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) return;
                if (thread.getState() != Thread.State.NEW) thread.join(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
