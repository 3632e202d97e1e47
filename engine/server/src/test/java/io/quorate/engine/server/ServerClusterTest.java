package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.AuthEnableRequest;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthUserAddRequest;
import io.quorate.api.proto.AuthUserGrantRoleRequest;
import io.quorate.api.proto.AuthenticateRequest;
import io.quorate.api.proto.ClusterGrpc;
import io.quorate.api.proto.KVGrpc;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.api.proto.MaintenanceGrpc;
import io.quorate.api.proto.Member;
import io.quorate.api.proto.MemberAddRequest;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.MemberPromoteRequest;
import io.quorate.api.proto.MemberRemoveRequest;
import io.quorate.api.proto.MemberUpdateRequest;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.SnapshotRequest;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.StatusResponse;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.WatchGrpc;
import io.quorate.api.proto.WatchRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.engine.node.MemberIds;
import io.quorate.engine.node.Upkeep;
import io.quorate.engine.node.Upkeep.CorruptCheck;
import io.quorate.engine.server.ServerConfig.Addresses;
import io.quorate.engine.server.ServerConfig.Bootstrap;
import io.quorate.engine.server.ServerConfig.Cluster;
import io.quorate.engine.server.ServerConfig.Limits;
import io.quorate.engine.server.ServerConfig.Mount;
import io.quorate.engine.server.ServerConfig.Raft;
import io.quorate.engine.server.ServerConfig.Storage;
import io.quorate.engine.state.Alarm;
import io.quorate.engine.state.Keyspaces;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Whole members in this process that find each other over real sockets. */
@Timeout(180)
class ServerClusterTest {
    private static final Raft QUICK =
            new Raft(10_000, 5_000, Duration.ofMillis(50), Duration.ofSeconds(1), true, true);

    @TempDir Path directory;

    private final Map<String, MemberUrl> peers = new TreeMap<>();
    private String transport = Cluster.DEFAULT_TRANSPORT;
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable closeable : open.reversed()) closeable.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "http2"})
    @Tag("CS-01")
    @Tag("CL-09")
    @Tag("PE-01")
    @Tag("PE-07")
    @Tag("PE-10")
    @Tag("PE-16")
    @Tag("HT-02")
    void threeMembersFoundAClusterAndAnyOfThemServes(String plugin) throws Exception {
        transport = plugin;
        List<EtcdServer> servers = found("a", "b", "c");
        put(servers.get(0), "key", "value");
        for (EtcdServer server : servers) {
            assertEquals("value", get(server, "key"));
            assertEquals(3, members(server).size());
            members(server).forEach(member -> assertEquals(1, member.getClientURLsCount()));
        }
        String page = page(peers.get("a"), "/members");
        assertTrue(page.startsWith("[{\"id\":"), page);
        assertTrue(page(peers.get("b"), "/version").contains("\"etcdcluster\":\"3.7.0\""));
        assertTrue(page(peers.get("b"), "/raft/probing").startsWith("{\"OK\":true,"));
        nothingForClientsAt(peers.get("c"));
    }

    /** The addresses of peers serve raft, and pages of their own. */
    private void nothingForClientsAt(MemberUrl peer) {
        for (String path : List.of("/health", "/metrics", "/v3/kv/range", "/v2/keys")) {
            assertThrows(IOException.class, () -> page(peer, path), path);
        }
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(peer.host(), peer.port()).usePlaintext().build();
        open.add(channel::shutdownNow);
        assertThrows(
                StatusRuntimeException.class,
                () ->
                        KVGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(20, TimeUnit.SECONDS)
                                .range(
                                        RangeRequest.newBuilder()
                                                .setKey(ByteString.copyFromUtf8("key"))
                                                .setSerializable(true)
                                                .build()));
    }

    @Test
    @Tag("EX-06")
    @Tag("EX-13")
    void memberThatLostItsDataDoesNotFoundTheClusterAnew() throws Exception {
        List<EtcdServer> servers = found("a", "b", "c");
        servers.get(2).close();
        ConfigException refused =
                assertThrows(
                        ConfigException.class,
                        () -> EtcdServer.start(config("c", "again", false, Cluster.DEFAULT)));
        assertTrue(
                refused.getMessage().endsWith(" has already been bootstrapped"),
                refused.getMessage());
    }

    /** Killed after the log was named and before anything was in it, a member starts once more. */
    @Test
    @Tag("CS-03")
    @Tag("RC-09")
    void aFirstStartThatWasCutOffIsMadeAgain() throws Exception {
        for (String name : List.of("a", "b", "c")) reserve(name);
        Map<String, List<String>> urls = new TreeMap<>();
        peers.forEach((name, url) -> urls.put(name, List.of(url.text())));
        long clusterId =
                MemberIds.cluster(
                        MemberIds.founders(urls, "t").stream()
                                .map(io.quorate.engine.state.Member::id)
                                .toList());
        for (String name : List.of("a", "b", "c")) {
            nameTheLog(config(name, name, false, Cluster.DEFAULT), clusterId, urls.get(name));
        }
        List<EtcdServer> servers = found("a", "b", "c");
        put(servers.get(0), "key", "value");

        MemberUrl url = reserve("d");
        AtomicLong id = new AtomicLong();
        once(
                "etcdserver: unhealthy cluster",
                () ->
                        id.set(
                                cluster(servers.get(0))
                                        .memberAdd(
                                                MemberAddRequest.newBuilder()
                                                        .addPeerURLs(url.text())
                                                        .build())
                                        .getMember()
                                        .getID()));
        nameTheLog(config("d", "d", true, Cluster.DEFAULT), new Identity(clusterId, id.get()));
        EtcdServer joined = start(config("d", "d", true, Cluster.DEFAULT));
        joined.ready().get(60, TimeUnit.SECONDS);
        assertEquals(id.get(), joined.node().memberId());
        assertEquals("value", get(joined, "key"));
    }

    private static void nameTheLog(ServerConfig config, long clusterId, List<String> urls) {
        nameTheLog(config, new Identity(clusterId, MemberIds.member(urls, "t")));
    }

    private static void nameTheLog(ServerConfig config, Identity identity) {
        PluginRegistry plugins = PluginRegistry.load(config.storage().plugins());
        Stores stores =
                Stores.open(
                        config.storage(),
                        DataDirectory.inspect(config),
                        plugins,
                        (timing, nanos) -> {},
                        failure -> {});
        stores.log().initialize(identity);
        stores.abandon();
    }

    /** Two clusters at one address: each says so, and neither ends. */
    @Test
    @Tag("EX-08")
    void membersOfAnotherClusterAreToldApartAndNobodyEnds() throws Exception {
        List<EtcdServer> servers = found("a", "b", "c");
        servers.get(2).close();
        Set<String> told = ConcurrentHashMap.newKeySet();
        Handler handler = listening(told);
        Logger logger = Logger.getLogger("io.quorate.engine.node");
        logger.addHandler(handler);
        try {
            ServerConfig usual = config("c", "other", false, Cluster.DEFAULT);
            String founders = usual.bootstrap().initialCluster();
            EtcdServer stranger =
                    start(
                            new ServerConfig(
                                    usual.name(),
                                    usual.dataDir(),
                                    usual.walDir(),
                                    usual.addresses(),
                                    new Bootstrap(founders, false, "another-token"),
                                    usual.raft(),
                                    usual.limits(),
                                    usual.upkeep(),
                                    usual.storage(),
                                    usual.mount(),
                                    usual.cluster()));
            await(() ->
                    told.contains("request cluster ID mismatch")
                            && told.contains(
                                    "request sent was ignored by remote peer due to cluster ID"
                                            + " mismatch"));
            put(servers.get(0), "key", "value");
            assertEquals("value", get(servers.get(1), "key"));
            assertFalse(stranger.terminated().isDone());
        } finally {
            logger.removeHandler(handler);
        }
    }

    private static Handler listening(Set<String> told) {
        return new Handler() {
            @Override
            public void publish(LogRecord line) {
                told.add(line.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }

    @Test
    @Tag("CS-02")
    @Tag("EX-07")
    @Tag("RC-09")
    void whoJoinsMustKnowTheMembers() throws Exception {
        reserve("a");
        reserve("d");
        ConfigException nobody =
                assertThrows(
                        ConfigException.class,
                        () -> EtcdServer.start(config("d", "d", true, Cluster.DEFAULT)));
        assertTrue(
                nobody.getMessage().startsWith("cannot fetch cluster info from peer urls"),
                nobody.getMessage());
        peers.remove("d");
        found("a");
        reserve("d");
        ConfigException notAdded =
                assertThrows(
                        ConfigException.class,
                        () -> EtcdServer.start(config("d", "d", true, Cluster.DEFAULT)));
        assertTrue(
                notAdded.getMessage().endsWith("member count is unequal"), notAdded.getMessage());
    }

    @Test
    @Tag("RC-06")
    @Tag("CL-01")
    @Tag("CL-10")
    @Tag("CL-11")
    @Tag("CL-14")
    @Tag("RC-05")
    @Tag("RC-09")
    @Tag("EX-03")
    @Tag("GS-13")
    @Tag("ER-55")
    void learnerJoinsIsPromotedAndRemoved() throws Exception {
        EtcdServer first = found("a").getFirst();
        put(first, "key", "value");
        MemberUrl url = reserve("b");
        Member added =
                cluster(first)
                        .memberAdd(
                                MemberAddRequest.newBuilder()
                                        .addPeerURLs(url.text())
                                        .setIsLearner(true)
                                        .build())
                        .getMember();
        assertEquals("", added.getName());
        refused(
                "etcdserver: too many learner members in cluster",
                Status.Code.FAILED_PRECONDITION,
                () ->
                        cluster(first)
                                .memberAdd(
                                        MemberAddRequest.newBuilder()
                                                .addPeerURLs("http://127.0.0.1:1")
                                                .setIsLearner(true)
                                                .build()));
        EtcdServer second = start(config("b", "b", true, Cluster.DEFAULT));
        second.ready().get(60, TimeUnit.SECONDS);
        assertTrue(second.node().status().learner());
        learnerServesLittle(second);
        once(
                "etcdserver: can only promote a learner member which is in sync with leader",
                () ->
                        cluster(first)
                                .memberPromote(
                                        MemberPromoteRequest.newBuilder()
                                                .setID(added.getID())
                                                .build()));
        assertEquals(2, members(first).size());
        await(() -> !second.node().isLearner());
        refused(
                "etcdserver: can only promote a learner member",
                Status.Code.FAILED_PRECONDITION,
                () ->
                        cluster(second)
                                .memberPromote(
                                        MemberPromoteRequest.newBuilder()
                                                .setID(added.getID())
                                                .build()));
        put(second, "key", "other");
        assertEquals("other", get(first, "key"));
        // RC-03: the two must have been connected for five seconds.
        once(
                "etcdserver: unhealthy cluster",
                () ->
                        cluster(first)
                                .memberRemove(
                                        MemberRemoveRequest.newBuilder()
                                                .setID(added.getID())
                                                .build()));
        second.terminated().get(60, TimeUnit.SECONDS);
        put(first, "key", "alone");
        // On its old data it hears the same again, and ends in order again.
        EtcdServer again = start(config("b", "b", true, Cluster.DEFAULT));
        again.terminated().get(60, TimeUnit.SECONDS);
    }

    /** Somebody writes all the time, and nobody who was removed is ever a member again. */
    @Test
    @Tag("T15")
    void membersComeAndGoUnderWritesAndNobodyRemovedComesBack() throws Exception {
        List<EtcdServer> servers = new ArrayList<>(found("a", "b", "c"));
        await(() -> servers.stream().allMatch(server -> server.node().leader() != 0));
        EtcdServer leader = leaderOf(servers);
        int place = servers.indexOf(leader);
        String name = List.of("a", "b", "c").get(place);
        EtcdServer stays = servers.get((place + 1) % 3);
        AtomicBoolean over = new AtomicBoolean();
        var kv = KVGrpc.newBlockingStub(channel(stays));
        CompletableFuture<Integer> writer =
                CompletableFuture.supplyAsync(() -> writeUntil(over, kv));

        AtomicLong id = new AtomicLong();
        once("etcdserver: unhealthy cluster", () -> id.set(learner(stays, "http://127.0.0.1:1")));
        MemberUrl url = reserve("d");
        cluster(stays)
                .memberUpdate(
                        MemberUpdateRequest.newBuilder()
                                .setID(id.get())
                                .addPeerURLs(url.text())
                                .build());
        Member updated =
                members(stays).stream().filter(m -> m.getID() == id.get()).findFirst().get();
        assertTrue(updated.getIsLearner());
        assertEquals(List.of(url.text()), updated.getPeerURLsList());
        MemberPromoteRequest promotion = MemberPromoteRequest.newBuilder().setID(id.get()).build();
        String behind =
                "etcdserver: can only promote a learner member which is in sync with leader";
        refused(
                behind,
                Status.Code.FAILED_PRECONDITION,
                () -> cluster(stays).memberPromote(promotion));
        EtcdServer joined = start(config("d", "d", true, Cluster.DEFAULT));
        joined.ready().get(60, TimeUnit.SECONDS);
        once(behind, () -> cluster(stays).memberPromote(promotion));

        long removed = leader.node().memberId();
        MemberRemoveRequest removal = MemberRemoveRequest.newBuilder().setID(removed).build();
        once("etcdserver: unhealthy cluster", () -> cluster(stays).memberRemove(removal));
        leader.terminated().get(60, TimeUnit.SECONDS);
        EtcdServer zombie = start(config(name, name, false, Cluster.DEFAULT));
        zombie.terminated().get(60, TimeUnit.SECONDS);

        once("etcdserver: unhealthy cluster", () -> add(stays, peers.get(name).text()));
        EtcdServer again = start(config(name, "again", true, Cluster.DEFAULT));
        again.ready().get(60, TimeUnit.SECONDS);
        over.set(true);
        int written = writer.get(60, TimeUnit.SECONDS);

        servers.set(place, again);
        servers.add(joined);
        for (EtcdServer server : servers) {
            assertEquals("x", get(server, "w" + (written - 1)));
            List<Member> members = members(server);
            assertEquals(4, members.size());
            assertTrue(members.stream().noneMatch(m -> m.getIsLearner() || m.getID() == removed));
        }
        await(() ->
                servers.stream().map(s -> s.node().state().hashKv(0).hash()).distinct().count()
                        == 1);
    }

    /** What is not answered is written again. */
    private static int writeUntil(AtomicBoolean over, KVGrpc.KVBlockingStub kv) {
        int written = 0;
        while (!over.get() || written == 0) {
            try {
                PutRequest.Builder put =
                        PutRequest.newBuilder().setValue(ByteString.copyFromUtf8("x"));
                kv.withDeadlineAfter(20, TimeUnit.SECONDS)
                        .put(put.setKey(ByteString.copyFromUtf8("w" + written)).build());
                written++;
            } catch (StatusRuntimeException nobodyLeads) {
                assertTrue(
                        Set.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED)
                                .contains(nobodyLeads.getStatus().getCode()),
                        nobodyLeads::toString);
            }
        }
        return written;
    }

    private void learnerServesLittle(EtcdServer learner) {
        RangeRequest stale =
                RangeRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8("key"))
                        .setSerializable(true)
                        .build();
        var kv = KVGrpc.newBlockingStub(channel(learner)).withDeadlineAfter(60, TimeUnit.SECONDS);
        assertEquals("value", kv.range(stale).getKvs(0).getValue().toStringUtf8());
        var maintenance =
                MaintenanceGrpc.newBlockingStub(channel(learner))
                        .withDeadlineAfter(60, TimeUnit.SECONDS);
        assertTrue(maintenance.status(StatusRequest.getDefaultInstance()).getIsLearner());
        assertTrue(maintenance.snapshot(SnapshotRequest.getDefaultInstance()).hasNext());
        for (Call call :
                List.<Call>of(
                        () -> get(learner, "key"),
                        () -> put(learner, "key", "x"),
                        () -> kv.rangeStream(stale).next(),
                        () -> members(learner),
                        () ->
                                LeaseGrpc.newBlockingStub(channel(learner))
                                        .leaseLeases(LeaseLeasesRequest.getDefaultInstance()))) {
            refused(
                    "etcdserver: rpc not supported for learner",
                    Status.Code.FAILED_PRECONDITION,
                    call);
        }
    }

    /** Makes a call again as long as it is refused for this reason, which is to pass. */
    private static void once(String passing, Call call) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try {
                call.make();
                return;
            } catch (StatusRuntimeException e) {
                boolean passes = passing.equals(e.getStatus().getDescription());
                if (!passes || System.nanoTime() - deadline > 0) throw e;
            }
        }
    }

    @Test
    @Tag("CL-02")
    @Tag("CL-03")
    @Tag("CL-04")
    @Tag("CL-07")
    @Tag("RC-02")
    @Tag("ER-18")
    @Tag("ER-19")
    void changesThatEndangerTheClusterAreRefusedWithEtcdsWords() throws Exception {
        EtcdServer first = found("a").getFirst();
        for (String bad : List.of("127.0.0.1:1", "ftp://a:1", "http://a", "http://a:1/x")) {
            refused(
                    "etcdserver: given member URLs are invalid",
                    Status.Code.INVALID_ARGUMENT,
                    () -> add(first, bad));
        }
        refused(
                "etcdserver: Peer URLs already exists",
                Status.Code.FAILED_PRECONDITION,
                () -> add(first, peers.get("a").text()));
        refused(
                "etcdserver: member not found",
                Status.Code.NOT_FOUND,
                () ->
                        cluster(first)
                                .memberUpdate(
                                        MemberUpdateRequest.newBuilder()
                                                .setID(7)
                                                .addPeerURLs("http://127.0.0.1:1")
                                                .build()));
        // A cluster of one may grow, but not again before the second has started.
        add(first, "http://127.0.0.1:1");
        refused(
                "etcdserver: re-configuration failed due to not enough started members",
                Status.Code.UNKNOWN,
                () -> add(first, "http://127.0.0.1:2"));
    }

    /** A follower passes the caller's token on, and the leader judges again. */
    @Test
    @Tag("CL-10")
    @Tag("CL-13")
    @Tag("PE-02")
    void aFollowerHasALearnerPromotedForWhoeverMay() throws Exception {
        List<EtcdServer> servers = found("a", "b", "c");
        await(() -> servers.stream().allMatch(server -> server.node().leader() != 0));
        EtcdServer follower =
                servers.stream().filter(s -> s != leaderOf(servers)).findFirst().orElseThrow();
        MemberUrl url = reserve("d");
        AtomicLong id = new AtomicLong();
        once(
                "etcdserver: unhealthy cluster",
                () ->
                        id.set(
                                cluster(follower)
                                        .memberAdd(
                                                MemberAddRequest.newBuilder()
                                                        .addPeerURLs(url.text())
                                                        .setIsLearner(true)
                                                        .build())
                                        .getMember()
                                        .getID()));
        EtcdServer learner = start(config("d", "d", true, Cluster.DEFAULT));
        learner.ready().get(60, TimeUnit.SECONDS);
        AuthGrpc.AuthBlockingStub auth =
                AuthGrpc.newBlockingStub(channel(follower)).withDeadlineAfter(60, TimeUnit.SECONDS);
        for (String user : List.of("root", "somebody")) {
            auth.userAdd(
                    AuthUserAddRequest.newBuilder().setName(user).setPassword("secret").build());
        }
        auth.userGrantRole(
                AuthUserGrantRoleRequest.newBuilder().setUser("root").setRole("root").build());
        auth.authEnable(AuthEnableRequest.getDefaultInstance());
        MemberPromoteRequest promote = MemberPromoteRequest.newBuilder().setID(id.get()).build();
        refused(
                "etcdserver: user name is empty",
                Status.Code.INVALID_ARGUMENT,
                () -> cluster(follower).memberPromote(promote));
        refused(
                "etcdserver: permission denied",
                Status.Code.PERMISSION_DENIED,
                () -> as("somebody", auth, cluster(follower)).memberPromote(promote));
        once(
                "etcdserver: can only promote a learner member which is in sync with leader",
                () -> as("root", auth, cluster(follower)).memberPromote(promote));
        await(() -> !learner.node().isLearner());
        refused(
                "etcdserver: can only promote a learner member",
                Status.Code.FAILED_PRECONDITION,
                () -> as("root", auth, cluster(follower)).memberPromote(promote));
    }

    private static ClusterGrpc.ClusterBlockingStub as(
            String user, AuthGrpc.AuthBlockingStub auth, ClusterGrpc.ClusterBlockingStub stub) {
        String token =
                auth.authenticate(
                                AuthenticateRequest.newBuilder()
                                        .setName(user)
                                        .setPassword("secret")
                                        .build())
                        .getToken();
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER), token);
        return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    @Test
    @Tag("PE-03")
    @Tag("SE-66")
    void aMemberThatHoldsSomethingElseDoesNotStart() throws Exception {
        List<EtcdServer> servers = found("a", "b", "c");
        put(servers.get(0), "key", "value");
        long guilty = servers.get(2).node().memberId();
        get(servers.get(2), "key");
        servers.get(2).close();
        forge(directory.resolve("c"));
        StorageException.Corruption refused =
                assertThrows(
                        StorageException.Corruption.class,
                        () ->
                                start(
                                        upkept(
                                                config("c", "c", false, Cluster.DEFAULT),
                                                new CorruptCheck(
                                                        true, Duration.ZERO, Duration.ZERO))));
        assertTrue(
                refused.getMessage()
                        .startsWith(
                                Long.toHexString(guilty) + " found data inconsistency with peers"),
                refused.getMessage());
    }

    /** The leader asks the others for their hashes, again and again. */
    @Test
    @Tag("PE-03")
    @Tag("SE-65")
    void theLeaderFindsWhoHoldsSomethingElse() throws Exception {
        for (String name : List.of("a", "b", "c")) reserve(name);
        List<EtcdServer> servers = new ArrayList<>();
        CorruptCheck often = new CorruptCheck(false, Duration.ofMillis(200), Duration.ZERO);
        for (String name : List.of("a", "b", "c")) {
            servers.add(start(upkept(config(name, name, false, Cluster.DEFAULT), often)));
        }
        for (EtcdServer server : servers) server.ready().get(60, TimeUnit.SECONDS);
        put(servers.get(0), "key", "value");
        get(servers.get(2), "key");
        long guilty = servers.get(2).node().memberId();
        servers.get(2).close();
        forge(directory.resolve("c"));
        start(upkept(config("c", "c", false, Cluster.DEFAULT), often));
        Alarm corrupt = new Alarm(guilty, Alarm.CORRUPT);
        await(() -> servers.get(0).node().state().alarms().contains(corrupt));
        assertEquals(Set.of(corrupt), Set.copyOf(servers.get(0).node().state().alarms()));
    }

    /** Changes the value of a key in the state of a member that is down. */
    private static void forge(Path dataDir) throws IOException {
        try (OfflineState offline =
                OfflineState.open(dataDir, Optional.empty(), Map.of(), Duration.ofSeconds(5))) {
            StateStore store = offline.store();
            WriteBatch batch = new WriteBatch();
            try (ReadView view = store.view();
                    Cursor rows = view.cursor(Keyspaces.KEY, null, null, false)) {
                assertTrue(rows.next());
                byte[] row = rows.value().clone();
                // The value is the last field of the row but perhaps one.
                row[new String(row, StandardCharsets.ISO_8859_1).indexOf("value")] = 'V';
                batch.put(Keyspaces.KEY, rows.key(), row);
            }
            store.commit(batch, store.applied(), StateStore.Durability.FORCE).join();
        }
    }

    /** Only the leader counts the time of leases, and every member answers for it. */
    @Test
    @Tag("LE-09")
    @Tag("LE-11")
    @Tag("SE-81")
    @Tag("PE-02")
    void leasesAreGrantedRenewedAndAskedForAtAnyMember() throws Exception {
        List<EtcdServer> servers = found("a", "b", "c");
        await(() -> servers.stream().allMatch(server -> server.node().leader() != 0));
        EtcdServer leader = leaderOf(servers);
        List<EtcdServer> followers = servers.stream().filter(s -> s != leader).toList();
        EtcdServer asked = followers.getFirst();
        long id = lease(asked).leaseGrant(grant(600)).getID();
        KVGrpc.newBlockingStub(channel(followers.getLast()))
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .put(
                        PutRequest.newBuilder()
                                .setKey(ByteString.copyFromUtf8("leased"))
                                .setLease(id)
                                .build());
        for (EtcdServer server : servers) {
            assertEquals(600, keepAlive(server, id));
            LeaseTimeToLiveResponse time = timeToLive(server, id);
            assertEquals(600, time.getGrantedTTL());
            assertTrue(time.getTTL() > 0 && time.getTTL() <= 600, time.toString());
            assertEquals("leased", time.getKeys(0).toStringUtf8());
            assertEquals(0, keepAlive(server, 77));
            assertEquals(-1, timeToLive(server, 77).getTTL());
        }
        // Asked while there is no leader, a member answers when there is one.
        leader.close();
        assertEquals(600, keepAlive(asked, id));
        assertEquals(600, timeToLive(followers.getLast(), id).getGrantedTTL());
    }

    private static EtcdServer leaderOf(List<EtcdServer> servers) {
        long leader = servers.getFirst().node().leader();
        return servers.stream()
                .filter(s -> s.node().memberId() == leader)
                .findFirst()
                .orElseThrow();
    }

    private LeaseGrpc.LeaseBlockingStub lease(EtcdServer server) {
        return LeaseGrpc.newBlockingStub(channel(server)).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private static LeaseGrantRequest grant(long seconds) {
        return LeaseGrantRequest.newBuilder().setTTL(seconds).build();
    }

    private LeaseTimeToLiveResponse timeToLive(EtcdServer server, long id) {
        return lease(server)
                .leaseTimeToLive(
                        LeaseTimeToLiveRequest.newBuilder().setID(id).setKeys(true).build());
    }

    private long keepAlive(EtcdServer server, long id) throws Exception {
        CompletableFuture<Long> ttl = new CompletableFuture<>();
        var requests =
                LeaseGrpc.newStub(channel(server))
                        .leaseKeepAlive(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(LeaseKeepAliveResponse answer) {
                                        ttl.complete(answer.getTTL());
                                    }

                                    @Override
                                    public void onError(Throwable failure) {
                                        ttl.completeExceptionally(failure);
                                    }

                                    @Override
                                    public void onCompleted() {}
                                });
        requests.onNext(LeaseKeepAliveRequest.newBuilder().setID(id).build());
        long seconds = ttl.get(60, TimeUnit.SECONDS);
        requests.onCompleted();
        return seconds;
    }

    /** A watch needs nobody but the member that is asked, which tells what it has applied. */
    @Test
    @Tag("WA-32")
    void aFollowerServesWatchesItself() throws Exception {
        List<EtcdServer> servers = found("a", "b");
        await(() -> servers.stream().allMatch(server -> server.node().leader() != 0));
        EtcdServer leader = leaderOf(servers);
        EtcdServer follower = servers.stream().filter(s -> s != leader).findFirst().orElseThrow();
        put(leader, "key", "before");
        get(follower, "key");
        BlockingQueue<WatchResponse> told = new LinkedBlockingQueue<>();
        var requests = WatchGrpc.newStub(channel(follower)).watch(into(told));
        requests.onNext(watch("key", 1));
        assertTrue(told.poll(60, TimeUnit.SECONDS).getCreated());
        assertEquals("before", value(told));
        put(leader, "key", "live");
        WatchResponse live = told.poll(60, TimeUnit.SECONDS);
        assertEquals("live", live.getEvents(0).getKv().getValue().toStringUtf8());
        assertEquals(follower.node().memberId(), live.getHeader().getMemberId());
        // Without a leader, and so without agreement, watches of the past are served.
        leader.close();
        await(() -> follower.node().leader() == 0);
        requests.onNext(watch("key", 1));
        assertTrue(told.poll(60, TimeUnit.SECONDS).getCreated());
        assertEquals("before", value(told));
        requests.onCompleted();
    }

    private static String value(BlockingQueue<WatchResponse> told) throws InterruptedException {
        return told.poll(60, TimeUnit.SECONDS).getEvents(0).getKv().getValue().toStringUtf8();
    }

    private static WatchRequest watch(String key, long from) {
        return WatchRequest.newBuilder()
                .setCreateRequest(
                        WatchCreateRequest.newBuilder()
                                .setKey(ByteString.copyFromUtf8(key))
                                .setStartRevision(from))
                .build();
    }

    private static StreamObserver<WatchResponse> into(BlockingQueue<WatchResponse> told) {
        return new StreamObserver<>() {
            @Override
            public void onNext(WatchResponse response) {
                told.add(response);
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {}
        };
    }

    /** What needs no agreement goes on: probes of local reads, and the status. */
    @Test
    @Tag("HT-04")
    @Tag("HT-06")
    @Tag("MA-09")
    @Tag("ME-23")
    @Tag("ME-24")
    @Tag("ME-25")
    @Tag("ME-26")
    @Tag("ME-44")
    void aMemberWithoutLeaderTellsSoAndReadsLocally() throws Exception {
        List<EtcdServer> servers = found("a", "b");
        EtcdServer left = servers.get(0);
        MemberUrl url = left.clientUrls().getFirst();
        assertEquals("{\"health\":\"true\",\"reason\":\"\"}", page(url, "/health"));
        String peer = Long.toHexString(servers.get(1).node().memberId());
        String local = Long.toHexString(left.node().memberId());
        String known = "\netcd_network_known_peers{Local=\"%s\",Remote=\"%s\"} 1\n";
        String metrics = page(url, "/metrics");
        assertTrue(metrics.contains(known.formatted(local, peer)), metrics);
        assertTrue(metrics.contains(known.formatted(local, local)), metrics);

        for (String row :
                List.of(
                        "etcd_network_peer_sent_bytes_total{To=\"%2$s\"} ",
                        "etcd_network_peer_received_bytes_total{From=\"%2$s\"} ",
                        "etcd_network_peer_round_trip_time_seconds_count{To=\"%2$s\"} ",
                        "etcd_network_active_peers{Local=\"%1$s\",Remote=\"%2$s\"} 1\n")) {
            assertTrue(metrics.contains("\n" + row.formatted(local, peer)), row + metrics);
        }

        servers.get(1).close();
        await(() -> left.node().leader() == 0);
        HttpURLConnection sick =
                (HttpURLConnection) URI.create(url.text() + "/health").toURL().openConnection();
        assertEquals(503, sick.getResponseCode());
        assertEquals(
                "{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}\n",
                new String(sick.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(
                "{\"health\":\"true\",\"reason\":\"\"}", page(url, "/health?serializable=true"));
        StatusResponse status =
                MaintenanceGrpc.newBlockingStub(channel(left))
                        .withDeadlineAfter(60, TimeUnit.SECONDS)
                        .status(StatusRequest.getDefaultInstance());
        assertEquals(0, status.getLeader());
        assertEquals(List.of("etcdserver: no leader"), status.getErrorsList());
    }

    @Test
    @Tag("CL-05")
    @Tag("ER-53")
    void nobodyIsAddedWhileAMemberIsAway() throws Exception {
        List<EtcdServer> servers = found("a", "b", "c");
        servers.get(2).close();
        EtcdServer first = servers.get(0);
        refused(
                "etcdserver: unhealthy cluster",
                Status.Code.UNAVAILABLE,
                () -> add(first, "http://127.0.0.1:1"));
    }

    @Test
    @Tag("RC-06")
    @Tag("CL-06")
    @Tag("ER-23")
    @Tag("SE-52")
    void oneLearnerAtATimeUnlessMoreAreAllowed() throws Exception {
        EtcdServer first = found("a").get(0);
        learner(first, "http://127.0.0.1:1");
        refused(
                "etcdserver: too many learner members in cluster",
                Status.Code.FAILED_PRECONDITION,
                () -> learner(first, "http://127.0.0.1:2"));
        first.close();
        Cluster two = new Cluster(transport, Map.of(), true, 2, false, true);
        EtcdServer again = start(config("a", "a", false, two));
        again.ready().get(60, TimeUnit.SECONDS);
        learner(again, "http://127.0.0.1:2");
        refused(
                "etcdserver: too many learner members in cluster",
                Status.Code.FAILED_PRECONDITION,
                () -> learner(again, "http://127.0.0.1:3"));
    }

    private long learner(EtcdServer at, String url) {
        return cluster(at)
                .memberAdd(
                        MemberAddRequest.newBuilder().addPeerURLs(url).setIsLearner(true).build())
                .getMember()
                .getID();
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - end < 0, "it never came to be");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    private interface Call {
        void make();
    }

    private static void refused(String text, Status.Code code, Call call) {
        Status status = assertThrows(StatusRuntimeException.class, call::make).getStatus();
        assertEquals(text, status.getDescription());
        assertEquals(code, status.getCode());
    }

    private void add(EtcdServer at, String url) {
        cluster(at).memberAdd(MemberAddRequest.newBuilder().addPeerURLs(url).build());
    }

    private List<EtcdServer> found(String... names) throws Exception {
        for (String name : names) if (!peers.containsKey(name)) reserve(name);
        List<EtcdServer> servers = new ArrayList<>();
        for (String name : names) servers.add(start(config(name, name, false, Cluster.DEFAULT)));
        for (EtcdServer server : servers) server.ready().get(60, TimeUnit.SECONDS);
        return servers;
    }

    private EtcdServer start(ServerConfig config) {
        EtcdServer server = EtcdServer.start(config);
        open.add(server);
        return server;
    }

    private MemberUrl reserve(String name) throws IOException {
        MemberUrl url = MemberUrl.parse("http://127.0.0.1:" + FreePorts.next());
        peers.put(name, url);
        return url;
    }

    private ServerConfig config(String name, String folder, boolean existing, Cluster cluster) {
        List<String> pairs = new ArrayList<>();
        peers.forEach((member, url) -> pairs.add(member + "=" + url));
        List<MemberUrl> own = List.of(peers.get(name));
        List<MemberUrl> clients = MemberUrl.parseList("http://127.0.0.1:0");
        return new ServerConfig(
                name,
                directory.resolve(folder),
                Optional.empty(),
                new Addresses(own, clients, List.of(), own, clients),
                new Bootstrap(String.join(",", pairs), existing, "t"),
                QUICK,
                Limits.DEFAULT,
                Upkeep.DEFAULT,
                Storage.of("file"),
                Mount.CORE,
                over(transport, cluster));
    }

    private static ServerConfig upkept(ServerConfig config, CorruptCheck check) {
        Upkeep usual = config.upkeep();
        return new ServerConfig(
                config.name(),
                config.dataDir(),
                config.walDir(),
                config.addresses(),
                config.bootstrap(),
                config.raft(),
                config.limits(),
                new Upkeep(
                        usual.quotaBytes(),
                        usual.autoCompaction(),
                        check,
                        usual.compactionPace(),
                        usual.slowApply()),
                config.storage(),
                config.mount(),
                config.cluster());
    }

    private static Cluster over(String transport, Cluster cluster) {
        return new Cluster(
                transport,
                cluster.settings(),
                cluster.strictReconfigCheck(),
                cluster.maxLearners(),
                cluster.forceNewCluster(),
                cluster.electionTickAdvance());
    }

    private ManagedChannel channel(EtcdServer server) {
        MemberUrl url = server.clientUrls().getFirst();
        ManagedChannel channel =
                NettyChannelBuilder.forAddress(url.host(), url.port()).usePlaintext().build();
        open.add(channel::shutdownNow);
        return channel;
    }

    private ClusterGrpc.ClusterBlockingStub cluster(EtcdServer server) {
        return ClusterGrpc.newBlockingStub(channel(server)).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private List<Member> members(EtcdServer server) {
        MemberListRequest list = MemberListRequest.newBuilder().setLinearizable(true).build();
        return led(() -> cluster(server).memberList(list)).getMembersList();
    }

    private void put(EtcdServer server, String key, String value) {
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(channel(server));
        PutRequest put =
                PutRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setValue(ByteString.copyFromUtf8(value))
                        .build();
        led(() -> kv.withDeadlineAfter(60, TimeUnit.SECONDS).put(put));
    }

    private String get(EtcdServer server, String key) {
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(channel(server));
        RangeRequest get = RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
        return led(() -> kv.withDeadlineAfter(60, TimeUnit.SECONDS).range(get))
                .getKvs(0)
                .getValue()
                .toStringUtf8();
    }

    /** Asks again what met an election, as any call may on a machine short of processors. */
    private static <T> T led(Supplier<T> call) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try {
                return call.get();
            } catch (StatusRuntimeException e) {
                boolean passes = e.getStatus().getCode() == Status.Code.UNAVAILABLE;
                if (!passes || System.nanoTime() - end > 0) throw e;
            }
        }
    }

    private static String page(MemberUrl url, String path) throws IOException {
        try (InputStream in = URI.create(url.text() + path).toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
