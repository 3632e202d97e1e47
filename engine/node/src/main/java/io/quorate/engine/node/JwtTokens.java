package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.Caller;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.JsonReader;
import io.quorate.engine.state.MemberJson;
import io.quorate.engine.state.Result;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * JSON Web Tokens (SE-102, RFC 7519): who has the key can tell whose token it is, without having
 * heard of it. They carry the auth revision, so every change of users and roles ends them; nothing
 * else does before their time.
 */
final class JwtTokens implements Tokens {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();
    private static final Base64.Decoder DECODER = Base64.getUrlDecoder();

    private static final Set<String> NO_NUMBERS = Set.of("true", "false", "null");

    private final JwtKeys keys;
    private final Duration ttl;
    private final InstantSource wallClock;

    JwtTokens(JwtKeys keys, Duration ttl, InstantSource wallClock) {
        this.keys = keys;
        this.ttl = ttl;
        this.wallClock = wallClock;
    }

    @Override
    public String prefix() {
        return "";
    }

    @Override
    public void assigned(String user, String prefix, Result.Authenticated result) {
        // Nothing has to be known to check one.
    }

    @Override
    public String token(String user, String prefix, Result.Authenticated result) {
        if (!keys.canSign()) {
            throw EtcdError.VERIFY_ONLY.exception();
        }
        long end = wallClock.instant().plus(ttl).getEpochSecond();
        String head = "{\"alg\":\"" + keys.method().title + "\",\"typ\":\"JWT\"}";
        String claims =
                "{\"exp\":%d,\"revision\":%s,\"username\":%s}"
                        .formatted(
                                end,
                                Long.toUnsignedString(result.authRevision()),
                                MemberJson.quote(user));
        String signed = encode(utf8(head)) + "." + encode(utf8(claims));
        return signed + "." + encode(keys.sign(utf8(signed)));
    }

    private static String encode(byte[] bytes) {
        return ENCODER.encodeToString(bytes);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public OptionalLong index(String token) {
        return OptionalLong.of(0);
    }

    @Override
    public Optional<Caller> caller(String token, long authRevision) {
        try {
            return Optional.of(caller(token));
        } catch (IllegalArgumentException e) {
            LOGGER.log(
                    WARNING,
                    "failed to parse a JWT token",
                    Fields.of("error", String.valueOf(e.getMessage())));
            return Optional.empty();
        }
    }

    private Caller caller(String token) {
        String[] parts = token.split("\\.", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException(
                    "token is malformed: token contains an invalid number of segments");
        }
        Map<String, Object> head = json(parts[0]);
        if (!keys.method().title.equals(head.get("alg"))) {
            throw new IllegalArgumentException("invalid signing method");
        }
        byte[] signed = utf8(parts[0] + "." + parts[1]);
        if (!keys.isSignature(signed, DECODER.decode(parts[2]))) {
            throw new IllegalArgumentException("token signature is invalid");
        }
        Map<String, Object> claims = json(parts[1]);
        long now = wallClock.instant().getEpochSecond();
        if (claims.get("exp") instanceof Double end && now >= end) {
            throw new IllegalArgumentException("token has invalid claims: token is expired");
        }
        if (claims.get("nbf") instanceof Double begin && now < begin) {
            throw new IllegalArgumentException("token has invalid claims: token is not valid yet");
        }
        if (!(claims.get("username") instanceof String user)) {
            throw new IllegalArgumentException("failed to obtain user claims from jwt token");
        }
        if (!(claims.get("revision") instanceof Double revision)) {
            throw new IllegalArgumentException("failed to obtain revision claims from jwt token");
        }
        return new Caller(user, revision.longValue());
    }

    private static Map<String, Object> json(String part) {
        String text = new String(DECODER.decode(part), StandardCharsets.UTF_8);
        try {
            return fields(new JsonReader(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("token is malformed: not a JSON object", e);
        }
    }

    /** Texts as String, numbers as Double, no others; of two of one name the later one counts. */
    private static Map<String, Object> fields(JsonReader json) {
        Map<String, Object> fields = new HashMap<>();
        for (boolean more = json.beginObject(); more; more = json.moreFields()) {
            String name = json.name();
            fields.remove(name);
            switch (json.kind()) {
                case TEXT -> fields.put(name, json.text());
                case WORD -> {
                    String word = json.word();
                    if (!NO_NUMBERS.contains(word)) {
                        fields.put(name, Double.valueOf(word));
                    }
                }
                case OBJECT, ARRAY -> json.skip();
            }
        }
        json.end();
        return fields;
    }

    @Override
    public void drop(String user) {
        // Its revision is old by then.
    }

    @Override
    public void dropAll() {
        // As above; and while auth is off nobody looks.
    }

    @Override
    public void purge() {
        // There is nothing to forget.
    }
}
