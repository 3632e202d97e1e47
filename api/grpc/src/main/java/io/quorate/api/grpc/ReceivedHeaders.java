package io.quorate.api.grpc;

import java.util.ArrayList;
import java.util.List;

/**
 * A decoded header list, of a request, a response or trailers: pseudo headers apart, the rest in
 * order. Born empty, filled by {@link HpackDecoder}, then read only.
 */
final class ReceivedHeaders {
    private String method = "";
    private String scheme = "";
    private String path = "";
    private String authority = "";
    private String status = "";
    private final List<String> fields = new ArrayList<>(16);
    private boolean regularSeen;
    private boolean malformed;
    private boolean tooLarge;

    /** Takes one field, and notes when it breaks RFC 9113 §8.2 or §8.3. */
    void add(String name, String value) {
        if (name.isEmpty()) {
            malformed = true;
        } else if (name.charAt(0) == ':') {
            addPseudo(name, value);
        } else {
            regularSeen = true;
            malformed |= !validName(name) || connectionSpecific(name, value) || !validValue(value);
            fields.add(name);
            fields.add(value);
        }
    }

    private void addPseudo(String name, String value) {
        malformed |= regularSeen || value.isEmpty() && !name.equals(":authority");
        switch (name) {
            case ":method" -> method = once(method, value);
            case ":scheme" -> scheme = once(scheme, value);
            case ":path" -> path = once(path, value);
            case ":authority" -> authority = once(authority, value);
            case ":status" -> status = once(status, value);
            default -> malformed = true;
        }
    }

    private String once(String old, String value) {
        malformed |= !old.isEmpty();
        return value;
    }

    private static boolean validName(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' || c == ':') {
                return false;
            }
        }
        return true;
    }

    private static boolean validValue(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == 0 || c == '\r' || c == '\n') {
                return false;
            }
        }
        return true;
    }

    private static boolean connectionSpecific(String name, String value) {
        return switch (name) {
            case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade" ->
                    true;
            case "te" -> !value.equals("trailers");
            default -> false;
        };
    }

    /** The list went over the limit; what is here is only its beginning. */
    void markTooLarge() {
        tooLarge = true;
    }

    boolean tooLarge() {
        return tooLarge;
    }

    /** True when the request must be answered by a stream error PROTOCOL_ERROR. */
    boolean malformed() {
        return malformed
                || method.isEmpty()
                || path.isEmpty()
                || scheme.isEmpty()
                || !status.isEmpty();
    }

    /** True when this is neither the head of a response nor trailers. */
    boolean malformedResponse() {
        return malformed || !method.isEmpty() || !path.isEmpty() || !scheme.isEmpty();
    }

    /** The {@code :status} of a response; empty in trailers. */
    String status() {
        return status;
    }

    String method() {
        return method;
    }

    String path() {
        return path;
    }

    String authority() {
        return authority;
    }

    int size() {
        return fields.size() / 2;
    }

    String name(int i) {
        return fields.get(2 * i);
    }

    String value(int i) {
        return fields.get(2 * i + 1);
    }

    /** The first value of a header, or the empty string. */
    String first(String name) {
        for (int i = 0; i < fields.size(); i += 2) {
            if (fields.get(i).equals(name)) {
                return fields.get(i + 1);
            }
        }
        return "";
    }

    /** True for what gRPC over HTTP/2 calls a request: POST with a content-type of its family. */
    boolean grpc() {
        return method.equals("POST") && grpcContentType();
    }

    boolean grpcContentType() {
        String type = first("content-type");
        if (!type.startsWith("application/grpc")) {
            return false;
        }
        int n = "application/grpc".length();
        return type.length() == n || type.charAt(n) == '+' || type.charAt(n) == ';';
    }
}
