package io.quorate.api.json;

/**
 * Finds where a JSON value ends, and complains in the words of Go's encoding/json. Looks at bytes
 * as characters of a string; does not decode.
 */
final class JsonScanner {
    /** The API nests a few levels; deeper than this is an error, so that recursion ends. */
    private static final int MAX_DEPTH = 1_000;

    private final String text;
    private int at;

    private JsonScanner(String text, int at) {
        this.text = text;
        this.at = at;
    }

    /** The position after white space at {@code from}. */
    static int skipSpace(String text, int from) {
        int at = from;
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
    }

    /**
     * The position after the value that begins at {@code from}, which is not white space.
     *
     * @throws JsonException when no value stands there
     */
    static int endOfValue(String text, int from) throws JsonException {
        JsonScanner scanner = new JsonScanner(text, from);
        scanner.value(0);
        return scanner.at;
    }

    private void value(int depth) throws JsonException {
        if (depth > MAX_DEPTH) {
            throw new JsonException("exceeded max depth");
        }
        char c = peek();
        switch (c) {
            case '{' -> object(depth);
            case '[' -> array(depth);
            case '"' -> string();
            case 't' -> literal("true");
            case 'f' -> literal("false");
            case 'n' -> literal("null");
            default -> {
                if (c == '-' || c >= '0' && c <= '9') {
                    number();
                } else {
                    throw invalid("looking for beginning of value");
                }
            }
        }
    }

    private void object(int depth) throws JsonException {
        at++;
        space();
        if (peek() == '}') {
            at++;
            return;
        }
        while (true) {
            if (peek() != '"') {
                throw invalid("looking for beginning of object key string");
            }
            string();
            space();
            if (peek() != ':') {
                throw invalid("after object key");
            }
            at++;
            space();
            value(depth + 1);
            space();
            char c = peek();
            at++;
            if (c == '}') {
                return;
            }
            if (c != ',') {
                at--;
                throw invalid("after object key:value pair");
            }
            space();
        }
    }

    private void array(int depth) throws JsonException {
        at++;
        space();
        if (peek() == ']') {
            at++;
            return;
        }
        while (true) {
            value(depth + 1);
            space();
            char c = peek();
            at++;
            if (c == ']') {
                return;
            }
            if (c != ',') {
                at--;
                throw invalid("after array element");
            }
            space();
        }
    }

    private void string() throws JsonException {
        at++;
        while (true) {
            char c = peek();
            if (c < ' ') {
                throw invalid("in string literal");
            }
            at++;
            if (c == '"') {
                return;
            }
            if (c == '\\') {
                escape();
            }
        }
    }

    private void escape() throws JsonException {
        char c = peek();
        if ("\"\\/bfnrt".indexOf(c) >= 0) {
            at++;
        } else if (c == 'u') {
            at++;
            for (int i = 0; i < 4; i++, at++) {
                if (Character.digit(peek(), 16) < 0) {
                    throw invalid("in \\u hexadecimal character escape");
                }
            }
        } else {
            throw invalid("in string escape code");
        }
    }

    private void number() throws JsonException {
        if (peek() == '-') {
            at++;
        }
        if (peek() == '0') {
            at++;
        } else {
            digits("in numeric literal");
        }
        if (at < text.length() && text.charAt(at) == '.') {
            at++;
            digits("after decimal point in numeric literal");
        }
        if (at < text.length() && (text.charAt(at) | 32) == 'e') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
            digits("in exponent of numeric literal");
        }
    }

    private void digits(String where) throws JsonException {
        if (!isDigit(peek())) {
            throw invalid(where);
        }
        while (at < text.length() && isDigit(text.charAt(at))) {
            at++;
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private void literal(String word) throws JsonException {
        for (int i = 0; i < word.length(); i++, at++) {
            if (peek() != word.charAt(i)) {
                throw invalid("in literal " + word + " (expecting '" + word.charAt(i) + "')");
            }
        }
    }

    private void space() {
        at = skipSpace(text, at);
    }

    private char peek() throws JsonException {
        if (at >= text.length()) {
            throw new JsonException("unexpected EOF");
        }
        return text.charAt(at);
    }

    private JsonException invalid(String where) {
        char c = text.charAt(at);
        String quoted =
                switch (c) {
                    case '\'' -> "'\\''";
                    case '"' -> "'\"'";
                    case '\n' -> "'\\n'";
                    case '\t' -> "'\\t'";
                    case '\r' -> "'\\r'";
                    default -> c < ' ' ? "'\\x%02x'".formatted((int) c) : "'" + c + "'";
                };
        return new JsonException("invalid character " + quoted + " " + where);
    }
}
