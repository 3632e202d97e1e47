package io.quorate.api.client;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Objects;
import java.util.Optional;

import javax.net.ssl.SSLContext;

/**
 * TLS by PEM files, as etcd's tools take them. The files are read at each new connection, so that
 * renewed certificates are used without a restart.
 *
 * @param trustedCa certificates of those who may have signed the server's; without it the JVM's
 * @param certificate this client's certificate chain, for servers that ask for one
 * @param key its private key: PKCS #8, PKCS #1 or SEC 1, unencrypted
 * @param insecureSkipVerify accepts any server; for tests
 * @param serverName the name the server's certificate must have, if not the endpoint's host
 */
public record Tls(
        Optional<Path> trustedCa,
        Optional<Path> certificate,
        Optional<Path> key,
        boolean insecureSkipVerify,
        Optional<String> serverName) {

    public Tls {
        Objects.requireNonNull(trustedCa, "trustedCa");
        Objects.requireNonNull(serverName, "serverName");
        if (certificate.isPresent() != key.isPresent()) {
            throw new IllegalArgumentException(
                    "certificate and key go together; one of them is missing");
        }
    }

    /** Trusts servers whose certificate was signed by one of the file's. */
    public static Tls trusting(Path ca) {
        return new Tls(
                Optional.of(ca), Optional.empty(), Optional.empty(), false, Optional.empty());
    }

    /** As {@link #trusting}, and shows this certificate to servers (mutual TLS). */
    public static Tls mutual(Path ca, Path certificate, Path key) {
        return new Tls(
                Optional.of(ca),
                Optional.of(certificate),
                Optional.of(key),
                false,
                Optional.empty());
    }

    /**
     * These files for other uses, such as HTTP requests to a member.
     *
     * @throws IOException when a file cannot be read
     * @throws GeneralSecurityException when one cannot be used
     */
    public SSLContext context() throws IOException, GeneralSecurityException {
        return TlsSockets.context(Optional.of(this));
    }
}
