package io.quorate.engine.node;

/**
 * One of the loops of a replica, each of which owns a part of its state, cut into turns: whoever
 * runs it decides when a turn happens, and in which thread.
 */
public interface Loop {
    /**
     * Does what has come up, without waiting for more. Turns of one loop never overlap.
     *
     * @return false when this was the last one
     */
    boolean turn();

    /** Whether a turn would find something to do. */
    boolean hasWork();

    /**
     * Whom to tell, after the first turn, that there is work where there was none. Told by the
     * thread that brings it.
     */
    void onWork(Runnable waker);

    /**
     * Whether the next turn may happen in the thread that brings the work, whoever that is: it does
     * little and waits for nobody. Asked between turns.
     */
    default boolean mayTurnAnywhere() {
        return false;
    }
}
