package io.quorate.engine.node;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Who does the work of a replica. In a member these are threads; a simulation takes the turns of
 * all loops of all members in one thread, in an order of its own.
 */
public interface Workers {
    /** Runs a loop until its last turn. */
    Worker start(String name, Loop loop);

    /** Runs a short task once, some time; tasks may run at the same time. */
    void execute(String name, Runnable task);

    /** The same, not before so many nanoseconds have passed. */
    void executeAfter(long nanos, String name, Runnable task);

    /** A loop that runs. */
    interface Worker {
        /** Returns after the last turn; at once when called from inside a turn. */
        void join();
    }

    /** A thread for each loop, and a virtual thread for each task. */
    static Workers threads() {
        return new Workers() {
            @Override
            public Worker start(String name, Loop loop) {
                return LoopWorker.start(name, loop);
            }

            @Override
            public void execute(String name, Runnable task) {
                Thread.ofVirtual().name(name).start(task);
            }

            @Override
            public void executeAfter(long nanos, String name, Runnable task) {
                Executor now = due -> execute(name, due);
                CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, now).execute(task);
            }
        };
    }
}
