package io.quorate.engine.node;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.raft.Trace;

/** What the raft core tells, as lines of the log under its own name. */
final class RaftTrace implements Trace {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.raft");

    @Override
    public boolean enabled(Level level) {
        return LOGGER.isLoggable(weight(level));
    }

    @Override
    public void line(Level level, String message) {
        LOGGER.log(weight(level), message);
    }

    private static System.Logger.Level weight(Level level) {
        return switch (level) {
            case DEBUG -> DEBUG;
            case INFO -> INFO;
            case WARN -> WARNING;
            case ERROR -> ERROR;
        };
    }
}
