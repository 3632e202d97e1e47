package io.quorate.engine.node;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys of tokens: signs with the private one if there is one, checks with the public one, which
 * follows from the private one if it is not given. Any thread.
 */
final class JwtKeys {
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

    /** DER of what stands before a key of RSA, and of EC on each curve, in PKCS #8 and X.509. */
    private static final byte[] RSA_ID = HexFormat.of().parseHex("300d06092a864886f70d0101010500");

    private final JwtMethod method;
    private final Optional<Key> signing;
    private final Key checking;

    private JwtKeys(JwtMethod method, Optional<Key> signing, Key checking) {
        this.method = method;
        this.signing = signing;
        this.checking = checking;
    }

    /**
     * @param privateKey PEM, or any bytes for HMAC; empty for none
     * @param publicKey PEM; empty for none
     * @throws IllegalArgumentException when there is no key, they are not what the method needs, or
     *     they do not belong together; in etcd's words where it has some
     */
    static JwtKeys of(JwtMethod method, byte[] privateKey, byte[] publicKey) {
        try {
            return method.family == JwtMethod.Family.HMAC
                    ? secret(method, privateKey)
                    : pair(method, privateKey, publicKey);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "a key of --auth-token is not one for " + method.title + ": " + e.getMessage(),
                    e);
        }
    }

    private static JwtKeys secret(JwtMethod method, byte[] bytes) {
        if (bytes.length == 0) {
            throw new IllegalArgumentException("auth: missing key data");
        }
        Key key = new SecretKeySpec(bytes, method.algorithm);
        return new JwtKeys(method, Optional.of(key), key);
    }

    private static JwtKeys pair(JwtMethod method, byte[] privateKey, byte[] publicKey)
            throws GeneralSecurityException {
        Optional<PrivateKey> own =
                privateKey.length == 0
                        ? Optional.empty()
                        : Optional.of(privateKey(method, privateKey));
        Optional<PublicKey> given =
                publicKey.length == 0
                        ? Optional.empty()
                        : Optional.of(publicKey(method, publicKey));
        if (own.isEmpty() && given.isEmpty()) {
            throw new IllegalArgumentException("auth: missing key data");
        }
        PublicKey checking = given.isPresent() ? given.get() : publicOf(own.get());
        for (Object key : new Object[] {own.orElse(null), checking}) {
            boolean otherCurve =
                    key instanceof ECKey ec && ec.getParams().getOrder().bitLength() != method.size;
            if (otherCurve) {
                throw new GeneralSecurityException("it is on another curve");
            }
        }
        JwtKeys keys = new JwtKeys(method, own.map(key -> key), checking);
        byte[] probe = {1};
        if (own.isPresent() && !keys.isSignature(probe, keys.sign(probe))) {
            throw new IllegalArgumentException("auth: public and private keys don't match");
        }
        return keys;
    }

    JwtMethod method() {
        return method;
    }

    boolean canSign() {
        return signing.isPresent();
    }

    /** The signature of something; only with a private key. */
    byte[] sign(byte[] data) {
        Key key = signing.orElseThrow();
        try {
            if (method.family == JwtMethod.Family.HMAC) {
                return mac(key, data);
            }
            Signature signature = signature();
            signature.initSign((PrivateKey) key);
            signature.update(data);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the key of --auth-token cannot sign", e);
        }
    }

    /** Whether it is the signature of something. */
    boolean isSignature(byte[] data, byte[] claimed) {
        try {
            if (method.family == JwtMethod.Family.HMAC) {
                return MessageDigest.isEqual(mac(checking, data), claimed);
            }
            Signature signature = signature();
            signature.initVerify((PublicKey) checking);
            signature.update(data);
            return signature.verify(claimed);
        } catch (GeneralSecurityException notOfThisForm) {
            return false;
        }
    }

    private byte[] mac(Key key, byte[] data) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(method.algorithm);
        mac.init(key);
        return mac.doFinal(data);
    }

    private Signature signature() throws GeneralSecurityException {
        if (method.family != JwtMethod.Family.RSA_PSS) {
            return Signature.getInstance(method.algorithm);
        }
        Signature signature = Signature.getInstance("RSASSA-PSS");
        signature.setParameter(
                new PSSParameterSpec(
                        method.algorithm,
                        "MGF1",
                        new MGF1ParameterSpec(method.algorithm),
                        method.size,
                        PSSParameterSpec.TRAILER_FIELD_BC));
        return signature;
    }

    // ---- files

    private record Block(String title, byte[] der) {}

    private static Block pem(byte[] file) throws GeneralSecurityException {
        Matcher block = PEM.matcher(new String(file, StandardCharsets.ISO_8859_1));
        if (!block.find()) {
            throw new GeneralSecurityException("no PEM block in the file");
        }
        try {
            String base64 = block.group(2).replaceAll("\\s", "");
            return new Block(block.group(1), Base64.getDecoder().decode(base64));
        } catch (IllegalArgumentException e) {
            throw new GeneralSecurityException("the PEM block is not base64", e);
        }
    }

    private static PrivateKey privateKey(JwtMethod method, byte[] file)
            throws GeneralSecurityException {
        Block block = pem(file);
        byte[] der =
                switch (block.title) {
                    case "RSA PRIVATE KEY" -> pkcs8(RSA_ID, block.der);
                    case "EC PRIVATE KEY" -> pkcs8(curveId(method), block.der);
                    default -> block.der;
                };
        return KeyFactory.getInstance(method.family.keys)
                .generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static PublicKey publicKey(JwtMethod method, byte[] file)
            throws GeneralSecurityException {
        Block block = pem(file);
        if (block.title.equals("CERTIFICATE")) {
            var in = new java.io.ByteArrayInputStream(block.der);
            return CertificateFactory.getInstance("X.509").generateCertificate(in).getPublicKey();
        }
        byte[] der =
                block.title.equals("RSA PUBLIC KEY")
                        ? der(0x30, RSA_ID, der(0x03, new byte[1], block.der))
                        : block.der;
        return KeyFactory.getInstance(method.family.keys)
                .generatePublic(new X509EncodedKeySpec(der));
    }

    /** RFC 5208: version 0, the kind of key, and the key. */
    private static byte[] pkcs8(byte[] kind, byte[] key) {
        return der(0x30, new byte[] {2, 1, 0}, kind, der(0x04, key));
    }

    private static byte[] curveId(JwtMethod method) {
        String curve =
                switch (method.size) {
                    case 256 -> "06082a8648ce3d030107";
                    case 384 -> "06052b81040022";
                    default -> "06052b81040023";
                };
        HexFormat hex = HexFormat.of();
        return der(0x30, hex.parseHex("06072a8648ce3d0201"), hex.parseHex(curve));
    }

    private static byte[] der(int tag, byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        byte[] bytes = new byte[length + 4];
        int at = 0;
        bytes[at++] = (byte) tag;
        if (length < 128) {
            bytes[at++] = (byte) length;
        } else if (length < 256) {
            bytes[at++] = (byte) 0x81;
            bytes[at++] = (byte) length;
        } else {
            bytes[at++] = (byte) 0x82;
            bytes[at++] = (byte) (length >> 8);
            bytes[at++] = (byte) length;
        }
        for (byte[] part : parts) {
            System.arraycopy(part, 0, bytes, at, part.length);
            at += part.length;
        }
        return Arrays.copyOf(bytes, at);
    }

    // ---- the public key of a private one

    private static PublicKey publicOf(PrivateKey key) throws GeneralSecurityException {
        return switch (key) {
            case RSAPrivateCrtKey rsa ->
                    KeyFactory.getInstance("RSA")
                            .generatePublic(
                                    new RSAPublicKeySpec(
                                            rsa.getModulus(), rsa.getPublicExponent()));
            case ECPrivateKey ec ->
                    KeyFactory.getInstance("EC")
                            .generatePublic(
                                    new ECPublicKeySpec(
                                            times(ec.getS(), ec.getParams()), ec.getParams()));
            case EdECPrivateKey ed -> publicOf(ed);
            default -> throw new GeneralSecurityException("it does not tell its public key");
        };
    }

    /** The JDK makes a pair of such keys of 32 random bytes; here they are those of the key. */
    private static PublicKey publicOf(EdECPrivateKey key) throws GeneralSecurityException {
        byte[] bytes = key.getBytes().orElseThrow();
        KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
        generator.initialize(NamedParameterSpec.ED25519, new Replay(bytes));
        return generator.generateKeyPair().getPublic();
    }

    private static final class Replay extends SecureRandom {
        private static final long serialVersionUID = 1;
        private final byte[] replayed;

        Replay(byte[] bytes) {
            replayed = bytes.clone();
        }

        @Override
        public void nextBytes(byte[] bytes) {
            System.arraycopy(replayed, 0, bytes, 0, bytes.length);
        }
    }

    /** The base point taken so many times, by doubling and adding. Once, at the start. */
    private static ECPoint times(BigInteger factor, ECParameterSpec curve) {
        ECPoint sum = ECPoint.POINT_INFINITY;
        for (int bit = factor.bitLength() - 1; bit >= 0; bit--) {
            sum = add(sum, sum, curve);
            if (factor.testBit(bit)) {
                sum = add(sum, curve.getGenerator(), curve);
            }
        }
        return sum;
    }

    private static ECPoint add(ECPoint a, ECPoint b, ECParameterSpec curve) {
        if (a.equals(ECPoint.POINT_INFINITY)) {
            return b;
        }
        if (b.equals(ECPoint.POINT_INFINITY)) {
            return a;
        }
        BigInteger p = ((ECFieldFp) curve.getCurve().getField()).getP();
        BigInteger slope;
        if (!a.getAffineX().equals(b.getAffineX())) {
            slope =
                    b.getAffineY()
                            .subtract(a.getAffineY())
                            .multiply(b.getAffineX().subtract(a.getAffineX()).modInverse(p));
        } else if (a.equals(b)) {
            BigInteger square = a.getAffineX().pow(2).multiply(BigInteger.valueOf(3));
            slope =
                    square.add(curve.getCurve().getA())
                            .multiply(a.getAffineY().shiftLeft(1).modInverse(p));
        } else {
            return ECPoint.POINT_INFINITY;
        }
        BigInteger x = slope.pow(2).subtract(a.getAffineX()).subtract(b.getAffineX()).mod(p);
        BigInteger y = slope.multiply(a.getAffineX().subtract(x)).subtract(a.getAffineY()).mod(p);
        return new ECPoint(x, y);
    }
}
