package io.quorate.engine.node;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Something to be tried again with the next tick of raft's clock. Not at once: a member refuses
 * proposals for as long as much of its log is still to be applied, and to ask again at once would
 * keep it from applying. Any thread.
 */
final class NextTick {
    private final AtomicBoolean wanted = new AtomicBoolean();
    private final Runnable attempt;

    /**
     * @param attempt runs in the thread that ticks; may ask for the next tick again
     */
    NextTick(Runnable attempt) {
        this.attempt = attempt;
    }

    /** Asks for one more attempt, however often it is called before the next tick. */
    void again() {
        wanted.set(true);
    }

    void tick() {
        if (wanted.compareAndSet(true, false)) {
            attempt.run();
        }
    }
}
