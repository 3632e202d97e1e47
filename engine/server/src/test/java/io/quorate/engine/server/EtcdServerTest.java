package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.engine.server.ServerConfig.Addresses;
import io.quorate.engine.server.ServerConfig.Bootstrap;
import io.quorate.engine.server.ServerConfig.Limits;
import io.quorate.engine.server.ServerConfig.Mount;
import io.quorate.engine.server.ServerConfig.Raft;
import io.quorate.engine.server.ServerConfig.Storage;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Whole members in this process, on ports that the system chooses. */
@Timeout(120)
class EtcdServerTest {
    private static final List<MemberUrl> ANY_PORT = MemberUrl.parseList("http://127.0.0.1:0");
    private static final List<MemberUrl> ADVERTISED = MemberUrl.parseList("http://127.0.0.1:2380");

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(Mount.class)
    void aMemberServesGrpcAndHttpOnOnePort(Mount mount) throws Exception {
        try (EtcdServer server = EtcdServer.start(config("memory", ANY_PORT, mount))) {
            server.ready().get(60, TimeUnit.SECONDS);
            put(server, "a", "b");
            assertEquals("b", get(server, "a"));
            assertTrue(page(server, "/version").startsWith("{\"etcdserver\":\"3.7."));
            assertTrue(page(server, "/health").contains("\"true\""));
            assertTrue(page(server, "/metrics").contains("etcd_server_has_leader 1"));
        }
    }

    @Test
    @Tag("DD-03")
    void whatWasWrittenIsThereAfterARestartAndForItsOwnerOnly() throws Exception {
        ServerConfig config = config("file", ANY_PORT, Mount.CORE);
        try (EtcdServer server = EtcdServer.start(config)) {
            server.ready().get(60, TimeUnit.SECONDS);
            put(server, "a", "b");
        }
        for (Path folder : List.of(config.dataDir(), config.logDir(), config.stateDir())) {
            assertEquals(
                    "rwx------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
        }
        try (EtcdServer server = EtcdServer.start(config)) {
            server.ready().get(60, TimeUnit.SECONDS);
            assertEquals("b", get(server, "a"));
        }
    }

    @Test
    void closeEndsTheMemberAndFreesItsPorts() throws Exception {
        EtcdServer server = EtcdServer.start(config("memory", ANY_PORT, Mount.CORE));
        server.ready().get(60, TimeUnit.SECONDS);
        MemberUrl url = server.clientUrls().getFirst();
        server.close();
        server.close();
        server.terminated().get(60, TimeUnit.SECONDS);
        Listener.probe(List.of(url), false);
    }

    /** The next process of a member often starts before the last one has ended; it waits. */
    @Test
    @Tag("DD-08")
    void whoFindsItsDirectoryInUseWaitsSaysSoAndGoesOn() throws Exception {
        CompletableFuture<Void> said = new CompletableFuture<>();
        Handler handler =
                new Handler() {
                    @Override
                    public void publish(LogRecord line) {
                        if (line.getMessage()
                                .equals(
                                        "db file is flocked by another process, or taking too"
                                                + " long")) {
                            said.complete(null);
                        }
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Logger logger = Logger.getLogger("io.quorate.engine.server");
        logger.addHandler(handler);
        EtcdServer first = EtcdServer.start(config("file", ANY_PORT, Mount.CORE));
        try (first) {
            first.ready().get(60, TimeUnit.SECONDS);
            put(first, "key", "value");
            CompletableFuture<EtcdServer> second = new CompletableFuture<>();
            Thread.ofVirtual()
                    .start(() ->
                            second.complete(
                                    EtcdServer.start(config("file", ANY_PORT, Mount.CORE))));
            said.get(60, TimeUnit.SECONDS);
            assertFalse(second.isDone());
            first.close();
            try (EtcdServer waited = second.get(60, TimeUnit.SECONDS)) {
                waited.ready().get(60, TimeUnit.SECONDS);
                assertEquals("value", get(waited, "key"));
            }
        } finally {
            logger.removeHandler(handler);
        }
    }

    @Test
    void aBrokenDiskEndsTheMember() throws Exception {
        EtcdServer server = EtcdServer.start(config("memory", ANY_PORT, Mount.CORE));
        try (server) {
            server.ready().get(60, TimeUnit.SECONDS);
            IllegalStateException broken = new IllegalStateException("disk");
            server.node().fail(broken);
            Exception ended =
                    assertThrows(
                            Exception.class, () -> server.terminated().get(60, TimeUnit.SECONDS));
            assertEquals(broken, ended.getCause());
        }
    }

    @Test
    @Tag("EX-10")
    void anAddressInUseIsRefusedBeforeAnythingIsWritten() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            List<MemberUrl> urls = MemberUrl.parseList("http://" + address);
            assertEquals(
                    "listen tcp " + address + ": bind: address already in use",
                    refused(config("file", urls, Mount.CORE)));
        }
        assertFalse(Files.exists(directory.resolve("data")));
    }

    @Test
    @Tag("EX-04")
    void aClusterWithoutThisMemberIsRefusedBeforeAnythingIsWritten() {
        ServerConfig config =
                with(
                        config("file", ANY_PORT, Mount.CORE),
                        new Bootstrap("b=http://127.0.0.1:2380", false, "t"));
        assertEquals(
                "couldn't find local name \"a\" in the initial cluster configuration",
                refused(config));
        assertFalse(Files.exists(config.dataDir()));
    }

    @Test
    void theDataOfAnEtcdIsNotTouched() throws IOException {
        ServerConfig config = config("file", ANY_PORT, Mount.CORE);
        Files.createDirectories(config.memberDir().resolve("snap"));
        assertTrue(refused(config).contains("was written by etcd"));
        assertFalse(Files.exists(config.logDir()));
    }

    @Test
    @Tag("DD-04")
    void theDataOfAProxyIsRefused() throws IOException {
        ServerConfig config = config("file", ANY_PORT, Mount.CORE);
        Files.createDirectories(config.dataDir().resolve("proxy"));
        Files.createDirectories(config.memberDir());
        assertEquals("invalid datadir; both member and proxy directories exist", refused(config));
    }

    @Test
    void aFileInThePlaceOfTheDirectoryIsRefused() throws IOException {
        Files.writeString(directory.resolve("data"), "");
        assertEquals(
                "failed to list data directory " + directory.resolve("data") + ": not a directory",
                refused(config("file", ANY_PORT, Mount.CORE)));
    }

    @Test
    void aPluginThatKeepsNothingDoesNotHideTheDataOfAnother() throws Exception {
        try (EtcdServer server = EtcdServer.start(config("file", ANY_PORT, Mount.CORE))) {
            server.ready().get(60, TimeUnit.SECONDS);
        }
        assertTrue(
                refused(config("memory", ANY_PORT, Mount.CORE))
                        .contains("holds data, which plugin \"memory\" cannot read"));
    }

    @Test
    void whatAnAddressNeedsIsNamed() {
        for (String secure : List.of("https://127.0.0.1:0", "unixs:///x")) {
            assertTrue(
                    refused(config("memory", MemberUrl.parseList(secure), Mount.CORE))
                            .startsWith(
                                    "TLS key/cert (--cert-file, --key-file) must be provided for"
                                            + " client url "
                                            + secure));
        }
        Path nowhere = directory.resolve("nowhere").resolve("socket");
        assertEquals(
                "listen unix " + nowhere + ": bind: no such file or directory",
                refused(config("memory", MemberUrl.parseList("unix://" + nowhere), Mount.CORE)));
    }

    private ServerConfig config(String plugin, List<MemberUrl> clients, Mount mount) {
        return config(directory.resolve("data"), plugin, clients, mount);
    }

    /** Member "a" on ports that the system chooses, of a cluster that is advertised elsewhere. */
    static ServerConfig config(Path dataDir, String plugin) {
        return config(dataDir, plugin, ANY_PORT, Mount.CORE);
    }

    private static ServerConfig config(
            Path dataDir, String plugin, List<MemberUrl> clients, Mount mount) {
        return new ServerConfig(
                "a",
                dataDir,
                Optional.empty(),
                new Addresses(ANY_PORT, clients, List.of(), ADVERTISED, ADVERTISED),
                new Bootstrap("a=http://127.0.0.1:2380", false, "t"),
                Raft.DEFAULT,
                Limits.DEFAULT,
                Storage.of(plugin),
                mount);
    }

    private static ServerConfig with(ServerConfig config, Bootstrap bootstrap) {
        return new ServerConfig(
                config.name(),
                config.dataDir(),
                config.walDir(),
                config.addresses(),
                bootstrap,
                config.raft(),
                config.limits(),
                config.storage(),
                config.mount());
    }

    private static String refused(ServerConfig config) {
        return assertThrows(ConfigException.class, () -> EtcdServer.start(config)).getMessage();
    }

    private static void put(EtcdServer server, String key, String value) throws Exception {
        ManagedChannel channel = channel(server);
        try {
            KVGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .put(
                            PutRequest.newBuilder()
                                    .setKey(ByteString.copyFromUtf8(key))
                                    .setValue(ByteString.copyFromUtf8(value))
                                    .build());
        } finally {
            channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    private static String get(EtcdServer server, String key) throws Exception {
        ManagedChannel channel = channel(server);
        try {
            return KVGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .range(RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build())
                    .getKvs(0)
                    .getValue()
                    .toStringUtf8();
        } finally {
            channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
    }

    private static ManagedChannel channel(EtcdServer server) {
        MemberUrl url = server.clientUrls().getFirst();
        return NettyChannelBuilder.forAddress(url.host(), url.port()).usePlaintext().build();
    }

    private static String page(EtcdServer server, String path) throws IOException {
        URI uri = URI.create(server.clientUrls().getFirst() + path);
        try (InputStream body = uri.toURL().openStream()) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
