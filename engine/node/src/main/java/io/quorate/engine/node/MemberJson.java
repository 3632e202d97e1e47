package io.quorate.engine.node;

import io.quorate.engine.state.Member;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A member as the context of a membership change in the log, in etcd's JSON: {@code
 * {"id":1,"peerURLs":["…"],"isLearner":true,"name":"…","clientURLs":["…"]}}, where all but the
 * first two are left out when empty. Unknown fields are skipped, as etcd does; it adds {@code
 * isPromote} when a member joins at run time.
 */
final class MemberJson {
    private final String text;
    private int at;

    private MemberJson(String text) {
        this.text = text;
    }

    static byte[] encode(Member member) {
        StringBuilder out = new StringBuilder("{\"id\":");
        out.append(Long.toUnsignedString(member.id())).append(",\"peerURLs\":");
        strings(out, member.peerUrls());
        if (member.learner()) {
            out.append(",\"isLearner\":true");
        }
        if (!member.name().isEmpty()) {
            out.append(",\"name\":");
            string(out, member.name());
        }
        if (!member.clientUrls().isEmpty()) {
            out.append(",\"clientURLs\":");
            strings(out, member.clientUrls());
        }
        return out.append('}').toString().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * @throws IllegalArgumentException when this is not a member
     */
    static Member decode(byte[] json) {
        MemberJson parser = new MemberJson(new String(json, StandardCharsets.UTF_8));
        if (!(parser.value() instanceof Map<?, ?> fields)
                || !(fields.get("id") instanceof String id)) {
            throw parser.bad("an object with an id");
        }
        return new Member(
                Long.parseUnsignedLong(id),
                fields.get("name") instanceof String name ? name : "",
                stringList(fields.get("peerURLs")),
                stringList(fields.get("clientURLs")),
                Boolean.TRUE.equals(fields.get("isLearner")));
    }

    private static void strings(StringBuilder out, List<String> values) {
        out.append('[');
        for (int i = 0; i < values.size(); i++) {
            if (i > 0) {
                out.append(',');
            }
            string(out, values.get(i));
        }
        out.append(']');
    }

    private static void string(StringBuilder out, String value) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private static List<String> stringList(Object value) {
        return value instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    // Objects as maps, arrays as lists, numbers as the text they are written in, null as "".
    private Object value() {
        char c = peek();
        if (c == '{') {
            return object();
        }
        if (c == '[') {
            return array();
        }
        if (c == '"') {
            return quoted();
        }
        String word = word();
        return switch (word) {
            case "true" -> true;
            case "false" -> false;
            case "null" -> "";
            default -> word;
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> fields = new LinkedHashMap<>();
        at++;
        while (peek() != '}') {
            String name = quoted();
            expect(':');
            fields.put(name, value());
            if (peek() == ',') {
                at++;
            }
        }
        at++;
        return fields;
    }

    private List<Object> array() {
        List<Object> items = new ArrayList<>();
        at++;
        while (peek() != ']') {
            items.add(value());
            if (peek() == ',') {
                at++;
            }
        }
        at++;
        return items;
    }

    private String quoted() {
        expect('"');
        StringBuilder out = new StringBuilder();
        for (char c = next(); c != '"'; c = next()) {
            out.append(c == '\\' ? escaped(next()) : c);
        }
        return out.toString();
    }

    private char escaped(char c) {
        return switch (c) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'u' -> {
                at += 4;
                if (at > text.length()) {
                    throw bad("four hexadecimal digits");
                }
                yield (char) Integer.parseInt(text.substring(at - 4, at), 16);
            }
            default -> c;
        };
    }

    private String word() {
        int start = at;
        while (at < text.length() && ",]} \n\t\r".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        if (start == at) {
            throw bad("a value");
        }
        return text.substring(start, at);
    }

    private void expect(char c) {
        if (peek() != c) {
            throw bad("'" + c + "'");
        }
        at++;
    }

    private char peek() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        if (at == text.length()) {
            throw bad("more");
        }
        return text.charAt(at);
    }

    private char next() {
        if (at == text.length()) {
            throw bad("more");
        }
        return text.charAt(at++);
    }

    private IllegalArgumentException bad(String expected) {
        return new IllegalArgumentException(
                "expected " + expected + " at position " + at + " of the member " + text);
    }
}
