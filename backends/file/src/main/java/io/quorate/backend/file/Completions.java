package io.quorate.backend.file;

import io.quorate.spi.storage.StorageException;

import java.util.ArrayDeque;
import java.util.List;

/**
 * Completes the futures of units, in order. While the writer has more to write that is done in a
 * thread of its own beside the next force; else the writer does it, which spares a lone append the
 * hand-over.
 */
final class Completions {
    private final Thread thread;
    // Guarded by this.
    private final ArrayDeque<Batch> waiting = new ArrayDeque<>();
    private boolean completing;
    private boolean closing;

    private record Batch(List<WalUnit> units, StorageException failureOrNull) {
        void complete() {
            for (WalUnit unit : units) {
                if (failureOrNull == null) unit.future.complete(null);
                else unit.future.completeExceptionally(failureOrNull);
            }
        }
    }

    Completions() {
        thread = Thread.ofPlatform().daemon().name("quorate-log-completer").unstarted(this::loop);
    }

    void start() {
        thread.start();
    }

    /** Completes units, before this returns unless others are still being completed. */
    void complete(List<WalUnit> units, StorageException failureOrNull) {
        synchronized (this) {
            if (completing) {
                hand(units, failureOrNull);
                return;
            }
        }
        new Batch(units, failureOrNull).complete();
    }

    /** Has units completed by the other thread. */
    synchronized void hand(List<WalUnit> units, StorageException failureOrNull) {
        waiting.add(new Batch(units, failureOrNull));
        completing = true;
        notifyAll();
    }

    /** Waits for what was handed over and ends the thread. */
    void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        if (Thread.currentThread() != thread) FileRaftLog.join(thread);
    }

    private void loop() {
        for (Batch batch = next(); batch != null; batch = next()) batch.complete();
    }

    /** The next batch, or null at the end. What next() gave before counts as completed. */
    private synchronized Batch next() {
        completing = !waiting.isEmpty();
        while (waiting.isEmpty() && !closing) {
            try {
                wait();
            } catch (InterruptedException e) {
                // Who hangs on a future may interrupt this thread by mistake; it goes on.
                Thread.interrupted();
            }
        }
        return waiting.poll();
    }
}
