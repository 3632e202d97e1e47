package io.quorate.api.tls;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The files and rules of one side of a member, its client addresses or its peer addresses, as
 * etcd's flags give them (FL-56 to FL-71). Nothing is read yet.
 *
 * @param certificate chain to show to those who connect, and to servers when there is no {@code
 *     clientCertificate}
 * @param key of the certificate
 * @param clientCertificate chain to show to servers (TL-13)
 * @param clientKey of the client certificate
 * @param trustedCa whose signatures count; without it those that the JVM trusts. Asks those who
 *     connect for a certificate, even where {@code clientCertAuth} is false (TL-03)
 * @param clientCertAuth asks those who connect for a certificate (TL-02)
 * @param crl revocation list, read at each connection (TL-10)
 * @param allowedNames common names that a certificate may have; empty for any (TL-06)
 * @param allowedHosts hosts that a certificate may stand for; empty for any (TL-06)
 * @param skipClientSan whether certificates of those who connect need not name their address
 *     (TL-05)
 * @param selfMade whether this member made the certificate itself, so that nobody can check it:
 *     servers are then trusted without a look (TL-08)
 */
public record TlsFiles(
        Optional<Path> certificate,
        Optional<Path> key,
        Optional<Path> clientCertificate,
        Optional<Path> clientKey,
        Optional<Path> trustedCa,
        boolean clientCertAuth,
        Optional<Path> crl,
        List<String> allowedNames,
        List<String> allowedHosts,
        boolean skipClientSan,
        boolean selfMade) {
    /** No TLS. */
    public static final TlsFiles NONE =
            new TlsFiles(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    Optional.empty(),
                    List.of(),
                    List.of(),
                    false,
                    false);

    public TlsFiles {
        allowedNames = List.copyOf(allowedNames);
        allowedHosts = List.copyOf(allowedHosts);
    }

    /** Certificates that the member made by itself; all other rules are dropped, as etcd does. */
    public static TlsFiles of(SelfSigned.Pair made) {
        return new TlsFiles(
                Optional.of(made.certificate()),
                Optional.of(made.key()),
                Optional.of(made.certificate()),
                Optional.of(made.key()),
                Optional.empty(),
                false,
                Optional.empty(),
                List.of(),
                List.of(),
                false,
                true);
    }

    /** Whether there is neither certificate nor key, and so no TLS. */
    public boolean isEmpty() {
        return certificate.isEmpty() && key.isEmpty();
    }

    /** In etcd's words, for the log. */
    @Override
    public String toString() {
        return "cert = %s, key = %s, client-cert=%s, client-key=%s, trusted-ca = %s, client-cert-auth = %s, crl-file = %s"
                .formatted(
                        text(certificate),
                        text(key),
                        text(clientCertificate),
                        text(clientKey),
                        text(trustedCa),
                        clientCertAuth,
                        text(crl));
    }

    private static String text(Optional<Path> file) {
        return file.map(Path::toString).orElse("");
    }
}
