package io.quorate.engine.grpc;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Work that anybody may ask for at any time and that runs on one thread at a time: a wish during a
 * run makes one more run after it. Between runs it has no thread.
 */
final class SerialTask {
    private final Executor executor;
    private final Runnable work;
    private final AtomicInteger wishes = new AtomicInteger();

    SerialTask(Executor executor, Runnable work) {
        this.executor = executor;
        this.work = work;
    }

    /** Makes the work run once more, soon, elsewhere. */
    void wish() {
        if (wishes.getAndIncrement() == 0) {
            executor.execute(this::run);
        }
    }

    private void run() {
        int granted = wishes.get();
        while (granted != 0) {
            work.run();
            granted = wishes.addAndGet(-granted);
        }
    }
}
