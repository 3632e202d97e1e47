package io.quorate.engine.grpc;

import io.grpc.Context;
import io.grpc.Status;

import java.util.concurrent.Semaphore;

/**
 * How a call's thread waits for news from other threads without outliving its client. Made in the
 * call's thread; {@link #await} is for one thread, {@link #news} for any.
 */
final class Patience implements AutoCloseable {
    private final Semaphore news = new Semaphore(0);
    private final Context context = Context.current();
    private final Context.CancellationListener gone = cancelled -> news.release();

    Patience() {
        context.addListener(gone, Runnable::run);
    }

    /** Something has happened that whoever waits may want to look at. */
    void news() {
        news.release();
    }

    /**
     * Waits for news since the last call.
     *
     * @throws io.grpc.StatusRuntimeException CANCELLED when nobody waits for the answer any more
     */
    void await() {
        try {
            news.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Status.CANCELLED.withCause(e).asRuntimeException();
        }
        news.drainPermits();
        if (context.isCancelled()) {
            throw Status.CANCELLED.asRuntimeException();
        }
    }

    @Override
    public void close() {
        context.removeListener(gone);
    }
}
