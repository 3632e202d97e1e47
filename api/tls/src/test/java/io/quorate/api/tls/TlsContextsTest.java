package io.quorate.api.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** Handshakes between members over real sockets, with certificates of an authority. */
@Timeout(120)
final class TlsContextsTest {
    @TempDir static Path folder;

    private static TestAuthority authority;
    private static TlsFiles a;
    private static TlsFiles b;

    @BeforeAll
    static void issue() throws Exception {
        authority = new TestAuthority(Files.createDirectory(folder.resolve("trusted")));
        a = authority.issue("a", "a", "127.0.0.1", "localhost");
        b = authority.issue("b", "b", "127.0.0.1");
    }

    /** What the server says in the end: the client's name and the protocol, or its refusal. */
    private static String shake(TlsFiles server, TlsFiles client) throws Exception {
        return shake(server, TlsRange.DEFAULT, client, TlsRange.DEFAULT);
    }

    private static String shake(
            TlsFiles server, TlsRange serverRange, TlsFiles client, TlsRange clientRange)
            throws Exception {
        return shake(new TlsContexts(server, serverRange), new TlsContexts(client, clientRange));
    }

    private static String shake(TlsContexts server, TlsContexts client) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<String> accepted =
                    CompletableFuture.supplyAsync(() -> accept(listener, server));
            try (Socket plain = new Socket("127.0.0.1", listener.getLocalPort());
                    Socket secured =
                            client.outgoing()
                                    .createSocket(plain, "127.0.0.1", plain.getPort(), true)) {
                secured.getInputStream().read();
            } catch (IOException e) {
                // The server tells what it did not like; a client of its own mind tells here.
                return join(accepted) + " / " + e.getMessage();
            }
            return join(accepted);
        }
    }

    private static String join(CompletableFuture<String> accepted) {
        try {
            return accepted.join();
        } catch (CompletionException e) {
            return e.getCause().getMessage();
        }
    }

    private static String accept(ServerSocket listener, TlsContexts tls) {
        try (Socket plain = listener.accept()) {
            SSLSocket secured =
                    (SSLSocket)
                            tls.server()
                                    .getSocketFactory()
                                    .createSocket(
                                            plain, new ByteArrayInputStream(new byte[0]), true);
            secured.setSSLParameters(tls.serverParameters());
            secured.startHandshake();
            secured.getOutputStream().write(1);
            String who =
                    secured.getNeedClientAuth()
                            ? secured.getSession().getPeerPrincipal().getName()
                            : "anybody";
            return who
                    + " "
                    + secured.getSession().getProtocol()
                    + " "
                    + secured.getSession().getCipherSuite();
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static TlsFiles with(
            TlsFiles files, Optional<Path> crl, List<String> names, List<String> hosts) {
        return new TlsFiles(
                files.certificate(),
                files.key(),
                files.clientCertificate(),
                files.clientKey(),
                files.trustedCa(),
                files.clientCertAuth(),
                crl,
                names,
                hosts,
                files.skipClientSan(),
                files.selfMade());
    }

    /** Whoever connects and says nothing would otherwise hold a thread and a socket for ever. */
    @Test
    @Tag("TL-18")
    void aHandshakeThatTakesTooLongIsCutOff() throws Exception {
        TlsContexts contexts = new TlsContexts(a, TlsRange.DEFAULT);
        CompletableFuture<String> end = new CompletableFuture<>();
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (SocketChannel silent = SocketChannel.open(listener.getLocalAddress());
                    SocketChannel accepted = listener.accept()) {
                Thread.ofVirtual()
                        .start(() -> {
                            SSLEngine engine =
                                    contexts.listener("rejected", Duration.ofMillis(50))
                                            .createSSLEngine("127.0.0.1", 1);
                            engine.setHandshakeApplicationProtocolSelector((of, names) -> "");
                            try {
                                end.complete("read " + accepted.read(ByteBuffer.allocate(1)));
                            } catch (IOException e) {
                                end.complete(e.getClass().getSimpleName());
                            }
                        });
                assertEquals("ClosedByInterruptException", end.get(60, TimeUnit.SECONDS));
                assertEquals(-1, silent.read(ByteBuffer.allocate(1)));
            }
        }
    }

    @Test
    @Tag("TL-02")
    @Tag("TL-04")
    void membersOfOneAuthorityKnowEachOther() throws Exception {
        String said = shake(a, b);
        assertTrue(said.startsWith("CN=b TLSv1.3 "), said);
    }

    @Test
    @Tag("TL-02")
    @Tag("TL-03")
    void strangersAreRefusedAndSoIsWhoShowsNothing() throws Exception {
        TestAuthority elsewhere =
                new TestAuthority(Files.createDirectory(folder.resolve("elsewhere")));
        TlsFiles stranger = elsewhere.issue("x", "b", "127.0.0.1");
        TlsFiles pretends =
                new TlsFiles(
                        stranger.certificate(),
                        stranger.key(),
                        Optional.empty(),
                        Optional.empty(),
                        a.trustedCa(),
                        false,
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        false,
                        false);
        String said = shake(a, pretends);
        assertTrue(said.contains("PKIX path"), said);
        // The trusted file alone asks for certificates.
        assertTrue(new TlsContexts(pretends, TlsRange.DEFAULT).clientAuth());
        said = shake(stranger, a);
        assertTrue(said.contains("PKIX path"), said);
    }

    @Test
    @Tag("TL-05")
    void clientsMustComeFromWhereTheirCertificateSays() throws Exception {
        TlsFiles elsewhere = authority.issue("e", "e", "10.9.8.7");
        String said = shake(a, elsewhere);
        assertTrue(said.contains("x509: certificate is valid for 10.9.8.7, not 127.0.0.1"), said);
        TlsFiles named = authority.issue("n", "n", "*.elsewhere.example");
        said = shake(a, named);
        assertTrue(
                said.contains(
                        "tls: \"127.0.0.1\" does not match any of DNSNames"
                                + " [\"*.elsewhere.example\"]"),
                said);
        TlsFiles lenient =
                new TlsFiles(
                        a.certificate(),
                        a.key(),
                        a.clientCertificate(),
                        a.clientKey(),
                        a.trustedCa(),
                        true,
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        true,
                        false);
        assertTrue(shake(lenient, named).startsWith("CN=n "));
        // No names at all fit everywhere, and so does a name that leads here.
        assertTrue(shake(a, authority.issue("o", "o")).startsWith("CN=o "));
        assertTrue(shake(a, authority.issue("l", "l", "localhost")).startsWith("CN=l "));
    }

    @Test
    @Tag("TL-06")
    @Tag("TL-15")
    void onlyAllowedNamesAreLetIn() throws Exception {
        TlsFiles names = with(a, Optional.empty(), List.of("b", "c"), List.of());
        TlsFiles client = with(b, Optional.empty(), List.of("a"), List.of());
        assertTrue(shake(names, client).startsWith("CN=b "));
        TlsFiles other = authority.issue("d", "d", "127.0.0.1");
        String said = shake(names, other);
        assertTrue(said.contains("client certificate authentication failed"), said);
        TlsFiles hosts = with(a, Optional.empty(), List.of(), List.of("localhost"));
        said = shake(hosts, b);
        assertTrue(said.contains("client certificate authentication failed"), said);
        assertTrue(shake(hosts, a).startsWith("CN=a "));
        IllegalArgumentException both =
                assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                new TlsContexts(
                                        with(a, Optional.empty(), List.of("x"), List.of("y", "z")),
                                        TlsRange.DEFAULT));
        assertEquals(
                "AllowedCNs and AllowedHostnames are mutually exclusive (cns=[\"x\"],"
                        + " hostnames=[\"y\" \"z\"])",
                both.getMessage());
    }

    @Test
    @Tag("TL-09")
    @Tag("TL-10")
    @Tag("FL-59")
    @Tag("FL-70")
    void revocationsCountFromTheNextConnectionOn() throws Exception {
        Path list = authority.revoke();
        TlsContexts server =
                new TlsContexts(with(a, Optional.of(list), List.of(), List.of()), TlsRange.DEFAULT);
        TlsContexts client = new TlsContexts(b, TlsRange.DEFAULT);
        assertTrue(shake(server, client).startsWith("CN=b "));
        authority.revoke(b);
        String said = shake(server, client);
        assertTrue(said.contains("transport: certificate serial "), said);
        assertTrue(said.contains(" revoked"), said);
        assertTrue(shake(server, new TlsContexts(a, TlsRange.DEFAULT)).startsWith("CN=a "));
    }

    @Test
    @Tag("TL-09")
    void renewedFilesAreShownAtTheNextHandshakeAndMissingOnesRefuseIt() throws Exception {
        TlsFiles old = authority.issue("old", "old", "127.0.0.1");
        TlsFiles renewed = authority.issue("renewed", "renewed", "127.0.0.1");
        TlsContexts client = new TlsContexts(old, TlsRange.DEFAULT);
        TlsContexts server = new TlsContexts(a, TlsRange.DEFAULT);
        assertTrue(shake(server, client).startsWith("CN=old "));
        Files.copy(
                renewed.certificate().get(),
                old.certificate().get(),
                StandardCopyOption.REPLACE_EXISTING);
        Files.copy(renewed.key().get(), old.key().get(), StandardCopyOption.REPLACE_EXISTING);
        assertTrue(shake(server, client).startsWith("CN=renewed "));
        Files.delete(old.key().get());
        IOException missing = assertThrows(IOException.class, client::client);
        assertEquals(
                "open " + old.key().get() + ": no such file or directory", missing.getMessage());
    }

    @Test
    @Tag("TL-11")
    @Tag("TL-12")
    @Tag("FL-72")
    @Tag("FL-75")
    void versionsAndCipherSuitesAreThoseOfTheFlags() throws Exception {
        TlsRange old = new TlsRange("TLS1.2", "TLS1.2", List.of());
        TlsRange modern = new TlsRange("TLS1.3", "", List.of());
        assertTrue(shake(a, old, b, TlsRange.DEFAULT).startsWith("CN=b TLSv1.2 "));
        String said = shake(a, modern, b, old);
        assertTrue(said.contains("protocol"), said);
        assertNotEquals("", said);
        String suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
        TlsRange chosen = new TlsRange("", "TLS1.2", List.of(suite));
        assertEquals("CN=b TLSv1.2 " + suite, shake(a, chosen, b, old));
        TlsRange both = new TlsRange("", "", List.of(suite));
        assertTrue(shake(a, both, b, TlsRange.DEFAULT).startsWith("CN=b TLSv1.3 TLS_AES_"));
        assertEquals(
                "cipher suites cannot be configured when only TLS1.3 is enabled",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new TlsRange("TLS1.3", "", List.of(suite)))
                        .getMessage());
        assertEquals(
                "min version (TLS1.3) is greater than max version (TLS1.2)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new TlsRange("TLS1.3", "TLS1.2", List.of()))
                        .getMessage());
        TlsRange unknown = new TlsRange("", "", List.of("ECDHE-RSA-AES128"));
        assertEquals(
                "unexpected TLS cipher suite \"ECDHE-RSA-AES128\"",
                assertThrows(IllegalArgumentException.class, () -> new TlsContexts(a, unknown))
                        .getMessage());
        // One of Go's that Java has no more is left out.
        TlsRange gone =
                new TlsRange("", "TLS1.2", List.of("TLS_ECDHE_RSA_WITH_RC4_128_SHA", suite));
        SSLParameters parameters = new TlsContexts(a, gone).serverParameters();
        assertTrue(List.of(parameters.getCipherSuites()).contains(suite));
        assertEquals("CN=b TLSv1.2 " + suite, shake(a, gone, b, old));
    }

    @Test
    @Tag("TL-13")
    @Tag("FL-65")
    void anotherCertificateMayBeShownToServers() throws Exception {
        TlsFiles two =
                new TlsFiles(
                        a.certificate(),
                        a.key(),
                        b.certificate(),
                        b.key(),
                        a.trustedCa(),
                        true,
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        false,
                        false);
        assertTrue(shake(a, two).startsWith("CN=b "));
        TlsFiles half =
                new TlsFiles(
                        a.certificate(),
                        a.key(),
                        b.certificate(),
                        Optional.empty(),
                        a.trustedCa(),
                        true,
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        false,
                        false);
        assertEquals(
                "ClientKeyFile and ClientCertFile must both be present or both absent: key: ,"
                        + " cert: "
                        + b.certificate().get()
                        + "]",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new TlsContexts(half, TlsRange.DEFAULT))
                        .getMessage());
    }

    @Test
    @Tag("TL-01")
    void keyOfAnotherCertificateEndsTheStart() {
        TlsFiles mixed =
                new TlsFiles(
                        a.certificate(),
                        b.key(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        Optional.empty(),
                        List.of(),
                        List.of(),
                        false,
                        false);
        assertEquals(
                "tls: private key does not match public key",
                assertThrows(
                                GeneralSecurityException.class,
                                () -> new TlsContexts(mixed, TlsRange.DEFAULT))
                        .getMessage());
    }

    @Test
    @Tag("TL-07")
    @Tag("TL-08")
    @Tag("FL-71")
    void selfMadePairIsMadeOnceForTheHostsAndTrustsAnybody() throws Exception {
        Path place = folder.resolve("fixtures/peer");
        SelfSigned.Pair pair = SelfSigned.in(place, List.of("127.0.0.1", "localhost", "::1"), 3);
        X509Certificate certificate = Pem.certificates(pair.certificate()).getFirst();
        assertEquals("O=etcd", certificate.getSubjectX500Principal().getName());
        assertEquals("SHA512withECDSA", certificate.getSigAlgName());
        assertEquals(List.of("127.0.0.1", "0:0:0:0:0:0:0:1"), Hosts.addresses(certificate));
        assertEquals(List.of("localhost"), Hosts.dnsNames(certificate));
        assertEquals(0, certificate.getBasicConstraints() & Integer.MIN_VALUE);
        assertEquals(List.of("1.3.6.1.5.5.7.3.1"), certificate.getExtendedKeyUsage());
        long days =
                (certificate.getNotAfter().getTime() - certificate.getNotBefore().getTime())
                        / 86_400_000;
        assertEquals(3 * 365, days);
        assertTrue(Files.readString(pair.key()).startsWith("-----BEGIN EC PRIVATE KEY-----\n"));
        assertEquals(
                "rw-------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(pair.key())));
        byte[] before = Files.readAllBytes(pair.certificate());
        assertEquals(pair, SelfSigned.in(place, List.of("elsewhere"), 1));
        assertArrayEquals(before, Files.readAllBytes(pair.certificate()));
        TlsFiles files = TlsFiles.of(pair);
        TlsFiles other =
                TlsFiles.of(SelfSigned.in(folder.resolve("fixtures/other"), List.of("x"), 1));
        String said = shake(files, other);
        assertTrue(said.startsWith("anybody TLSv1.3"), said);
        assertThrows(
                IllegalArgumentException.class,
                () -> SelfSigned.in(folder.resolve("none"), List.of(), 0));
    }
}
