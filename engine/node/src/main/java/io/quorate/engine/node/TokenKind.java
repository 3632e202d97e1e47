package io.quorate.engine.node;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** What tokens a member gives to users who have shown their password (FL-76). */
public sealed interface TokenKind {
    /** etcd's default (SE-100). */
    TokenKind DEFAULT = new Simple(Duration.ofMinutes(5));

    /**
     * Random letters that each member keeps in the heap.
     *
     * @param ttl how long one lives without being used, more than 0
     */
    record Simple(Duration ttl) implements TokenKind {}

    /** No token is ever good: users can show who they are in no way. */
    record None() implements TokenKind {}

    /**
     * Reads {@code --auth-token}: a kind, then its options as {@code name=value}, with commas
     * between them.
     *
     * @param simpleTtl life of simple tokens; zero for the default
     * @throws IllegalArgumentException with etcd's words when it is none of these
     */
    static TokenKind parse(String text, Duration simpleTtl) {
        String[] parts = text.split(",", -1);
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", -1);
            if (pair.length != 2 || options.put(pair[0], pair[1]) != null) {
                throw new IllegalArgumentException("auth: invalid auth options");
            }
        }
        return switch (parts[0]) {
            case "simple" -> simpleTtl.isZero() ? DEFAULT : new Simple(simpleTtl);
            case "" -> new None();
            default -> throw new IllegalArgumentException("auth: invalid auth options");
        };
    }
}
