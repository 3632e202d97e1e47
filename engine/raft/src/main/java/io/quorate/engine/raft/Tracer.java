package io.quorate.engine.raft;

/** Formats trace lines, and only those somebody wants. Members are written as {@code %x}. */
final class Tracer {
    private final Trace sink;

    Tracer(Trace sink) {
        this.sink = sink;
    }

    void debug(String format, Object... arguments) {
        line(Trace.Level.DEBUG, format, arguments);
    }

    void info(String format, Object... arguments) {
        line(Trace.Level.INFO, format, arguments);
    }

    void warn(String format, Object... arguments) {
        line(Trace.Level.WARN, format, arguments);
    }

    void error(String format, Object... arguments) {
        line(Trace.Level.ERROR, format, arguments);
    }

    private void line(Trace.Level level, String format, Object... arguments) {
        if (sink.enabled(level)) sink.line(level, format.formatted(arguments));
    }
}
