package io.quorate.engine.node;

import java.util.Optional;

/** How JSON Web Tokens may be signed (SE-103, RFC 7518 and RFC 8037), by the names of the JDK. */
enum JwtMethod {
    RS256("RS256", Family.RSA, "SHA256withRSA", 0),
    RS384("RS384", Family.RSA, "SHA384withRSA", 0),
    RS512("RS512", Family.RSA, "SHA512withRSA", 0),
    PS256("PS256", Family.RSA_PSS, "SHA-256", 32),
    PS384("PS384", Family.RSA_PSS, "SHA-384", 48),
    PS512("PS512", Family.RSA_PSS, "SHA-512", 64),
    ES256("ES256", Family.EC, "SHA256withECDSAinP1363Format", 256),
    ES384("ES384", Family.EC, "SHA384withECDSAinP1363Format", 384),
    ES512("ES512", Family.EC, "SHA512withECDSAinP1363Format", 521),
    EDDSA("EdDSA", Family.ED, "Ed25519", 0),
    HS256("HS256", Family.HMAC, "HmacSHA256", 0),
    HS384("HS384", Family.HMAC, "HmacSHA384", 0),
    HS512("HS512", Family.HMAC, "HmacSHA512", 0);

    enum Family {
        RSA("RSA"),
        RSA_PSS("RSA"),
        EC("EC"),
        ED("Ed25519"),
        HMAC("");

        /** The JDK's name of the keys. */
        final String keys;

        Family(String keys) {
            this.keys = keys;
        }
    }

    /** As it stands in the flag and in the header of a token. */
    final String title;

    final Family family;

    /** Of the signature; for PSS that of the digest. */
    final String algorithm;

    /** Bits of the curve; for PSS bytes of the salt. */
    final int size;

    JwtMethod(String title, Family family, String algorithm, int size) {
        this.title = title;
        this.family = family;
        this.algorithm = algorithm;
        this.size = size;
    }

    static Optional<JwtMethod> of(String title) {
        for (JwtMethod method : values()) {
            if (method.title.equals(title)) {
                return Optional.of(method);
            }
        }
        return Optional.empty();
    }
}
