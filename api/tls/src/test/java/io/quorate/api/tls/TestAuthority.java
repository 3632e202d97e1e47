package io.quorate.api.tls;

import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Signs certificates and revokes them. */
final class TestAuthority {
    private static final byte[] ALGORITHM = Der.sequence(Der.oid("1.2.840.10045.4.3.2"));

    private final Path folder;
    private final KeyPair own = keys();
    private final byte[] name;
    private int serial = 0xab00;

    TestAuthority(Path folder) throws Exception {
        this.folder = folder;
        this.name = name("test authority");
        byte[] mayIssue =
                Der.sequence(Der.oid("2.5.29.19"), Der.yes(), Der.octets(Der.sequence(Der.yes())));
        byte[] signed = certificate(name, own, mayIssue);
        Files.writeString(certificate(), Pem.block("CERTIFICATE", signed));
    }

    /** What those trust who trust this authority. */
    Path certificate() {
        return folder.resolve("ca.pem");
    }

    /**
     * A certificate and its key, as {@code NAME.pem} and {@code NAME.key}.
     *
     * @param hosts names and addresses; may be empty
     */
    TlsFiles issue(String file, String commonName, String... hosts) throws Exception {
        KeyPair keys = keys();
        List<byte[]> names = new ArrayList<>();
        for (String host : hosts) {
            names.add(
                    Hosts.isAddress(host)
                            ? Der.tagged(0x87, InetAddress.getByName(host).getAddress())
                            : Der.tagged(0x82, host.getBytes()));
        }
        byte[] alternatives = Der.octets(Der.sequence(names.toArray(byte[][]::new)));
        byte[][] extensions =
                hosts.length == 0
                        ? new byte[0][]
                        : new byte[][] {Der.sequence(Der.oid("2.5.29.17"), alternatives)};
        Path certificate = folder.resolve(file + ".pem");
        byte[] signed = certificate(name(commonName), keys, extensions);
        Files.writeString(certificate, Pem.block("CERTIFICATE", signed));
        Path key = folder.resolve(file + ".key");
        Files.writeString(key, Pem.block("PRIVATE KEY", keys.getPrivate().getEncoded()));
        return new TlsFiles(
                Optional.of(certificate),
                Optional.of(key),
                Optional.empty(),
                Optional.empty(),
                Optional.of(certificate()),
                true,
                Optional.empty(),
                List.of(),
                List.of(),
                false,
                false);
    }

    /** A list with the serial numbers of these certificates, in DER (RFC 5280 §5.1). */
    Path revoke(TlsFiles... revoked) throws Exception {
        ZonedDateTime now = ZonedDateTime.now();
        List<byte[]> entries = new ArrayList<>();
        for (TlsFiles files : revoked) {
            BigInteger number =
                    Pem.certificates(files.certificate().get()).getFirst().getSerialNumber();
            entries.add(Der.sequence(Der.integer(number), Der.time(now)));
        }
        byte[] all = entries.isEmpty() ? new byte[0] : Der.sequence(entries.toArray(byte[][]::new));
        byte[] list =
                Der.sequence(
                        Der.integer(BigInteger.ONE),
                        ALGORITHM,
                        name,
                        Der.time(now),
                        Der.time(now.plusDays(1)),
                        all);
        Path file = folder.resolve("crl.der");
        Files.write(file, sign(list));
        return file;
    }

    private byte[] certificate(byte[] subject, KeyPair keys, byte[]... extensions)
            throws GeneralSecurityException {
        ZonedDateTime now = ZonedDateTime.now();
        return sign(
                Der.sequence(
                        Der.tagged(0xa0, Der.integer(BigInteger.TWO)),
                        Der.integer(BigInteger.valueOf(serial++)),
                        ALGORITHM,
                        name,
                        Der.sequence(Der.time(now.minusHours(1)), Der.time(now.plusDays(2))),
                        subject,
                        keys.getPublic().getEncoded(),
                        extensions.length == 0
                                ? new byte[0]
                                : Der.tagged(0xa3, Der.sequence(extensions))));
    }

    private byte[] sign(byte[] content) throws GeneralSecurityException {
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(own.getPrivate());
        signature.update(content);
        return Der.sequence(content, ALGORITHM, Der.bits(signature.sign()));
    }

    private static byte[] name(String commonName) {
        return Der.sequence(Der.set(Der.sequence(Der.oid("2.5.4.3"), Der.utf8(commonName))));
    }

    private static KeyPair keys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }
}
