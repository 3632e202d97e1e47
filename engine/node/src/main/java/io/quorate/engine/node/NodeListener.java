package io.quorate.engine.node;

/** Hears about the end of a replica. */
public interface NodeListener {
    /**
     * The member must stop: a broken disk, a corrupt state, or a fault of the process such as an
     * {@link OutOfMemoryError}. Called once, from a thread of the replica; must not block on it.
     */
    void failed(Throwable cause);

    /**
     * The member was removed from its cluster and must end; its data is of no use any more (EX-03).
     * Called once, from a thread of the replica; must not block on it.
     */
    default void removed() {}
}
