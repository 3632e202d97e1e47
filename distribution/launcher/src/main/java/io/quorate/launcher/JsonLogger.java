package io.quorate.launcher;

import java.text.MessageFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.ResourceBundle;

/**
 * A named logger. A line with one parameter that is a map has the map as its fields and its message
 * as it stands; any other parameters are formatted into the message. Foreign loggers say less: what
 * they call information is logged at level debug only.
 */
final class JsonLogger implements System.Logger {
    private static final String OWN = "io.quorate";

    /** The one part of etcd that speaks under a name of its own, and does so here. */
    private static final String RAFT = "io.quorate.engine.raft";

    private final String name;
    private final Log log;
    private final boolean own;
    private final Optional<String> shown;

    JsonLogger(String name, Log log) {
        this.name = name;
        this.log = log;
        this.own = name.startsWith(OWN);
        this.shown = name.equals(RAFT) ? Optional.of("raft") : shown(name, own);
    }

    private static Optional<String> shown(String name, boolean own) {
        return own ? Optional.empty() : Optional.of(name);
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public boolean isLoggable(Level level) {
        if (level == Level.OFF) return false;
        boolean quiet = !own && level.compareTo(Level.WARNING) < 0;
        return log.enabled(quiet ? Log.Level.DEBUG : translate(level));
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
        if (isLoggable(level)) write(level, localized(bundle, message), Map.of(), thrown);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
        if (!isLoggable(level)) return;
        if (parameters != null
                && parameters.length == 1
                && parameters[0] instanceof Map<?, ?> fields) {
            Map<String, Object> copy = new LinkedHashMap<>();
            fields.forEach((key, value) -> copy.put(String.valueOf(key), value));
            write(level, format, copy, null);
        } else {
            write(level, formatted(localized(bundle, format), parameters), Map.of(), null);
        }
    }

    private void write(Level level, String message, Map<String, Object> fields, Throwable thrown) {
        log.log(translate(level), shown, String.valueOf(message), fields, thrown);
    }

    private static Log.Level translate(Level level) {
        return switch (level) {
            case ALL, TRACE, DEBUG -> Log.Level.DEBUG;
            case INFO -> Log.Level.INFO;
            case WARNING -> Log.Level.WARN;
            case ERROR, OFF -> Log.Level.ERROR;
        };
    }

    private static String localized(ResourceBundle bundle, String key) {
        return bundle != null && key != null && bundle.containsKey(key)
                ? bundle.getString(key)
                : key;
    }

    /** A pattern that is none is shown as it is: braces in a message are no reason to lose it. */
    private static String formatted(String format, Object... parameters) {
        if (format == null || parameters == null || parameters.length == 0) return format;
        try {
            return MessageFormat.format(format, parameters);
        } catch (IllegalArgumentException e) {
            return format;
        }
    }
}
