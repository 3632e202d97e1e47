package io.quorate.engine.raft;

/**
 * Where the algorithm says what it does. Calls come from the thread that drives the {@link
 * RawNode}, are cheap and must not block. Nothing is said per entry or per message that goes well.
 */
public interface Trace {
    /** Says nothing, at no cost. */
    Trace NONE =
            new Trace() {
                @Override
                public boolean enabled(Level level) {
                    return false;
                }

                @Override
                public void line(Level level, String message) {}
            };

    void line(Level level, String message);

    /** Whether lines of this weight are wanted; if not, their text is not even made. */
    default boolean enabled(Level level) {
        return true;
    }

    /** Weight of a line. */
    enum Level {
        DEBUG,
        INFO,
        WARN,
        ERROR
    }
}
