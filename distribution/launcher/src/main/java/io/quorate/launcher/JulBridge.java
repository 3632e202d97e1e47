package io.quorate.launcher;

import java.text.MessageFormat;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Passes records of {@code java.util.logging} on to {@link Log}, quietly: see {@link JsonLogger}.
 */
public final class JulBridge extends Handler {
    @Override
    public void publish(LogRecord record) {
        Log.process()
                .log(
                        translate(record.getLevel().intValue()),
                        Optional.ofNullable(record.getLoggerName()),
                        message(record),
                        Map.of(),
                        record.getThrown());
    }

    private static Log.Level translate(int level) {
        if (level >= Level.SEVERE.intValue()) return Log.Level.ERROR;
        if (level >= Level.WARNING.intValue()) return Log.Level.WARN;
        return Log.Level.DEBUG;
    }

    private static String message(LogRecord record) {
        String message = String.valueOf(record.getMessage());
        Object[] parameters = record.getParameters();
        if (parameters == null || parameters.length == 0) return message;
        try {
            return MessageFormat.format(message, parameters);
        } catch (IllegalArgumentException e) {
            return message;
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
