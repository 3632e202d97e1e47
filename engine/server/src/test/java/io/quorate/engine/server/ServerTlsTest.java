package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.StatusRuntimeException;
import io.quorate.api.client.Client;
import io.quorate.api.client.ClientConfig;
import io.quorate.api.client.Tls;
import io.quorate.api.tls.ChannelSocket;
import io.quorate.api.tls.TlsFiles;
import io.quorate.api.tls.TlsRange;
import io.quorate.engine.node.Upkeep;
import io.quorate.engine.server.ServerConfig.Addresses;
import io.quorate.engine.server.ServerConfig.Bootstrap;
import io.quorate.engine.server.ServerConfig.Cluster;
import io.quorate.engine.server.ServerConfig.Limits;
import io.quorate.engine.server.ServerConfig.Mount;
import io.quorate.engine.server.ServerConfig.Raft;
import io.quorate.engine.server.ServerConfig.Security;
import io.quorate.engine.server.ServerConfig.Storage;
import io.quorate.engine.server.ServerConfig.Web;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocket;

/** Members whose client and peer addresses are encrypted. */
@Timeout(180)
final class ServerTlsTest {
    private static final Security AUTO =
            new Security(TlsFiles.NONE, true, TlsFiles.NONE, true, 1, TlsRange.DEFAULT);

    @TempDir Path directory;

    private final Map<String, MemberUrl> peers = new TreeMap<>();
    private final List<EtcdServer> servers = new ArrayList<>();

    @AfterEach
    void closeAll() {
        servers.reversed().forEach(EtcdServer::close);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "http2"})
    @Tag("TL-04")
    @Tag("TL-07")
    @Tag("TL-08")
    @Tag("TL-16")
    @Tag("DD-02")
    @Tag("FL-62")
    @Tag("FL-69")
    @Tag("SD-10")
    void membersThatMakeTheirCertificatesFoundAClusterAndAreJoined(String transport)
            throws Exception {
        for (String name : List.of("a", "b", "c")) peers.put(name, reserve("https"));
        for (String name : List.copyOf(peers.keySet())) start(name, false, transport);
        for (EtcdServer server : servers) server.ready().get(60, TimeUnit.SECONDS);
        try (Client client = client("a", servers.get(0))) {
            client.kv().put("key", "value");
            peers.put("d", reserve("https"));
            client.cluster().add(List.of(peers.get("d").text()), true);
        }
        // It asks for the members over TLS, too.
        EtcdServer joined = start("d", true, transport);
        joined.ready().get(60, TimeUnit.SECONDS);
        promote(joined.node().memberId());
        try (Client client = client("d", joined)) {
            // Before it answers, it has applied that it is promoted, which another member said.
            assertEquals("value", client.kv().get("key").get().getValue().toStringUtf8());
            assertFalse(joined.node().status().learner());
        }
        String page = page("a", servers.get(0).clientUrls().getFirst(), "/version");
        assertTrue(page.startsWith("{\"etcdserver\":\""), page);
        for (String file :
                List.of("peer/cert.pem", "peer/key.pem", "client/cert.pem", "client/key.pem")) {
            assertTrue(Files.exists(directory.resolve("a/fixtures").resolve(file)), file);
        }
    }

    /** Takes the ten seconds that a handshake may take. */
    @Test
    @Tag("TL-18")
    void whoSaysNothingIsCutOffAndWhoHasShakenHandsIsNot(@TempDir Path sockets) throws Exception {
        peers.put("a", reserve("https"));
        Path file = sockets.resolve("a");
        String urls = "https://127.0.0.1:0,unixs://" + file;
        EtcdServer server = EtcdServer.start(config("a", false, "tcp", urls, AUTO));
        servers.add(server);
        server.ready().get(60, TimeUnit.SECONDS);
        MemberUrl url = server.clientUrls().getFirst();
        Path trusted = directory.resolve("a/fixtures/client/cert.pem");
        try (SSLSocket shaken =
                        (SSLSocket)
                                Tls.trusting(trusted)
                                        .context()
                                        .getSocketFactory()
                                        .createSocket(url.host(), url.port());
                Socket client = new Socket(url.host(), url.port());
                Socket local =
                        new ChannelSocket(SocketChannel.open(UnixDomainSocketAddress.of(file)));
                Socket peer = new Socket("127.0.0.1", peers.get("a").port())) {
            shaken.startHandshake();
            // The beginning of a record that says it is longer.
            client.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1});
            long start = System.nanoTime();
            for (Socket silent : List.of(client, local, peer)) {
                silent.setSoTimeout(60_000);
                assertEnds(silent);
            }
            // It has been there for longer than those.
            assertTrue(System.nanoTime() - start > TimeUnit.SECONDS.toNanos(9));
            shaken.setSoTimeout(60_000);
            shaken.getOutputStream()
                    .write(
                            "GET /version HTTP/1.1\r\nHost: a\r\n\r\n"
                                    .getBytes(StandardCharsets.UTF_8));
            String answer =
                    new String(shaken.getInputStream().readNBytes(15), StandardCharsets.UTF_8);
            assertEquals("HTTP/1.1 200 OK", answer);
        }
    }

    /** By an end or by a reset, but not by our own timeout. */
    private static void assertEnds(Socket socket) throws IOException {
        try {
            socket.getInputStream().readAllBytes();
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException reset) {
            // The member had not read all that we sent.
        }
    }

    @Test
    @Tag("TL-01")
    void addressesThatAskForKeysWithoutAnyEndTheStart() throws Exception {
        peers.put("a", reserve("https"));
        ConfigException peer =
                assertThrows(
                        ConfigException.class,
                        () -> EtcdServer.start(config("a", false, "tcp", "http", Security.NONE)));
        assertTrue(
                peer.getMessage()
                        .startsWith(
                                "cannot listen on TLS for "
                                        + peers.get("a").hostPort()
                                        + ": KeyFile and CertFile are not presented"),
                peer.getMessage());
        peers.put("a", reserve("http"));
        ConfigException client =
                assertThrows(
                        ConfigException.class,
                        () -> EtcdServer.start(config("a", false, "tcp", "https", Security.NONE)));
        assertEquals(
                "TLS key/cert (--cert-file, --key-file) must be provided for client url"
                        + " https://127.0.0.1:0 with HTTPS scheme",
                client.getMessage());
    }

    /** Through a follower, which asks the leader over TLS. */
    private void promote(long learner) {
        List<String> names = List.of("a", "b", "c");
        int follower = servers.get(0).node().leader() == servers.get(0).node().memberId() ? 1 : 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        try (Client client = client(names.get(follower), servers.get(follower))) {
            while (true) {
                try {
                    client.cluster().promote(learner);
                    return;
                } catch (StatusRuntimeException e) {
                    String passing =
                            "etcdserver: can only promote a learner member which is in sync with"
                                    + " leader";
                    boolean passes = passing.equals(e.getStatus().getDescription());
                    if (!passes || System.nanoTime() - end > 0) throw e;
                }
            }
        }
    }

    private EtcdServer start(String name, boolean existing, String transport) {
        EtcdServer server = EtcdServer.start(config(name, existing, transport, "https", AUTO));
        servers.add(server);
        return server;
    }

    private Client client(String name, EtcdServer server) {
        Path trusted = directory.resolve(name + "/fixtures/client/cert.pem");
        return Client.connect(
                ClientConfig.of(server.clientUrls().getFirst().text())
                        .withTls(Tls.trusting(trusted)));
    }

    private String page(String name, MemberUrl url, String path) throws Exception {
        Path trusted = directory.resolve(name + "/fixtures/client/cert.pem");
        HttpsURLConnection connection =
                (HttpsURLConnection) URI.create(url.text() + path).toURL().openConnection();
        connection.setSSLSocketFactory(Tls.trusting(trusted).context().getSocketFactory());
        try (InputStream in = connection.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static MemberUrl reserve(String scheme) throws IOException {
        return MemberUrl.parse(scheme + "://127.0.0.1:" + FreePorts.next());
    }

    private ServerConfig config(
            String name, boolean existing, String transport, String clients, Security security) {
        List<String> pairs = new ArrayList<>();
        peers.forEach((member, url) -> pairs.add(member + "=" + url));
        List<MemberUrl> own = List.of(peers.get(name));
        List<MemberUrl> client =
                MemberUrl.parseList(clients.contains(":") ? clients : clients + "://127.0.0.1:0");
        return new ServerConfig(
                name,
                directory.resolve(name),
                Optional.empty(),
                new Addresses(own, client, List.of(), own, client),
                new Bootstrap(String.join(",", pairs), existing, "t"),
                Raft.DEFAULT,
                Limits.DEFAULT,
                Upkeep.DEFAULT,
                Storage.of("file"),
                Mount.CORE,
                new Cluster(transport, Map.of(), false, 1, false, true),
                Web.ANYBODY,
                security,
                ServerConfig.Auth.DEFAULT,
                ServerConfig.Machine.DEFAULT,
                List.of());
    }
}
