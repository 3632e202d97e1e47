package io.quorate.engine.raft;

/** What the data of an {@link Entry} is. The order of the constants is the wire number. */
public enum EntryType {
    /** A proposal of the application. */
    NORMAL,
    /** An encoded single membership change. */
    CONF_CHANGE,
    /** An encoded membership change of any shape (joint consensus). */
    CONF_CHANGE_V2
}
