package io.quorate.engine.node;

import java.util.HashMap;
import java.util.Map;

/**
 * JSON objects of texts and numbers, as tokens hold them (RFC 8259). Fields of other kinds are
 * passed over.
 */
final class FlatJson {
    private static final int DEPTH_MAX = 50;

    private final String text;
    private int at;

    private FlatJson(String text) {
        this.text = text;
    }

    /** A text in quotes. */
    static String quote(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append("\\u%04x".formatted((int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }

    /**
     * The fields of an object: texts as String, numbers as Double. Of two fields of one name the
     * later one counts.
     *
     * @throws IllegalArgumentException when it is no JSON object
     */
    static Map<String, Object> read(String text) {
        FlatJson reader = new FlatJson(text);
        try {
            Map<String, Object> fields = reader.object(0);
            if (!text.substring(reader.at).isBlank()) {
                throw malformed();
            }
            return fields;
        } catch (IndexOutOfBoundsException cutOff) {
            throw malformed();
        }
    }

    private static IllegalArgumentException malformed() {
        return new IllegalArgumentException("token is malformed: not a JSON object");
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> fields = new HashMap<>();
        expect('{');
        for (boolean more = !accept('}'); more; more = !end('}')) {
            String name = string();
            expect(':');
            Object value = value(depth);
            if (value != null) {
                fields.put(name, value);
            } else {
                fields.remove(name);
            }
        }
        return fields;
    }

    /** Null for what is neither a text nor a number. */
    private Object value(int depth) {
        if (depth > DEPTH_MAX) {
            throw malformed();
        }
        switch (peek()) {
            case '"' -> {
                return string();
            }
            case '{' -> object(depth + 1);
            case '[' -> {
                at++;
                for (boolean more = !accept(']'); more; more = !end(']')) {
                    value(depth + 1);
                }
            }
            default -> {
                return word();
            }
        }
        return null;
    }

    private Object word() {
        int start = at;
        while (",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(start, at);
        return switch (word) {
            case "true", "false", "null" -> null;
            default -> Double.valueOf(word);
        };
    }

    private String string() {
        expect('"');
        StringBuilder read = new StringBuilder();
        for (char c = text.charAt(at++); c != '"'; c = text.charAt(at++)) {
            read.append(c == '\\' ? escaped() : c);
        }
        return read.toString();
    }

    private char escaped() {
        char c = text.charAt(at++);
        return switch (c) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> (char) Integer.parseInt(text, at, at += 4, 16);
            case '"', '\\', '/' -> c;
            default -> throw malformed();
        };
    }

    private char peek() {
        while (Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return text.charAt(at);
    }

    private boolean accept(char wanted) {
        if (peek() != wanted) {
            return false;
        }
        at++;
        return true;
    }

    private void expect(char wanted) {
        if (!accept(wanted)) {
            throw malformed();
        }
    }

    private boolean end(char end) {
        if (accept(end)) {
            return true;
        }
        expect(',');
        return false;
    }
}
