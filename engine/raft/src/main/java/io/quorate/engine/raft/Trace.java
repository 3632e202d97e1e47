package io.quorate.engine.raft;

/** Where the algorithm says what it does. Calls are cheap and must not block. */
public interface Trace {
    Trace NONE = (level, message) -> {};

    void line(Level level, String message);

    /** Weight of a line. */
    enum Level {
        DEBUG,
        INFO,
        WARN,
        ERROR
    }
}
