package io.quorate.api.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.quorate.api.tls.Pem;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** TLS by PEM files against grpc-java's server; certificates made by keytool. */
@Timeout(60)
final class TlsTest {
    private static final char[] PASSWORD = "password".toCharArray();

    @TempDir static Path dir;

    private final FakeCluster cluster = new FakeCluster();
    private final List<Client> clients = new ArrayList<>();

    @BeforeAll
    static void makeCertificates() throws Exception {
        make("server", "RSA", "-ext", "san=ip:127.0.0.1,dns:localhost");
        make("other", "RSA", "-ext", "san=dns:elsewhere.example");
        make("client", "EC");
    }

    @AfterEach
    void close() {
        clients.forEach(Client::close);
        cluster.close();
    }

    private static void make(String name, String algorithm, String... more) throws Exception {
        Path store = dir.resolve(name + ".p12");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-keystore",
                                store.toString(),
                                "-storepass",
                                new String(PASSWORD),
                                "-alias",
                                name,
                                "-keyalg",
                                algorithm,
                                "-dname",
                                "CN=" + name,
                                "-validity",
                                "2"));
        if (algorithm.equals("EC")) {
            command.addAll(List.of("-groupname", "secp256r1"));
        }
        command.addAll(List.of(more));
        Path log = dir.resolve("keytool.log");
        int exit =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start()
                        .waitFor();
        assertEquals(0, exit, () -> read(log));
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        pem(name + ".crt", "CERTIFICATE", keys.getCertificate(name).getEncoded());
        pem(name + ".key", "PRIVATE KEY", keys.getKey(name, PASSWORD).getEncoded());
        switch (keys.getKey(name, PASSWORD)) {
            case RSAPrivateCrtKey key -> pem(name + ".old.key", "RSA PRIVATE KEY", pkcs1(key));
            case ECPrivateKey key -> pem(name + ".old.key", "EC PRIVATE KEY", sec1(key));
            default -> throw new AssertionError(algorithm);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static void pem(String file, String label, byte[] der) throws IOException {
        Files.writeString(
                dir.resolve(file),
                "a comment before the block\n-----BEGIN "
                        + label
                        + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                        + "\n-----END "
                        + label
                        + "-----\n");
    }

    /** RFC 8017, A.1.2. */
    private static byte[] pkcs1(RSAPrivateCrtKey key) {
        return der(
                0x30,
                integer(BigInteger.ZERO),
                integer(key.getModulus()),
                integer(key.getPublicExponent()),
                integer(key.getPrivateExponent()),
                integer(key.getPrimeP()),
                integer(key.getPrimeQ()),
                integer(key.getPrimeExponentP()),
                integer(key.getPrimeExponentQ()),
                integer(key.getCrtCoefficient()));
    }

    /** RFC 5915, with the curve named. */
    private static byte[] sec1(ECPrivateKey key) {
        byte[] secret = new byte[32];
        byte[] number = key.getS().toByteArray();
        int n = Math.min(number.length, 32);
        System.arraycopy(number, number.length - n, secret, 32 - n, n);
        byte[] secp256r1 = {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 3, 1, 7};
        return der(0x30, integer(BigInteger.ONE), der(4, secret), der(0xa0, der(6, secp256r1)));
    }

    private static byte[] integer(BigInteger number) {
        return der(2, number.toByteArray());
    }

    private static byte[] der(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = content.size();
        if (length >= 256) {
            out.write(0x82);
            out.write(length >> 8);
        } else if (length >= 128) {
            out.write(0x81);
        }
        out.write(length);
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }

    private static Path file(String name) {
        return dir.resolve(name);
    }

    private String start(String certificate, boolean mutual) throws IOException {
        var ssl =
                GrpcSslContexts.forServer(
                        file(certificate + ".crt").toFile(), file(certificate + ".key").toFile());
        if (mutual) {
            ssl.trustManager(file("client.crt").toFile()).clientAuth(ClientAuth.REQUIRE);
        }
        var member = cluster.new FakeMember(FakeCluster.anyPort().sslContext(ssl.build()));
        return "https://127.0.0.1:" + member.port();
    }

    private Client client(String endpoint, Optional<Tls> tls) {
        ClientConfig config = ClientConfig.of(endpoint).withRetries(0, Duration.ofMillis(1));
        Client client = Client.connect(tls.map(config::withTls).orElse(config));
        clients.add(client);
        return client;
    }

    private String refusal(String endpoint, Optional<Tls> tls) {
        Client client = client(endpoint, tls);
        return assertThrows(StatusRuntimeException.class, () -> client.kv().get("a")).getMessage();
    }

    @Test
    void trustedServerIsSpokenTo() throws IOException {
        Client client =
                client(start("server", false), Optional.of(Tls.trusting(file("server.crt"))));
        client.kv().put("a", "x".repeat(1_000_000));
        assertEquals(1_000_000, client.kv().get("a").orElseThrow().getValue().size());
    }

    @Test
    void clientShowsItsCertificateWithKeysOfEveryForm() throws IOException {
        String endpoint = start("server", true);
        for (String key : List.of("client.key", "client.old.key")) {
            Tls tls = Tls.mutual(file("server.crt"), file("client.crt"), file(key));
            client(endpoint, Optional.of(tls)).kv().put("a", "1");
        }
        assertEquals(3, cluster.revision());
    }

    @Test
    void olderFormOfRsaKeysIsRead() throws Exception {
        assertEquals(Pem.privateKey(file("server.key")), Pem.privateKey(file("server.old.key")));
    }

    @Test
    void serverThatAsksForACertificateRefusesWithoutOne() throws IOException {
        refusal(start("server", true), Optional.of(Tls.trusting(file("server.crt"))));
        assertEquals(1, cluster.revision());
    }

    @Test
    void serversOfOthersAreNotTrusted() throws IOException {
        String endpoint = start("server", false);
        refusal(endpoint, Optional.empty());
        refusal(endpoint, Optional.of(Tls.trusting(file("other.crt"))));
    }

    @Test
    void nameOfTheCertificateMustFitUnlessAnotherIsExpected() throws IOException {
        String endpoint = start("other", false);
        refusal(endpoint, Optional.of(Tls.trusting(file("other.crt"))));
        Tls named =
                new Tls(
                        Optional.of(file("other.crt")),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        Optional.of("elsewhere.example"));
        client(endpoint, Optional.of(named)).kv().get("a");
    }

    @Test
    void verificationCanBeSkipped() throws IOException {
        Tls careless =
                new Tls(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        true,
                        Optional.empty());
        client(start("other", false), Optional.of(careless)).kv().get("a");
    }

    @Test
    void missingAndForeignFilesAreNamed() throws IOException {
        String endpoint = start("server", false);
        Path missing = file("missing.crt");
        assertTrue(
                refusal(endpoint, Optional.of(Tls.trusting(missing))).contains(missing.toString()));
        Path key = file("server.key");
        assertTrue(
                refusal(endpoint, Optional.of(Tls.trusting(key)))
                        .contains(key + " holds no PEM certificate"));
        Tls swapped = Tls.mutual(file("server.crt"), file("client.crt"), file("client.crt"));
        assertTrue(refusal(endpoint, Optional.of(swapped)).contains("holds no PEM private key"));
    }
}
