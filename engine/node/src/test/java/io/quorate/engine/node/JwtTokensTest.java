package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.Caller;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Result;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** JSON Web Tokens, made and checked. */
class JwtTokensTest {
    private static final byte[] NONE = {};
    private static final Duration TTL = Duration.ofMinutes(5);
    private static final Map<JwtMethod, Pair> PAIRS = new EnumMap<>(JwtMethod.class);

    private Instant now = Instant.ofEpochSecond(1_000_000_000);

    private record Pair(byte[] privateKey, byte[] publicKey) {}

    private static Pair pair(JwtMethod method) {
        return PAIRS.computeIfAbsent(method, JwtTokensTest::generate);
    }

    private static Pair generate(JwtMethod method) {
        if (method.family == JwtMethod.Family.HMAC) {
            return new Pair(utf8("secret of " + method), NONE);
        }
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(method.family.keys);
            if (method.family == JwtMethod.Family.EC) {
                generator.initialize(new ECGenParameterSpec("secp" + method.size + "r1"));
            }
            KeyPair pair = generator.generateKeyPair();
            return new Pair(
                    pem("PRIVATE KEY", pair.getPrivate().getEncoded()),
                    pem("PUBLIC KEY", pair.getPublic().getEncoded()));
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] pem(String title, byte[] der) {
        String text = Base64.getMimeEncoder(64, utf8("\n")).encodeToString(der);
        return utf8("-----BEGIN " + title + "-----\n" + text + "\n-----END " + title + "-----\n");
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private JwtTokens tokens(JwtMethod method, byte[] privateKey, byte[] publicKey) {
        return new JwtTokens(JwtKeys.of(method, privateKey, publicKey), TTL, () -> now);
    }

    private static String give(JwtTokens tokens, String user) {
        return tokens.token(user, tokens.prefix(), new Result.Authenticated(1, 42, 7));
    }

    @ParameterizedTest
    @EnumSource
    @Tag("SE-102")
    @Tag("SE-103")
    void whoHasTheKeyKnowsWhoseTokenItIs(JwtMethod method) {
        Pair pair = pair(method);
        JwtTokens signer = tokens(method, pair.privateKey, NONE);
        String token = give(signer, "ü\"\\");
        Caller caller = new Caller("ü\"\\", 42);
        assertEquals(Optional.of(caller), signer.caller(token, 99));
        if (pair.publicKey.length > 0) {
            assertEquals(
                    Optional.of(caller),
                    tokens(method, pair.privateKey, pair.publicKey).caller(token, 99));
            JwtTokens reader = tokens(method, NONE, pair.publicKey);
            assertEquals(Optional.of(caller), reader.caller(token, 99));
            assertEquals(
                    EtcdError.VERIFY_ONLY,
                    assertThrows(EtcdException.class, () -> give(reader, "u")).error());
        }
        String[] parts = token.split("\\.");
        String other = give(signer, "root").split("\\.")[1];
        for (String forged :
                new String[] {
                    parts[0] + "." + other + "." + parts[2],
                    parts[0] + "." + parts[1] + ".",
                    parts[0] + "." + parts[1],
                    "." + parts[1] + "." + parts[2],
                    token + "x",
                    "",
                    "..",
                    encode("{\"alg\":\"none\"}") + "." + other + ".",
                }) {
            assertEquals(Optional.empty(), signer.caller(forged, 99), forged);
        }
    }

    private static String encode(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(utf8(text));
    }

    @Test
    @Tag("SE-102")
    void aTokenIsGoodUntilItsEnd() {
        JwtTokens tokens = tokens(JwtMethod.HS256, utf8("s"), NONE);
        String token = give(tokens, "u");
        assertEquals(
                "{\"exp\":1000000300,\"revision\":42,\"username\":\"u\"}",
                new String(
                        Base64.getUrlDecoder().decode(token.split("\\.")[1]),
                        StandardCharsets.UTF_8));
        now = now.plus(TTL).minusSeconds(1);
        assertTrue(tokens.caller(token, 42).isPresent());
        now = now.plusSeconds(1);
        assertFalse(tokens.caller(token, 42).isPresent());
    }

    /** Made by others, with claims of their own. */
    @Test
    void otherClaimsDoNotMatterAndMissingOnesDo() {
        assertEquals(
                Optional.of(new Caller("u", 3)),
                foreign(
                        "{\"a\":[1,{\"b\":null}], \"username\":\"u\" ,\"revision\":3.0,\"c\":true}"));
        for (String claims :
                new String[] {
                    "{\"username\":\"u\"}",
                    "{\"revision\":3}",
                    "{\"username\":1,\"revision\":3}",
                    "{\"username\":\"u\",\"revision\":\"3\"}",
                    "{\"username\":\"u\",\"revision\":3,\"exp\":1}",
                    "{\"username\":\"u\",\"revision\":3,\"nbf\":2000000000}",
                    "{\"username\":\"u\",\"revision\":3",
                    "{\"username\":\"u\",\"revision\":3}}",
                    "[]",
                    "",
                    "{\"username\":" + "[".repeat(10_000),
                }) {
            assertEquals(Optional.empty(), foreign(claims), claims);
        }
    }

    private Optional<Caller> foreign(String claims) {
        JwtKeys keys = JwtKeys.of(JwtMethod.HS512, utf8("s"), NONE);
        String signed = encode("{\"alg\":\"HS512\"}") + "." + encode(claims);
        String signature =
                Base64.getUrlEncoder().withoutPadding().encodeToString(keys.sign(utf8(signed)));
        return tokens(JwtMethod.HS512, utf8("s"), NONE).caller(signed + "." + signature, 3);
    }

    /** RFC 7515, appendix A.1; RFC 8037, appendix A.4. */
    @Test
    void signaturesAreThoseOfTheStandards() {
        Base64.Decoder base64 = Base64.getUrlDecoder();
        JwtKeys hmac =
                JwtKeys.of(
                        JwtMethod.HS256,
                        base64.decode(
                                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"
                                        + "PS4hcgUuTwjAzZr1Z9CAow"),
                        NONE);
        assertTrue(
                hmac.isSignature(
                        utf8(
                                "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJl"
                                        + "eHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y"
                                        + "b290Ijp0cnVlfQ"),
                        base64.decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")));
        byte[] head = {0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20};
        byte[] seed = base64.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        byte[] der = Arrays.copyOf(head, head.length + seed.length);
        System.arraycopy(seed, 0, der, head.length, seed.length);
        JwtKeys ed = JwtKeys.of(JwtMethod.EDDSA, pem("PRIVATE KEY", der), NONE);
        assertEquals(
                "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_M"
                        + "uM0KAg",
                Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(
                                ed.sign(
                                        utf8(
                                                "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNp"
                                                        + "Z25pbmc"))));
    }

    @Test
    @Tag("FL-76")
    void keysThatDoNotFitAreRefused(@TempDir Path folder) throws Exception {
        Pair one = pair(JwtMethod.RS256);
        Pair two = generate(JwtMethod.RS256);
        refused(
                "auth: public and private keys don't match",
                JwtMethod.RS256,
                one.privateKey,
                two.publicKey);
        refused("auth: missing key data", JwtMethod.RS256, NONE, NONE);
        refused("auth: missing key data", JwtMethod.HS256, NONE, one.publicKey);
        assertThrows(
                IllegalArgumentException.class,
                () -> JwtKeys.of(JwtMethod.ES384, pair(JwtMethod.ES256).privateKey, NONE));
        assertThrows(
                IllegalArgumentException.class,
                () -> JwtKeys.of(JwtMethod.RS256, utf8("no key"), NONE));
        assertThrows(
                IllegalArgumentException.class,
                () -> JwtKeys.of(JwtMethod.EDDSA, one.privateKey, NONE));

        Path file = Files.write(folder.resolve("key.pem"), one.privateKey);
        String flag = "jwt,sign-method=PS384,ttl=PT1M,priv-key=" + file;
        TokenKind kind = TokenKind.parse(flag, TTL, Duration::parse);
        assertEquals(Duration.ofMinutes(1), ((TokenKind.Jwt) kind).ttl());
    }

    private static void refused(
            String text, JwtMethod method, byte[] privateKey, byte[] publicKey) {
        var thrown =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> JwtKeys.of(method, privateKey, publicKey));
        assertEquals(text, thrown.getMessage());
    }

    /** As openssl wrote keys before PKCS #8. */
    @Test
    void olderFormsOfKeysAreReadToo() throws Exception {
        byte[] rsa = der(pair(JwtMethod.RS256).privateKey);
        byte[] ec = der(pair(JwtMethod.ES512).privateKey);
        JwtKeys.of(
                JwtMethod.RS256,
                pem("RSA PRIVATE KEY", inner(rsa)),
                pair(JwtMethod.RS256).publicKey);
        JwtKeys.of(
                JwtMethod.ES512, pem("EC PRIVATE KEY", inner(ec)), pair(JwtMethod.ES512).publicKey);
    }

    private static byte[] der(byte[] pem) {
        String text = new String(pem, StandardCharsets.US_ASCII);
        return Base64.getMimeDecoder().decode(text.replaceAll("-----[^-]*-----", ""));
    }

    /** The key in PKCS #8: what follows the version and the kind. */
    private static byte[] inner(byte[] pkcs8) {
        int at = skipHead(pkcs8, 0);
        at = skip(pkcs8, at);
        at = skip(pkcs8, at);
        return Arrays.copyOfRange(pkcs8, skipHead(pkcs8, at), skip(pkcs8, at));
    }

    private static int skipHead(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        return at + 2 + (length < 128 ? 0 : length - 128);
    }

    private static int skip(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        int length = first;
        if (first >= 128) {
            length = 0;
            for (int i = 0; i < first - 128; i++) {
                length = length << 8 | der[at + 2 + i] & 0xff;
            }
        }
        return skipHead(der, at) + length;
    }
}
