package io.quorate.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** As much of JSON as the tool's own files need: objects, arrays, strings and numbers. */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /**
     * Maps in order, lists, strings, doubles; an {@link IllegalArgumentException} tells where the
     * text is anything else.
     */
    static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.skipBlanks();
        if (json.at < text.length()) throw json.wrong("the end");
        return value;
    }

    static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < ' ') out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            else out.append(c);
        }
        return out.append('"').toString();
    }

    /** With up to four digits after the point. */
    static String number(double value) {
        if (!Double.isFinite(value)) throw new IllegalArgumentException("no number: " + value);
        String text = String.format(Locale.ROOT, "%.4f", value);
        return text.replaceAll("\\.?0+$", "");
    }

    private Object value() {
        skipBlanks();
        char c = peek();
        if (c == '{') return object();
        if (c == '[') return array();
        if (c == '"') return string();
        return number();
    }

    private Map<String, Object> object() {
        Map<String, Object> object = new LinkedHashMap<>();
        expect('{');
        if (next('}')) return object;
        do {
            skipBlanks();
            String name = string();
            expect(':');
            object.put(name, value());
        } while (next(','));
        expect('}');
        return object;
    }

    private List<Object> array() {
        List<Object> array = new ArrayList<>();
        expect('[');
        if (next(']')) return array;
        do {
            array.add(value());
        } while (next(','));
        expect(']');
        return array;
    }

    private String string() {
        expect('"');
        StringBuilder out = new StringBuilder();
        while (peek() != '"') {
            char c = text.charAt(at++);
            out.append(c == '\\' ? escaped() : c);
        }
        at++;
        return out.toString();
    }

    private char escaped() {
        char c = peek();
        at++;
        if (c == '"' || c == '\\' || c == '/') return c;
        if (c == 'n') return '\n';
        if (c == 't') return '\t';
        if (c != 'u' || at + 4 > text.length()) throw wrong("an escape");
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
    }

    private double number() {
        int begin = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
        try {
            return Double.parseDouble(text.substring(begin, at));
        } catch (NumberFormatException e) {
            throw wrong("a value");
        }
    }

    private void skipBlanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
    }

    private char peek() {
        if (at == text.length()) throw wrong("more");
        return text.charAt(at);
    }

    private boolean next(char c) {
        skipBlanks();
        if (peek() != c) return false;
        at++;
        return true;
    }

    private void expect(char c) {
        skipBlanks();
        if (peek() != c) throw wrong("'" + c + "'");
        at++;
    }

    private IllegalArgumentException wrong(String expected) {
        return new IllegalArgumentException("expected " + expected + " at character " + at);
    }
}
