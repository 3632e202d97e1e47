package io.quorate.api.json;

import java.util.Base64;

/**
 * Writes JSON text without white space. Who calls it sees to names and values coming in turn;
 * commas are its business. Not thread-safe.
 */
public final class JsonWriter {
    private static final String HEX = "0123456789abcdef";

    private final StringBuilder out = new StringBuilder(256);
    private final boolean html;
    private boolean comma;

    private JsonWriter(boolean html) {
        this.html = html;
    }

    /** Escapes what Go's encoding/json escapes: also {@code < > &} and U+2028, U+2029. */
    public static JsonWriter likeGo() {
        return new JsonWriter(true);
    }

    /** Escapes what JSON demands. */
    public static JsonWriter plain() {
        return new JsonWriter(false);
    }

    public JsonWriter beginObject() {
        return begin('{');
    }

    public JsonWriter endObject() {
        return end('}');
    }

    public JsonWriter beginArray() {
        return begin('[');
    }

    public JsonWriter endArray() {
        return end(']');
    }

    private JsonWriter begin(char bracket) {
        separate();
        out.append(bracket);
        comma = false;
        return this;
    }

    private JsonWriter end(char bracket) {
        out.append(bracket);
        comma = true;
        return this;
    }

    /** The name of the next value. */
    public JsonWriter name(String name) {
        separate();
        quote(name);
        out.append(':');
        comma = false;
        return this;
    }

    public JsonWriter value(String text) {
        separate();
        quote(text);
        return this;
    }

    public JsonWriter value(long number) {
        separate();
        out.append(number);
        return this;
    }

    /** The number as an unsigned one. */
    public JsonWriter unsigned(long number) {
        separate();
        out.append(Long.toUnsignedString(number));
        return this;
    }

    public JsonWriter value(boolean truth) {
        separate();
        out.append(truth);
        return this;
    }

    /** Standard base64 with padding, in quotes. */
    public JsonWriter value(byte[] bytes) {
        separate();
        out.append('"').append(Base64.getEncoder().encodeToString(bytes)).append('"');
        return this;
    }

    public JsonWriter nullValue() {
        separate();
        out.append("null");
        return this;
    }

    private void separate() {
        if (comma) {
            out.append(',');
        }
        comma = true;
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '<', '>', '&', '\u2028', '\u2029' -> {
                    if (html) {
                        unicode(c);
                    } else {
                        out.append(c);
                    }
                }
                default -> {
                    if (c < ' ') {
                        unicode(c);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private void unicode(char c) {
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.append(HEX.charAt(c >> shift & 15));
        }
    }

    /** What was written so far. */
    @Override
    public String toString() {
        return out.toString();
    }
}
