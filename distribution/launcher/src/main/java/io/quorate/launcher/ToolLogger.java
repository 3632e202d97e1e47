package io.quorate.launcher;

import java.text.MessageFormat;
import java.util.Arrays;
import java.util.ResourceBundle;

/** Warnings and errors, one a line on standard error. */
final class ToolLogger implements System.Logger {
    private final String name;

    ToolLogger(String name) {
        this.name = name;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public boolean isLoggable(Level level) {
        return level.getSeverity() >= Level.WARNING.getSeverity() && level != Level.OFF;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
        if (isLoggable(level)) print(level, message + (thrown == null ? "" : ": " + thrown));
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
        if (!isLoggable(level)) return;
        if (parameters == null || parameters.length == 0) print(level, format);
        else if (format.indexOf('{') >= 0) print(level, MessageFormat.format(format, parameters));
        else print(level, format + " " + Arrays.toString(parameters));
    }

    private void print(Level level, String message) {
        System.err.println(level + " " + name + ": " + message);
    }
}
