package io.quorate.api.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and private keys out of PEM files (RFC 7468), in the forms openssl and Go write. */
public final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile(
                    "-----BEGIN ([A-Z0-9 ]+)-----\\s(.*?)-----END \\1-----", Pattern.DOTALL);

    private static final byte[] VERSION_0 = {2, 1, 0};

    /** SEQUENCE { rsaEncryption, NULL } */
    private static final byte[] RSA = {
        0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 13, 1, 1, 1, 5, 0
    };

    /** id-ecPublicKey */
    private static final byte[] EC = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

    private Pem() {}

    private record Block(String label, byte[] der) {}

    /**
     * All certificates of a file.
     *
     * @throws IOException for a file that cannot be read or has none, in Go's words where they say
     *     enough
     * @throws GeneralSecurityException for one that is no certificate
     */
    public static List<X509Certificate> certificates(Path file)
            throws IOException, GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> found = new ArrayList<>();
        for (Block block : blocks(file)) {
            if (block.label().equals("CERTIFICATE")) {
                found.add(
                        (X509Certificate)
                                factory.generateCertificate(new ByteArrayInputStream(block.der())));
            }
        }
        if (found.isEmpty()) {
            throw new IOException(file + " holds no PEM certificate");
        }
        return found;
    }

    /**
     * The first private key of a file: PKCS #8, PKCS #1 or SEC 1, unencrypted.
     *
     * @throws IOException for a file that cannot be read or has none
     * @throws GeneralSecurityException for a key of an unknown kind
     */
    public static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        for (Block block : blocks(file)) {
            switch (block.label()) {
                case "PRIVATE KEY" -> {
                    return pkcs8(file, block.der());
                }
                case "RSA PRIVATE KEY" -> {
                    return pkcs8(file, wrapped(RSA, block.der()));
                }
                case "EC PRIVATE KEY" -> {
                    return pkcs8(file, wrapped(ecAlgorithm(file, block.der()), block.der()));
                }
                case "ENCRYPTED PRIVATE KEY" ->
                        throw new IOException(file + " is encrypted; decrypt it with openssl pkey");
                default -> {
                    // Certificates and curve parameters may stand in the same file.
                }
            }
        }
        throw new IOException(file + " holds no PEM private key");
    }

    private static List<Block> blocks(Path file) throws IOException {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new IOException("open " + file + ": no such file or directory", e);
        } catch (AccessDeniedException e) {
            throw new IOException("open " + file + ": permission denied", e);
        }
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            blocks.add(
                    new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
        }
        return blocks;
    }

    private static PrivateKey pkcs8(Path file, byte[] der) throws GeneralSecurityException {
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(der));
            } catch (InvalidKeySpecException e) {
                // Another algorithm's.
            }
        }
        throw new GeneralSecurityException(file + " is not an RSA, EC or Ed25519 key");
    }

    /** PKCS #8 around an older form: version, algorithm, the key as an octet string. */
    private static byte[] wrapped(byte[] algorithm, byte[] key) {
        return Der.tagged(0x30, VERSION_0, algorithm, Der.tagged(4, key));
    }

    /** The curve stands in SEC 1's optional field [0] (RFC 5915), which everybody writes. */
    private static byte[] ecAlgorithm(Path file, byte[] sec1) throws IOException {
        int at = contentOf(sec1, 0);
        while (at < sec1.length) {
            int tag = sec1[at] & 255;
            int content = contentOf(sec1, at);
            int end = content + lengthOf(sec1, at);
            if (end > sec1.length || end <= at) {
                break;
            }
            if (tag == 0xa0) {
                byte[] curve = new byte[end - content];
                System.arraycopy(sec1, content, curve, 0, curve.length);
                return Der.tagged(0x30, EC, curve);
            }
            at = end;
        }
        throw new IOException(file + " does not name its curve; rewrite it with openssl pkey");
    }

    private static int contentOf(byte[] der, int at) throws IOException {
        if (at + 1 >= der.length) {
            throw new IOException("a key is cut short");
        }
        int first = der[at + 1] & 255;
        return at + 2 + (first < 128 ? 0 : first & 127);
    }

    private static int lengthOf(byte[] der, int at) throws IOException {
        int first = der[at + 1] & 255;
        if (first < 128) {
            return first;
        }
        int bytes = first & 127;
        if (bytes > 3 || at + 2 + bytes > der.length) {
            throw new IOException("a key is cut short");
        }
        int length = 0;
        for (int i = 0; i < bytes; i++) {
            length = length << 8 | der[at + 2 + i] & 255;
        }
        return length;
    }

    /** One block of a PEM file, its lines as long as openssl's and Go's. */
    static String block(String label, byte[] der) {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
    }
}
