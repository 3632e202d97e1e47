package io.quorate.spi.storage;

import io.quorate.spi.plugin.Experimental;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * A platform thread that does I/O, one task after the other: a support class for backends. Nobody
 * else has the thread, so nobody can interrupt it and close the files under it.
 */
@Experimental(decideIn = "1.0")
public final class IoThread {
    private final ExecutorService executor;

    public IoThread(String name) {
        executor =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name(name).factory());
    }

    /** Runs a task some time; what it throws is lost, so it must not. */
    public void execute(Runnable task) {
        executor.execute(task);
    }

    /** Runs a task and waits for it, also in a thread that is interrupted. */
    public <T> T call(Supplier<T> task) {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        executor.execute(() -> {
            try {
                outcome.complete(task.get());
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            }
        });
        return await(outcome);
    }

    /** Waits for the tasks given so far and ends the thread. */
    public void finish() {
        call(() -> null);
        executor.shutdown();
    }

    /** Waits without regard to interrupts, which stay set, and throws what the future holds. */
    public static <T> T await(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw e;
            }
        }
    }
}
