package io.quorate.engine.node;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Takes the turns of a loop in a thread of its own and, if the loop may turn anywhere, also in the
 * thread that brings work while the loop is idle: with little to do a call wakes one thread less.
 * Such a thread takes one turn; what came up meanwhile is done by the loop's own, so that nobody
 * works for the others without end, and that there are batches.
 */
final class LoopWorker implements Workers.Worker {
    private final Loop loop;
    private final Thread thread;

    /** Whether somebody takes a turn now; the own thread does first. */
    private final AtomicBoolean taken = new AtomicBoolean(true);

    private volatile boolean over;

    /** Who takes the turn. */
    private volatile Thread turner;

    private LoopWorker(String name, Loop loop) {
        this.loop = loop;
        // A platform thread: it does file I/O, and nobody may interrupt it.
        this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
    }

    static LoopWorker start(String name, Loop loop) {
        LoopWorker worker = new LoopWorker(name, loop);
        loop.onWork(worker::wake);
        worker.thread.start();
        return worker;
    }

    private void run() {
        turn();
        while (!over) {
            if (loop.hasWork() && taken.compareAndSet(false, true)) {
                turn();
            } else {
                LockSupport.park(this);
                // Nobody may interrupt this thread; a stray interrupt must not make the loop spin.
                Thread.interrupted();
            }
        }
    }

    // Work that comes during a turn wakes nobody: whoever takes the turn looks again after it.
    private void turn() {
        turner = Thread.currentThread();
        boolean more = loop.turn();
        turner = null;
        if (more) {
            taken.set(false);
        } else {
            over = true; // and taken for ever
        }
    }

    private void wake() {
        if (!taken.compareAndSet(false, true)) {
            return;
        }
        if (loop.mayTurnAnywhere()) {
            turn();
        } else {
            taken.set(false);
        }
        if (over || loop.hasWork()) {
            LockSupport.unpark(thread);
        }
    }

    /** Whether somebody takes a turn at this moment. */
    boolean isTaken() {
        return taken.get();
    }

    @Override
    public void join() {
        boolean interrupted = false;
        while (turner != Thread.currentThread() && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                // The storage must not be closed under a thread that uses it.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
