package io.quorate.api.tls;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A certificate that signs itself, for {@code --auto-tls} and {@code --peer-auto-tls} (TL-07): an
 * EC key on P-521 of the organization {@code etcd}, valid for the hosts that are listened on.
 */
public final class SelfSigned {
    private static final System.Logger LOG = System.getLogger("io.quorate.api.tls");

    private static final String CURVE_OID = "1.3.132.0.35";
    private static final int SCALAR_BYTES = 66;
    private static final String ECDSA_SHA512 = "1.2.840.10045.4.3.4";
    private static final String ORGANIZATION = "2.5.4.10";
    private static final String KEY_USAGE = "2.5.29.15";
    private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String BASIC_CONSTRAINTS = "2.5.29.19";
    private static final String SUBJECT_KEY_ID = "2.5.29.14";
    private static final String SUBJECT_ALT_NAME = "2.5.29.17";
    private static final Duration YEAR = Duration.ofDays(365);

    private SelfSigned() {}

    /** Where the pair lies. */
    public record Pair(Path certificate, Path key) {}

    /**
     * The pair {@code cert.pem} and {@code key.pem} of a folder. One that is there is used as it
     * is, even when it has run out; else it is made.
     *
     * @param hosts names and addresses, IPv6 without brackets
     * @param years how long a new one is valid
     * @throws IllegalArgumentException for no years at all
     * @throws IOException when it cannot be written
     */
    public static Pair in(Path folder, List<String> hosts, long years)
            throws IOException, GeneralSecurityException {
        if (years < 1) {
            throw new IllegalArgumentException(
                    "selfSignedCertValidity is invalid,it should be greater than 0");
        }
        Path absolute = folder.toAbsolutePath();
        Pair pair = new Pair(absolute.resolve("cert.pem"), absolute.resolve("key.pem"));
        if (Files.exists(pair.certificate()) && Files.exists(pair.key())) return pair;
        Files.createDirectories(absolute, attribute("rwx------"));
        ZonedDateTime start = ZonedDateTime.now();
        ZonedDateTime end = start.plus(YEAR.multipliedBy(years));
        LOG.log(
                WARNING,
                "automatically generate certificates",
                Map.of("certificate-validity-bound-not-after", end.toInstant().toString()));
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp521r1"));
        KeyPair keys = generator.generateKeyPair();
        byte[] certificate = certificate(keys, hosts, start, end);
        write(pair.certificate(), "rw-r--r--", Pem.block("CERTIFICATE", certificate));
        LOG.log(INFO, "created cert file", Map.of("path", pair.certificate().toString()));
        write(pair.key(), "rw-------", Pem.block("EC PRIVATE KEY", sec1(keys)));
        LOG.log(INFO, "created key file", Map.of("path", pair.key().toString()));
        return pair;
    }

    private static void write(Path file, String permissions, String text) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, attribute(permissions));
        Files.writeString(file, text, StandardCharsets.US_ASCII);
    }

    private static FileAttribute<?> attribute(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }

    private static byte[] certificate(
            KeyPair keys, List<String> hosts, ZonedDateTime start, ZonedDateTime end)
            throws IOException, GeneralSecurityException {
        byte[] algorithm = Der.sequence(Der.oid(ECDSA_SHA512));
        byte[] name = Der.sequence(Der.set(Der.sequence(Der.oid(ORGANIZATION), Der.utf8("etcd"))));
        byte[] signed =
                Der.sequence(
                        // Version 3 is written as 2.
                        Der.tagged(0xa0, Der.integer(BigInteger.TWO)),
                        Der.integer(new BigInteger(127, new SecureRandom()).setBit(0)),
                        algorithm,
                        name,
                        Der.sequence(Der.time(start), Der.time(end)),
                        name,
                        keys.getPublic().getEncoded(),
                        Der.tagged(0xa3, Der.sequence(extensions(keys, hosts))));
        Signature signature = Signature.getInstance("SHA512withECDSA");
        signature.initSign(keys.getPrivate());
        signature.update(signed);
        return Der.sequence(signed, algorithm, Der.bits(signature.sign()));
    }

    private static byte[][] extensions(KeyPair keys, List<String> hosts)
            throws IOException, GeneralSecurityException {
        byte[] id = MessageDigest.getInstance("SHA-256").digest(keys.getPublic().getEncoded());
        return new byte[][] {
            // digitalSignature, keyEncipherment, cRLSign
            critical(KEY_USAGE, Der.bits(1, 0b1010_0010)),
            extension(EXTENDED_KEY_USAGE, Der.sequence(Der.oid(SERVER_AUTH))),
            critical(BASIC_CONSTRAINTS, Der.sequence(Der.yes())),
            extension(SUBJECT_KEY_ID, Der.octets(Arrays.copyOf(id, 20))),
            extension(SUBJECT_ALT_NAME, Der.sequence(names(hosts)))
        };
    }

    private static byte[] extension(String oid, byte[] value) {
        return Der.sequence(Der.oid(oid), Der.octets(value));
    }

    private static byte[] critical(String oid, byte[] value) {
        return Der.sequence(Der.oid(oid), Der.yes(), Der.octets(value));
    }

    private static byte[][] names(List<String> hosts) throws IOException {
        List<byte[]> names = new ArrayList<>();
        for (String host : hosts) {
            names.add(
                    Hosts.isAddress(host)
                            ? Der.tagged(0x87, InetAddress.getByName(host).getAddress())
                            : Der.tagged(0x82, host.getBytes(StandardCharsets.US_ASCII)));
        }
        return names.toArray(byte[][]::new);
    }

    /** RFC 5915, the form that Go writes: the scalar, the curve, the point. */
    private static byte[] sec1(KeyPair keys) {
        byte[] scalar = new byte[SCALAR_BYTES];
        byte[] number = ((ECPrivateKey) keys.getPrivate()).getS().toByteArray();
        int from = Math.max(0, number.length - SCALAR_BYTES);
        int length = number.length - from;
        System.arraycopy(number, from, scalar, SCALAR_BYTES - length, length);
        byte[] spki = keys.getPublic().getEncoded();
        // The uncompressed point ends the encoding of the public key.
        byte[] point = Arrays.copyOfRange(spki, spki.length - 1 - 2 * SCALAR_BYTES, spki.length);
        return Der.sequence(
                Der.integer(BigInteger.ONE),
                Der.octets(scalar),
                Der.tagged(0xa0, Der.oid(CURVE_OID)),
                Der.tagged(0xa1, Der.bits(point)));
    }
}
