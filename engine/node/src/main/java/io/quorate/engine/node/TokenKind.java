package io.quorate.engine.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** What tokens a member gives to users who have shown their password (FL-76). */
public sealed interface TokenKind {
    /** etcd's words for a flag that it does not understand. */
    String INVALID = "auth: invalid auth options";

    /** etcd's default (SE-100). */
    TokenKind DEFAULT = new Simple(Duration.ofMinutes(5));

    /**
     * Random letters that each member keeps in the heap.
     *
     * @param ttl how long one lives without being used, more than 0
     */
    record Simple(Duration ttl) implements TokenKind {}

    /**
     * JSON Web Tokens, which every member with the key can check (SE-102).
     *
     * @param method how they are signed (SE-103)
     * @param privateKey in PEM, any bytes for HMAC; empty for a member that only checks them
     * @param publicKey in PEM; may be empty where the private key tells it
     * @param ttl how long one is good
     */
    record Jwt(String method, byte[] privateKey, byte[] publicKey, Duration ttl)
            implements TokenKind {
        private static final Duration DEFAULT_TTL = Duration.ofMinutes(5);

        /**
         * @throws IllegalArgumentException when the keys are not what the method needs
         */
        public Jwt {
            keys(method, privateKey, publicKey);
        }

        JwtKeys keys() {
            return keys(method, privateKey, publicKey);
        }

        private static JwtKeys keys(String method, byte[] privateKey, byte[] publicKey) {
            JwtMethod known =
                    JwtMethod.of(method).orElseThrow(() -> new IllegalArgumentException(INVALID));
            return JwtKeys.of(known, privateKey, publicKey);
        }

        private static Jwt of(Map<String, String> options, Function<String, Duration> durations) {
            try {
                String ttl = options.getOrDefault("ttl", "");
                return new Jwt(
                        options.getOrDefault("sign-method", ""),
                        file(options.get("priv-key")),
                        file(options.get("pub-key")),
                        ttl.isEmpty() ? DEFAULT_TTL : durations.apply(ttl));
            } catch (IOException e) {
                throw new IllegalArgumentException(INVALID + ": cannot read " + e.getMessage(), e);
            }
        }

        private static byte[] file(String path) throws IOException {
            return path == null || path.isEmpty() ? new byte[0] : Files.readAllBytes(Path.of(path));
        }
    }

    /** No token is ever good: users can show who they are in no way. */
    record None() implements TokenKind {}

    /**
     * Reads {@code --auth-token}: a kind, then its options as {@code name=value}, with commas
     * between them.
     *
     * @param simpleTtl life of simple tokens; zero for the default
     * @param durations reads a duration as Go writes it; throws IllegalArgumentException
     * @throws IllegalArgumentException in etcd's words when it is none of these, or with what is
     *     wrong with a key
     */
    static TokenKind parse(String text, Duration simpleTtl, Function<String, Duration> durations) {
        String[] parts = text.split(",", -1);
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", -1);
            if (pair.length != 2 || options.put(pair[0], pair[1]) != null) {
                throw new IllegalArgumentException(INVALID);
            }
        }
        return switch (parts[0]) {
            case "simple" -> simpleTtl.isZero() ? DEFAULT : new Simple(simpleTtl);
            case "" -> new None();
            case "jwt" -> Jwt.of(options, durations);
            default -> throw new IllegalArgumentException(INVALID);
        };
    }
}
