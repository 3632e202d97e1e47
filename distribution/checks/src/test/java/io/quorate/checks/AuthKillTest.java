package io.quorate.checks;

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
import io.quorate.api.proto.AuthRoleGetRequest;
import io.quorate.api.proto.AuthRoleGrantPermissionRequest;
import io.quorate.api.proto.AuthRoleRevokePermissionRequest;
import io.quorate.api.proto.AuthStatusRequest;
import io.quorate.api.proto.AuthUserAddRequest;
import io.quorate.api.proto.AuthUserChangePasswordRequest;
import io.quorate.api.proto.AuthUserGetRequest;
import io.quorate.api.proto.AuthUserGrantRoleRequest;
import io.quorate.api.proto.AuthUserRevokeRoleRequest;
import io.quorate.api.proto.WatchCreateRequest;
import io.quorate.api.proto.auth.Permission;
import io.quorate.api.proto.mvcc.Event;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Auth goes on and off and roles change while clients write and members are killed (SIGKILL). What
 * was answered is what has happened, and all members end with the same keys, users and roles: an
 * entry that was committed under other rights than it is applied with would part them for ever.
 *
 * <p>{@code -Dauth.kills=100} is a long run, {@code -Dseed=N} repeats the order of changes and
 * kills. Changes and kills are paced by writes, so that there are as many around each on any
 * machine.
 */
@Timeout(7200)
final class AuthKillTest {
    private static final int KILLS = Integer.getInteger("auth.kills", 3);
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final int CLIENTS = 4;
    private static final int WRITERS = 64;
    private static final int WRITES_BETWEEN_KILLS = 1000;
    private static final int ANSWERS_BETWEEN_CHANGES = 200;
    private static final Duration CALL = Duration.ofSeconds(5);
    private static final String LAST_KEY = "w/end";

    @RegisterExtension final Members members = Members.perTest();

    private final AtomicLong writes = new AtomicLong();
    private final AtomicLong refusals = new AtomicLong();
    private final AtomicInteger changes = new AtomicInteger();
    private final List<Client> clients = new ArrayList<>();
    private volatile boolean over;

    @Test
    @Tag("T3")
    @Tag("T20")
    @Tag("T24")
    void killedMembersNeverDisagreeAboutWhoMayWrite() throws Exception {
        System.out.printf("auth kill test: -Dseed=%d -Dauth.kills=%d%n", SEED, KILLS);
        List<String> storage = List.of("file", "xodus", "file");
        // The lowest cost: clients log in after each change, and that is not what is tested.
        try (FaultyCluster cluster =
                new FaultyCluster(members, "tcp", storage, "--bcrypt-cost=4")) {
            Client root = client(cluster, "root");
            prepare(root);
            List<Writer> writers = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) client(cluster, "u" + i % 2);
            for (int i = 0; i < WRITERS; i++) {
                Writer writer = new Writer("w/" + i, clients.get(1 + i % CLIENTS));
                writers.add(writer);
                threads.add(Thread.ofVirtual().start(writer));
            }
            threads.add(Thread.ofVirtual().start(() -> change(root)));
            long start = System.nanoTime();
            kill(cluster);
            until(() -> changes.get() > KILLS && refusals.get() > 0);
            over = true;
            for (Thread thread : threads) thread.join();
            System.out.printf(
                    "auth kill test: %d writes (%d/s), %d refused, %d changes, %d kills%n",
                    writes.get(),
                    writes.get() * 1_000_000_000L / (System.nanoTime() - start),
                    refusals.get(),
                    changes.get(),
                    KILLS);
            until(() -> call(root, AuthGrpc.getAuthDisableMethod(), disable()).isOk());
            judge(root, writers);
            sameEverywhere(cluster);
        } finally {
            over = true;
            clients.forEach(Client::close);
        }
    }

    private void kill(FaultyCluster cluster) {
        Random random = new Random(SEED);
        for (int i = 0; i < KILLS; i++) {
            await(WRITES_BETWEEN_KILLS);
            var victim = cluster.places().get(random.nextInt(cluster.places().size()));
            victim.kill();
            // The others go on meanwhile, and it comes back far behind or not.
            await(random.nextInt(WRITES_BETWEEN_KILLS));
            victim.start();
        }
        await(WRITES_BETWEEN_KILLS);
    }

    private void await(int more) {
        long wanted = writes.get() + more;
        until(() -> writes.get() >= wanted);
    }

    private static void until(BooleanSupplier condition) {
        Cluster.until(condition, () -> "; seed " + SEED);
    }

    private Client client(FaultyCluster cluster, String user) {
        String[] endpoints =
                cluster.places().stream().map(FaultyCluster.Place::endpoint).toArray(String[]::new);
        Client client =
                Client.connect(
                        ClientConfig.of(endpoints)
                                .withTimeouts(CALL, CALL)
                                .withCredentials(user, "password"));
        clients.add(client);
        return client;
    }

    // ---- users and roles

    private static AuthDisableRequest disable() {
        return AuthDisableRequest.getDefaultInstance();
    }

    private static AuthUserGrantRoleRequest grant(String user, String role) {
        return AuthUserGrantRoleRequest.newBuilder().setUser(user).setRole(role).build();
    }

    private static AuthRoleGrantPermissionRequest permission(String end) {
        return AuthRoleGrantPermissionRequest.newBuilder()
                .setName("r")
                .setPerm(
                        Permission.newBuilder()
                                .setPermType(Permission.Type.READWRITE)
                                .setKey(ByteString.copyFromUtf8("w/"))
                                .setRangeEnd(ByteString.copyFromUtf8(end)))
                .build();
    }

    private static void prepare(Client root) {
        for (String name : List.of("root", "u0", "u1")) {
            done(
                    root,
                    AuthGrpc.getUserAddMethod(),
                    AuthUserAddRequest.newBuilder().setName(name).setPassword("password").build());
        }
        done(root, AuthGrpc.getUserGrantRoleMethod(), grant("root", "root"));
        done(
                root,
                AuthGrpc.getRoleAddMethod(),
                AuthRoleAddRequest.newBuilder().setName("r").build());
        done(root, AuthGrpc.getRoleGrantPermissionMethod(), permission("w0"));
        for (String name : List.of("u0", "u1")) {
            done(root, AuthGrpc.getUserGrantRoleMethod(), grant(name, "r"));
        }
    }

    private static <Q, S> void done(Client client, MethodDescriptor<Q, S> method, Q request) {
        Status status = call(client, method, request);
        assertTrue(status.isOk(), status::toString);
    }

    /** Each change may be in vain, as when it is the second of its kind. */
    private void change(Client root) {
        Random random = new Random(SEED + 1);
        while (!over) {
            long wanted = writes.get() + refusals.get() + ANSWERS_BETWEEN_CHANGES;
            until(() -> over || writes.get() + refusals.get() >= wanted);
            String user = "u" + random.nextInt(2);
            Status status =
                    switch (random.nextInt(9)) {
                        case 0, 1 ->
                                call(
                                        root,
                                        AuthGrpc.getAuthEnableMethod(),
                                        AuthEnableRequest.getDefaultInstance());
                        case 2 -> call(root, AuthGrpc.getAuthDisableMethod(), disable());
                        case 3 ->
                                call(
                                        root,
                                        AuthGrpc.getUserRevokeRoleMethod(),
                                        AuthUserRevokeRoleRequest.newBuilder()
                                                .setName(user)
                                                .setRole("r")
                                                .build());
                        case 4, 5 ->
                                call(root, AuthGrpc.getUserGrantRoleMethod(), grant(user, "r"));
                        case 6 ->
                                call(
                                        root,
                                        AuthGrpc.getRoleRevokePermissionMethod(),
                                        AuthRoleRevokePermissionRequest.newBuilder()
                                                .setRole("r")
                                                .setKey(ByteString.copyFromUtf8("w/"))
                                                .setRangeEnd(ByteString.copyFromUtf8("w0"))
                                                .build());
                        case 7 ->
                                call(
                                        root,
                                        AuthGrpc.getRoleGrantPermissionMethod(),
                                        permission(random.nextInt(4) == 0 ? "w/2" : "w0"));
                        default ->
                                call(
                                        root,
                                        AuthGrpc.getUserChangePasswordMethod(),
                                        AuthUserChangePasswordRequest.newBuilder()
                                                .setName(user)
                                                .setPassword("password")
                                                .build());
                    };
            if (status.isOk()) changes.incrementAndGet();
        }
    }

    private static <Q, S> Status call(Client client, MethodDescriptor<Q, S> method, Q request) {
        return status(() -> client.call(method, request, Retry.UNSENT_ONLY));
    }

    private static Status status(Runnable call) {
        try {
            call.run();
            return Status.OK;
        } catch (StatusRuntimeException refusal) {
            return refusal.getStatus();
        }
    }

    /** Writes ever greater numbers to a key of its own. */
    private final class Writer implements Runnable {
        final String key;
        final Set<Long> done = ConcurrentHashMap.newKeySet();
        final Set<Long> refused = ConcurrentHashMap.newKeySet();
        private final Client client;

        Writer(String key, Client client) {
            this.key = key;
            this.client = client;
        }

        @Override
        public void run() {
            for (long number = 0; !over; number++) {
                String value = Long.toString(number);
                Status status = status(() -> client.kv().put(key, value));
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

    private static void judge(Client root, List<Writer> writers) {
        until(() -> status(() -> root.kv().put(LAST_KEY, "")).isOk());
        Map<String, List<Long>> history = new TreeMap<>();
        var everything =
                WatchCreateRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8("w/"))
                        .setRangeEnd(ByteString.copyFromUtf8("w0"))
                        .setStartRevision(1);
        try (Watch watch = root.watch(everything.build())) {
            for (boolean ended = false; !ended; ) {
                for (Event event : watch.next().orElseThrow().getEventsList()) {
                    String key = event.getKv().getKey().toStringUtf8();
                    ended |= key.equals(LAST_KEY);
                    if (key.equals(LAST_KEY)) continue;
                    history.computeIfAbsent(key, first -> new ArrayList<>())
                            .add(Long.parseLong(event.getKv().getValue().toStringUtf8()));
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

    /** Each member is asked by itself, and answers once it has all that the others have. */
    private static void sameEverywhere(FaultyCluster cluster) {
        Set<String> all = new HashSet<>();
        for (FaultyCluster.Place place : cluster.places()) {
            try (Client one = place.client()) {
                until(() -> status(() -> one.kv().get(LAST_KEY)).isOk());
                long revision = one.kv().get(LAST_KEY).orElseThrow().getModRevision();
                all.add(
                        "revision %d, hash %08x, %s"
                                .formatted(
                                        revision,
                                        one.maintenance().hashKv(revision).getHash(),
                                        auth(one)));
            }
        }
        assertEquals(1, all.size(), () -> "seed " + SEED + ": members differ: " + all);
    }

    private static String auth(Client one) {
        var status =
                one.call(
                        AuthGrpc.getAuthStatusMethod(),
                        AuthStatusRequest.getDefaultInstance(),
                        Retry.REPEATABLE);
        List<Object> parts = new ArrayList<>();
        parts.add(status.getEnabled() + " at " + status.getAuthRevision());
        for (String user : List.of("root", "u0", "u1")) {
            parts.add(
                    one.call(
                                    AuthGrpc.getUserGetMethod(),
                                    AuthUserGetRequest.newBuilder().setName(user).build(),
                                    Retry.REPEATABLE)
                            .getRolesList());
        }
        parts.add(
                one.call(
                                AuthGrpc.getRoleGetMethod(),
                                AuthRoleGetRequest.newBuilder().setRole("r").build(),
                                Retry.REPEATABLE)
                        .getPermList());
        return parts.toString();
    }
}
