package io.quorate.launcher;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** JSON as zap writes it: without spaces in JSON lines, with spaces in console lines. */
final class JsonWriter {
    private final StringBuilder out;
    private final String comma;
    private final String colon;

    JsonWriter(StringBuilder out, boolean spaces) {
        this.out = out;
        this.comma = spaces ? ", " : ",";
        this.colon = spaces ? ": " : ":";
    }

    void value(Object value) {
        switch (value) {
            case null -> out.append("null");
            case Boolean bool -> out.append(bool);
            case Double number when number.isNaN() || number.isInfinite() ->
                    text(number.toString());
            case Number number -> out.append(number);
            case Duration duration -> text(GoValues.print(duration));
            case Throwable failure -> text(message(failure));
            case Optional<?> optional -> value(optional.orElse(null));
            case Map<?, ?> map -> object(map);
            case Collection<?> values -> array(values);
            default -> text(value.toString());
        }
    }

    private void object(Map<?, ?> map) {
        String separator = "";
        out.append('{');
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.append(separator);
            text(String.valueOf(entry.getKey()));
            out.append(colon);
            value(entry.getValue());
            separator = comma;
        }
        out.append('}');
    }

    private void array(Collection<?> values) {
        String separator = "";
        out.append('[');
        for (Object value : values) {
            out.append(separator);
            value(value);
            separator = comma;
        }
        out.append(']');
    }

    private void text(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ') {
                        out.append("\\u00")
                                .append(c < 16 ? "0" : "")
                                .append(Integer.toHexString(c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static String message(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isEmpty() ? failure.getClass().getName() : message;
    }
}
