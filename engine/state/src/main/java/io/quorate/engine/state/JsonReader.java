package io.quorate.engine.state;

/**
 * Reads a JSON text (RFC 8259) from its start to its end, a name or value at a time; who calls it
 * knows what may come:
 *
 * <pre>
 * for (boolean more = json.beginObject(); more; more = json.moreFields()) {
 *     switch (json.name()) {
 *         case "id" -&gt; id = json.word();
 *         default -&gt; json.skip();
 *     }
 * }
 * json.end();
 * </pre>
 *
 * All methods throw an {@link IllegalArgumentException} when something else comes. Not thread-safe.
 */
public final class JsonReader {
    /** So that a hostile text does not use up the stack. */
    private static final int DEPTH_MAX = 50;

    private final String text;
    private int at;

    public JsonReader(String text) {
        this.text = text;
    }

    /** What a value is. */
    public enum Kind {
        OBJECT,
        ARRAY,
        TEXT,
        /** A number, true, false or null. */
        WORD
    }

    /** What comes next, which is a value. */
    public Kind kind() {
        return switch (peek()) {
            case '{' -> Kind.OBJECT;
            case '[' -> Kind.ARRAY;
            case '"' -> Kind.TEXT;
            default -> Kind.WORD;
        };
    }

    /** Goes into an object; whether it has a field. */
    public boolean beginObject() {
        expect('{');
        return !accept('}');
    }

    /** After the value of a field: whether there is another one. */
    public boolean moreFields() {
        return more('}');
    }

    /** The name of a field. */
    public String name() {
        String name = text();
        expect(':');
        return name;
    }

    /** Goes into an array; whether it has an element. */
    public boolean beginArray() {
        expect('[');
        return !accept(']');
    }

    /** After an element: whether there is another one. */
    public boolean moreElements() {
        return more(']');
    }

    /** A text, without its quotes and escapes. */
    public String text() {
        expect('"');
        StringBuilder read = new StringBuilder();
        for (char c = take(); c != '"'; c = take()) {
            read.append(c == '\\' ? escaped() : c);
        }
        return read.toString();
    }

    private char escaped() {
        char c = take();
        return switch (c) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int from = at;
                at += 4;
                if (at > text.length()) throw unlike("four digits");
                yield (char) Integer.parseInt(text, from, at, 16);
            }
            case '"', '\\', '/' -> c;
            default -> throw unlike("an escape");
        };
    }

    /** A number, true, false or null, as it stands there. */
    public String word() {
        peek();
        int start = at;
        while (at < text.length() && ",]}\"[{: \t\r\n".indexOf(text.charAt(at)) < 0) at++;
        if (at == start) throw unlike("a value");
        return text.substring(start, at);
    }

    /** Passes over a value. */
    public void skip() {
        skip(0);
    }

    private void skip(int depth) {
        if (depth > DEPTH_MAX) throw unlike("less depth");
        switch (kind()) {
            case OBJECT -> {
                for (boolean more = beginObject(); more; more = moreFields()) {
                    name();
                    skip(depth + 1);
                }
            }
            case ARRAY -> {
                for (boolean more = beginArray(); more; more = moreElements()) skip(depth + 1);
            }
            case TEXT -> text();
            case WORD -> word();
        }
    }

    /** Nothing may come any more. */
    public void end() {
        if (!text.substring(at).isBlank()) throw unlike("the end");
    }

    private boolean more(char end) {
        if (accept(end)) return false;
        expect(',');
        return true;
    }

    private char take() {
        if (at == text.length()) throw unlike("more");
        return text.charAt(at++);
    }

    private char peek() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
        if (at == text.length()) throw unlike("more");
        return text.charAt(at);
    }

    private boolean accept(char wanted) {
        if (peek() != wanted) return false;
        at++;
        return true;
    }

    private void expect(char wanted) {
        if (!accept(wanted)) throw unlike("'" + wanted + "'");
    }

    private IllegalArgumentException unlike(String wanted) {
        return new IllegalArgumentException("not JSON: " + wanted + " expected at character " + at);
    }
}
