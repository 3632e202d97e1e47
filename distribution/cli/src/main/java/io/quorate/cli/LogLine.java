package io.quorate.cli;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** A line of the tools' log on standard error: JSON as zap writes it (CT-14). */
public final class LogLine {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final StringBuilder json;

    /** A line with a level ({@code info}, {@code warn}, {@code fatal}) and a message. */
    public LogLine(String level, Instant time, String logger, String caller, String message) {
        json = new StringBuilder(256).append("{\"level\":");
        text(level);
        field("ts", TIME.format(time));
        if (!logger.isEmpty()) field("logger", logger);
        field("caller", caller);
        field("msg", message);
    }

    /** The same line with one more text. */
    public LogLine with(String name, String value) {
        field(name, value);
        return this;
    }

    /** The same line with one more number. */
    public LogLine with(String name, long value) {
        name(name);
        json.append(value);
        return this;
    }

    private void field(String name, String value) {
        name(name);
        text(value);
    }

    private void name(String name) {
        json.append(',');
        text(name);
        json.append(':');
    }

    private void text(String bytes) {
        json.append('"');
        for (int i = 0; i < bytes.length(); i++) {
            char c = bytes.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (c < ' ') {
                        json.append("\\u00")
                                .append(c < 16 ? "0" : "")
                                .append(Integer.toHexString(c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }

    /** The whole line, without its end. */
    @Override
    public String toString() {
        return json + "}";
    }
}
