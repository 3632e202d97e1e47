package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.client.Client;
import io.quorate.api.client.ClientConfig;
import io.quorate.api.client.Retry;
import io.quorate.api.client.Watch;
import io.quorate.api.proto.AuthDisableRequest;
import io.quorate.api.proto.AuthEnableRequest;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthRoleAddRequest;
import io.quorate.api.proto.AuthRoleDeleteRequest;
import io.quorate.api.proto.AuthRoleGrantPermissionRequest;
import io.quorate.api.proto.AuthRoleRevokePermissionRequest;
import io.quorate.api.proto.AuthUserAddRequest;
import io.quorate.api.proto.AuthUserChangePasswordRequest;
import io.quorate.api.proto.AuthUserDeleteRequest;
import io.quorate.api.proto.AuthUserGrantRoleRequest;
import io.quorate.api.proto.AuthUserRevokeRoleRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.auth.Permission;
import io.quorate.api.proto.mvcc.Event;
import io.quorate.api.proto.mvcc.KeyValue;
import io.quorate.engine.node.TokenKind;
import io.quorate.engine.node.Upkeep;
import io.quorate.engine.server.ServerConfig.Addresses;
import io.quorate.engine.server.ServerConfig.Auth;
import io.quorate.engine.server.ServerConfig.Bootstrap;
import io.quorate.engine.server.ServerConfig.Cluster;
import io.quorate.engine.server.ServerConfig.Limits;
import io.quorate.engine.server.ServerConfig.Mount;
import io.quorate.engine.server.ServerConfig.Raft;
import io.quorate.engine.server.ServerConfig.Storage;
import io.quorate.engine.server.ServerConfig.Web;
import io.quorate.engine.state.Keyspaces;
import io.quorate.engine.state.StateMachine;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Auth goes on and off, users and roles change, and members restart, all while clients write
 * thousands of times a second. A member that decides otherwise than the others about one write
 * would never have their hash again.
 *
 * <p>Changes and restarts are paced by writes and not by time, so that there are as many writes
 * around each on a slow machine. A change ends all tokens; clients that were given no time to use a
 * new one would do nothing but log in.
 *
 * <p>{@code -Dquorate.auth.seconds} makes it longer; {@code -Dquorate.auth.seed} replays the order
 * of changes, if not their moments.
 */
@Timeout(3600)
class AuthUnderLoadTest {
    private static final int SECONDS = Integer.getInteger("quorate.auth.seconds", 6);
    private static final int CLIENTS = 8;
    private static final int WRITERS = 128;
    private static final int ANSWERS_BETWEEN_CHANGES = 400;
    private static final int WRITES_BETWEEN_RESTARTS = 2000;

    /** Checkpoints so often that a member that was away gets the state of another. */
    private static final Raft QUICK =
            new Raft(300, 50, Duration.ofMillis(100), Duration.ofSeconds(1), true, true);

    private static final Map<String, String> STORAGES =
            new TreeMap<>(Map.of("a", "file", "b", "xodus", "c", "file"));

    @TempDir Path directory;

    private final long seed = Long.getLong("quorate.auth.seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final Map<String, MemberUrl> peers = new TreeMap<>();
    private final Map<String, MemberUrl> clients = new TreeMap<>();
    private final Map<String, EtcdServer> servers = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger changes = new AtomicInteger();
    private final AtomicInteger restarts = new AtomicInteger();
    private final AtomicLong writes = new AtomicLong();
    private final AtomicLong refusals = new AtomicLong();
    private final List<Client> writing = new ArrayList<>();
    private volatile boolean over;

    @AfterEach
    void closeAll() {
        over = true;
        threads.close();
        writing.forEach(Client::close);
        servers.values().forEach(EtcdServer::close);
    }

    @Test
    @Tag("T3")
    void membersNeverDisagreeWhileAuthAndRolesChangeUnderLoad() throws Exception {
        System.out.println("seed " + seed);
        for (String name : STORAGES.keySet()) {
            peers.put(name, reserve());
            clients.put(name, reserve());
        }
        for (String name : STORAGES.keySet()) start(name);
        for (EtcdServer server : servers.values()) server.ready().get(60, TimeUnit.SECONDS);
        try (Client root = client("root")) {
            prepare(root);
            List<Writer> writers = new ArrayList<>();
            List<CompletableFuture<Void>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) writing.add(client("u" + i % 2));
            for (int i = 0; i < WRITERS; i++) {
                Writer writer = new Writer(i, writing.get(i % CLIENTS));
                writers.add(writer);
                running.add(CompletableFuture.runAsync(writer, threads));
            }
            running.add(CompletableFuture.runAsync(() -> changeUsersAndRoles(root), threads));
            long processor = processorNanos();
            long start = System.nanoTime();
            long end = start + TimeUnit.SECONDS.toNanos(SECONDS);
            // A slow machine takes as long as it needs to have seen a little of everything.
            while (System.nanoTime() - end < 0 || !enough(writers)) {
                restart(List.copyOf(STORAGES.keySet()).get(random.nextInt(STORAGES.size())));
                long wanted = writes.get() + WRITES_BETWEEN_RESTARTS;
                until(() -> writes.get() >= wanted);
            }
            over = true;
            for (CompletableFuture<Void> one : running) one.get(120, TimeUnit.SECONDS);
            report(System.nanoTime() - start, processorNanos() - processor);

            until(() -> done(root, AuthGrpc.getAuthDisableMethod(), disable()));
            until(() -> put(root, "w/end", "end").isOk());
            judge(root, writers);
            awaitOneState();
        }
    }

    private boolean enough(List<Writer> writers) {
        return restarts.get() >= 2
                && changes.get() >= 20
                && writers.stream().anyMatch(writer -> !writer.done.isEmpty())
                && writers.stream().anyMatch(writer -> !writer.refused.isEmpty());
    }

    private long answers() {
        return writes.get() + refusals.get();
    }

    /** A rate says nothing without how much of the processors there was for it. */
    private void report(long nanos, long processorNanos) {
        long done = writes.get();
        System.out.printf(
                "%d writes (%d/s), %d refused; %d changes of users and roles; %d restarts;"
                        + " by %.2f processors%n",
                done,
                done * 1_000_000_000L / nanos,
                refusals.get(),
                changes.get(),
                restarts.get(),
                (double) processorNanos / nanos);
    }

    private static long processorNanos() {
        return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
    }

    // ---- members

    private static MemberUrl reserve() throws Exception {
        return MemberUrl.parse("http://127.0.0.1:" + FreePorts.next());
    }

    private void start(String name) {
        List<String> pairs = new ArrayList<>();
        peers.forEach((member, url) -> pairs.add(member + "=" + url));
        List<MemberUrl> own = List.of(peers.get(name));
        List<MemberUrl> client = List.of(clients.get(name));
        servers.put(
                name,
                EtcdServer.start(
                        new ServerConfig(
                                name,
                                directory.resolve(name),
                                Optional.empty(),
                                new Addresses(own, client, List.of(), own, client),
                                new Bootstrap(String.join(",", pairs), false, "t"),
                                QUICK,
                                Limits.DEFAULT,
                                Upkeep.DEFAULT,
                                Storage.of(STORAGES.get(name)),
                                Mount.CORE,
                                Cluster.DEFAULT,
                                Web.ANYBODY,
                                ServerConfig.Security.NONE,
                                new Auth(TokenKind.DEFAULT, 4),
                                ServerConfig.Machine.DEFAULT,
                                List.of())));
    }

    private void restart(String name) throws Exception {
        servers.get(name).close();
        start(name);
        servers.get(name).ready().get(60, TimeUnit.SECONDS);
        restarts.incrementAndGet();
    }

    private Client client(String user) {
        String[] endpoints = clients.values().stream().map(MemberUrl::text).toArray(String[]::new);
        return Client.connect(ClientConfig.of(endpoints).withCredentials(user, "password"));
    }

    // ---- users and roles

    private static AuthDisableRequest disable() {
        return AuthDisableRequest.getDefaultInstance();
    }

    private static AuthUserAddRequest user(String name) {
        return AuthUserAddRequest.newBuilder().setName(name).setPassword("password").build();
    }

    private static AuthUserGrantRoleRequest grant(String user, String role) {
        return AuthUserGrantRoleRequest.newBuilder().setUser(user).setRole(role).build();
    }

    private static AuthRoleGrantPermissionRequest permission(Permission.Type type, String end) {
        return AuthRoleGrantPermissionRequest.newBuilder()
                .setName("r")
                .setPerm(
                        Permission.newBuilder()
                                .setPermType(type)
                                .setKey(ByteString.copyFromUtf8("w/"))
                                .setRangeEnd(ByteString.copyFromUtf8(end)))
                .build();
    }

    private void prepare(Client root) {
        assertTrue(done(root, AuthGrpc.getUserAddMethod(), user("root")));
        assertTrue(done(root, AuthGrpc.getUserGrantRoleMethod(), grant("root", "root")));
        for (String name : List.of("u0", "u1")) {
            assertTrue(done(root, AuthGrpc.getUserAddMethod(), user(name)));
        }
        assertTrue(done(root, AuthGrpc.getRoleAddMethod(), role()));
        assertTrue(
                done(
                        root,
                        AuthGrpc.getRoleGrantPermissionMethod(),
                        permission(Permission.Type.READWRITE, "w0")));
        for (String name : List.of("u0", "u1")) {
            assertTrue(done(root, AuthGrpc.getUserGrantRoleMethod(), grant(name, "r")));
        }
    }

    private static AuthRoleAddRequest role() {
        return AuthRoleAddRequest.newBuilder().setName("r").build();
    }

    /** Each change may be in vain: an earlier one may have been done though it failed. */
    private void changeUsersAndRoles(Client root) {
        while (!over) {
            long wanted = answers() + ANSWERS_BETWEEN_CHANGES;
            until(() -> over || answers() >= wanted);
            int user = random.nextInt(2);
            boolean done =
                    switch (random.nextInt(12)) {
                        case 0, 1, 2 ->
                                done(
                                        root,
                                        AuthGrpc.getAuthEnableMethod(),
                                        AuthEnableRequest.getDefaultInstance());
                        case 3 -> done(root, AuthGrpc.getAuthDisableMethod(), disable());
                        case 4 ->
                                done(
                                        root,
                                        AuthGrpc.getUserRevokeRoleMethod(),
                                        AuthUserRevokeRoleRequest.newBuilder()
                                                .setName("u" + user)
                                                .setRole("r")
                                                .build());
                        case 5, 6 ->
                                done(
                                        root,
                                        AuthGrpc.getUserGrantRoleMethod(),
                                        grant("u" + user, "r"));
                        case 7 ->
                                done(
                                        root,
                                        AuthGrpc.getRoleRevokePermissionMethod(),
                                        AuthRoleRevokePermissionRequest.newBuilder()
                                                .setRole("r")
                                                .setKey(ByteString.copyFromUtf8("w/"))
                                                .setRangeEnd(ByteString.copyFromUtf8("w0"))
                                                .build());
                        case 8, 9 ->
                                done(
                                        root,
                                        AuthGrpc.getRoleGrantPermissionMethod(),
                                        permission(
                                                Permission.Type.READWRITE,
                                                random.nextInt(4) == 0 ? "w/2" : "w0"));
                        case 10 ->
                                done(
                                        root,
                                        AuthGrpc.getUserChangePasswordMethod(),
                                        AuthUserChangePasswordRequest.newBuilder()
                                                .setName("u" + user)
                                                .setPassword("password")
                                                .build());
                        default -> anew(root, "u" + user);
                    };
            if (done) changes.incrementAndGet();
        }
    }

    /** A user goes and comes again, or the role does. */
    private boolean anew(Client root, String name) {
        if (random.nextBoolean()) {
            var delete = AuthUserDeleteRequest.newBuilder().setName(name).build();
            boolean gone = done(root, AuthGrpc.getUserDeleteMethod(), delete);
            until(() -> over || exists(root, AuthGrpc.getUserAddMethod(), user(name)));
            return gone & done(root, AuthGrpc.getUserGrantRoleMethod(), grant(name, "r"));
        }
        var delete = AuthRoleDeleteRequest.newBuilder().setRole("r").build();
        boolean gone = done(root, AuthGrpc.getRoleDeleteMethod(), delete);
        until(() -> over || exists(root, AuthGrpc.getRoleAddMethod(), role()));
        return gone
                & done(
                        root,
                        AuthGrpc.getRoleGrantPermissionMethod(),
                        permission(Permission.Type.READWRITE, "w0"))
                & done(root, AuthGrpc.getUserGrantRoleMethod(), grant("u0", "r"))
                & done(root, AuthGrpc.getUserGrantRoleMethod(), grant("u1", "r"));
    }

    private static <Q, S> boolean done(Client client, MethodDescriptor<Q, S> method, Q request) {
        return status(() -> client.call(method, request, Retry.UNSENT_ONLY)).isOk();
    }

    private static <Q, S> boolean exists(Client client, MethodDescriptor<Q, S> method, Q request) {
        Status status = status(() -> client.call(method, request, Retry.UNSENT_ONLY));
        return status.isOk() || String.valueOf(status.getDescription()).endsWith("already exists");
    }

    private static Status put(Client client, String key, String value) {
        return status(() -> client.kv().put(key, value));
    }

    private static Status status(Runnable call) {
        try {
            call.run();
            return Status.OK;
        } catch (StatusRuntimeException refusal) {
            return refusal.getStatus();
        }
    }

    private static void until(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - end < 0, "it never came to be");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    // ---- writers

    /** Writes ever greater numbers to a key of its own, through a client that it shares. */
    private final class Writer implements Runnable {
        final String key;
        final Set<Long> done = ConcurrentHashMap.newKeySet();
        final Set<Long> refused = ConcurrentHashMap.newKeySet();
        private final Client client;

        Writer(int number, Client client) {
            this.key = "w/" + number;
            this.client = client;
        }

        @Override
        public void run() {
            for (long number = 0; !over; number++) {
                Status status = put(client, key, String.valueOf(number));
                switch (status.getCode()) {
                    case OK -> {
                        done.add(number);
                        writes.incrementAndGet();
                    }
                    case PERMISSION_DENIED,
                            UNAUTHENTICATED,
                            INVALID_ARGUMENT,
                            FAILED_PRECONDITION -> {
                        refused.add(number);
                        refusals.incrementAndGet();
                    }
                    // Nobody knows.
                    default -> {}
                }
            }
        }
    }

    // ---- the judge

    /** What was answered is what has happened, no more and no less. */
    private void judge(Client root, List<Writer> writers) {
        Map<String, List<Long>> history = new TreeMap<>();
        var everything =
                WatchCreateRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8("w/"))
                        .setRangeEnd(ByteString.copyFromUtf8("w0"))
                        .setStartRevision(1);
        try (Watch watch = root.watch(everything.build())) {
            for (boolean ended = false; !ended; ) {
                for (Event event : watch.next().orElseThrow().getEventsList()) {
                    KeyValue kv = event.getKv();
                    String key = kv.getKey().toStringUtf8();
                    ended |= key.equals("w/end");
                    if (key.equals("w/end")) continue;
                    history.computeIfAbsent(key, first -> new ArrayList<>())
                            .add(Long.parseLong(kv.getValue().toStringUtf8()));
                }
            }
        }
        for (Writer writer : writers) {
            List<Long> values = history.getOrDefault(writer.key, List.of());
            assertEquals(
                    values.stream().sorted().distinct().toList(),
                    values,
                    "in order, and each once");
            assertTrue(Set.copyOf(values).containsAll(writer.done), "a write is lost");
            for (long value : values) {
                assertFalse(writer.refused.contains(value), "a refused write was done: " + value);
            }
        }
    }

    /** Keys, users, roles and all else: the same on every member. */
    private void awaitOneState() {
        until(() -> {
            Set<String> all = ConcurrentHashMap.newKeySet();
            for (EtcdServer server : servers.values()) {
                StateMachine state = server.node().state();
                all.add(
                        "applied %d, revision %d, hash %08x, keys %08x, auth %b %d %s"
                                .formatted(
                                        state.applied().index(),
                                        state.revision(),
                                        state.hash().hash(),
                                        state.hashKv(0).hash(),
                                        state.auth().enabled(),
                                        state.auth().revision(),
                                        users(state)));
            }
            return all.size() == 1;
        });
    }

    private static String users(StateMachine state) {
        StringBuilder rows = new StringBuilder();
        HexFormat hex = HexFormat.of();
        try (ReadView view = state.view()) {
            for (Keyspace keyspace :
                    List.of(Keyspaces.AUTH, Keyspaces.AUTH_USERS, Keyspaces.AUTH_ROLES)) {
                try (Cursor cursor = view.cursor(keyspace, null, null, false)) {
                    while (cursor.next()) {
                        rows.append(hex.formatHex(cursor.key()))
                                .append('=')
                                .append(hex.formatHex(cursor.value()))
                                .append(' ');
                    }
                }
            }
        }
        return rows.toString();
    }
}
