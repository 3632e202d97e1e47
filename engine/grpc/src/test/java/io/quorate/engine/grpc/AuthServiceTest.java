package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.bytes;
import static io.quorate.engine.grpc.Texts.get;
import static io.quorate.engine.grpc.Texts.put;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.AlarmRequest;
import io.quorate.api.proto.AuthDisableRequest;
import io.quorate.api.proto.AuthEnableRequest;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthRoleAddRequest;
import io.quorate.api.proto.AuthRoleGetRequest;
import io.quorate.api.proto.AuthRoleGrantPermissionRequest;
import io.quorate.api.proto.AuthStatusRequest;
import io.quorate.api.proto.AuthUserAddRequest;
import io.quorate.api.proto.AuthUserChangePasswordRequest;
import io.quorate.api.proto.AuthUserDeleteRequest;
import io.quorate.api.proto.AuthUserGetRequest;
import io.quorate.api.proto.AuthUserGrantRoleRequest;
import io.quorate.api.proto.AuthUserListRequest;
import io.quorate.api.proto.AuthenticateRequest;
import io.quorate.api.proto.AuthenticateResponse;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.MemberListRequest;
import io.quorate.api.proto.RangeStreamResponse;
import io.quorate.api.proto.StatusRequest;
import io.quorate.api.proto.WatchResponse;
import io.quorate.api.proto.auth.Permission;
import io.quorate.api.proto.auth.UserAddOptions;
import io.quorate.api.proto.lock.LockGrpc;
import io.quorate.api.proto.lock.LockRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.InputStream;
import java.time.Duration;
import java.util.Iterator;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Users, tokens, and who may call what, as clients meet them. */
class AuthServiceTest {
    private static final String EMPTY = "etcdserver: user name is empty";
    private static final String DENIED = "etcdserver: permission denied";
    private static final String BAD_TOKEN = "etcdserver: invalid auth token";
    private static final String OLD = "etcdserver: revision of auth store is old";

    private final TestServer server =
            new TestServer(
                    new ServiceSettings(
                            ServiceSettings.DEFAULT_MAX_REQUEST_BYTES,
                            ServiceSettings.DEFAULT_MAX_TXN_OPS,
                            ServiceSettings.DEFAULT_QUOTA_BYTES,
                            ServiceSettings.DEFAULT_SLOW_CALL,
                            Duration.ofMinutes(10),
                            false,
                            Passwords.COST_MIN));
    private final AuthGrpc.AuthBlockingStub auth = AuthGrpc.newBlockingStub(server.channel);
    private final LeaseGrpc.LeaseBlockingStub leases = LeaseGrpc.newBlockingStub(server.channel);

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    private static <S extends AbstractStub<S>> S with(String token, S stub) {
        return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(token(token)));
    }

    private static Metadata token(String token) {
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER), token);
        return metadata;
    }

    private AuthenticateResponse login(String user, String password) {
        return auth.authenticate(
                AuthenticateRequest.newBuilder().setName(user).setPassword(password).build());
    }

    private static AuthUserAddRequest user(String name, String password) {
        return AuthUserAddRequest.newBuilder().setName(name).setPassword(password).build();
    }

    private static AuthRoleGrantPermissionRequest grant(Permission.Type type, String key) {
        return AuthRoleGrantPermissionRequest.newBuilder()
                .setName("r")
                .setPerm(Permission.newBuilder().setPermType(type).setKey(bytes(key)))
                .build();
    }

    /** Auth on: root with password "r", and u with password "p", who may read and write "a". */
    private void enable() {
        auth.userAdd(user("root", "r"));
        auth.userGrantRole(
                AuthUserGrantRoleRequest.newBuilder().setUser("root").setRole("root").build());
        auth.userAdd(user("u", "p"));
        auth.roleAdd(AuthRoleAddRequest.newBuilder().setName("r").build());
        auth.roleGrantPermission(grant(Permission.Type.READWRITE, "a"));
        auth.userGrantRole(AuthUserGrantRoleRequest.newBuilder().setUser("u").setRole("r").build());
        auth.authEnable(AuthEnableRequest.getDefaultInstance());
    }

    private String root() {
        return login("root", "r").getToken();
    }

    private String user() {
        return login("u", "p").getToken();
    }

    // ---- tokens

    @Test
    @Tag("AU-04")
    @Tag("AU-06")
    @Tag("AU-19")
    @Tag("AU-20")
    @Tag("SE-112")
    void theRightPasswordIsWorthAToken() {
        assertRefused(
                Status.Code.FAILED_PRECONDITION,
                "etcdserver: authentication is not enabled",
                () -> login("u", "p"));
        enable();
        AuthenticateResponse answer = login("u", "p");
        assertEquals(server.node.memberId(), answer.getHeader().getMemberId());
        assertEquals(1, answer.getHeader().getRevision());
        assertTrue(answer.getToken().matches("[a-zA-Z]{16}\\.\\d+"), answer.getToken());
        assertNotEquals(answer.getToken(), user());

        String wrong = "etcdserver: authentication failed, invalid user ID or password";
        assertRefused(Status.Code.INVALID_ARGUMENT, wrong, () -> login("u", "q"));
        assertRefused(Status.Code.INVALID_ARGUMENT, wrong, () -> login("u", ""));
        assertRefused(Status.Code.INVALID_ARGUMENT, wrong, () -> login("x", "p"));

        var admin = with(root(), auth);
        admin.userAdd(
                AuthUserAddRequest.newBuilder()
                        .setName("n")
                        .setOptions(UserAddOptions.newBuilder().setNoPassword(true))
                        .build());
        assertRefused(
                Status.Code.UNKNOWN,
                "auth: authentication failed, password was given for no password user",
                () -> login("n", ""));
        // An empty password is one, and a hash that a client sends is not taken for it.
        admin.userAdd(
                AuthUserAddRequest.newBuilder().setName("e").setHashedPassword("abcd").build());
        login("e", "");
        assertRefused(
                Status.Code.UNKNOWN,
                "bcrypt: password length exceeds 72 bytes",
                () -> admin.userAdd(user("long", "x".repeat(73))));
        admin.userAdd(user("long", "x".repeat(72)));
        login("long", "x".repeat(72));
    }

    @Test
    @Tag("GS-10")
    @Tag("SE-94")
    @Tag("SE-100")
    @Tag("SE-106")
    @Tag("ER-41")
    void aTokenTellsWhoCalls() {
        enable();
        String token = user();
        with(token, server.kv).put(put("a", "1"));
        with("Bearer " + token, server.kv).put(put("a", "2"));
        Metadata gateway = new Metadata();
        gateway.put(
                Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
                "Bearer " + token);
        var header = MetadataUtils.newAttachHeadersInterceptor(gateway);
        assertEquals(
                "2",
                server.kv
                        .withInterceptors(header)
                        .range(get("a"))
                        .getKvs(0)
                        .getValue()
                        .toStringUtf8());

        assertRefused(Status.Code.INVALID_ARGUMENT, EMPTY, () -> server.kv.put(put("a", "3")));
        assertRefused(Status.Code.INVALID_ARGUMENT, EMPTY, () -> server.kv.range(get("a")));
        for (String bad : new String[] {"", "nonsense", "abc.1", "a.b.1", "abc.-1"}) {
            var stub = with(bad, server.kv).withDeadlineAfter(30, TimeUnit.SECONDS);
            assertRefused(Status.Code.UNAUTHENTICATED, BAD_TOKEN, () -> stub.range(get("a")));
        }
    }

    @Test
    @Tag("SE-99")
    @Tag("SE-110")
    @Tag("AU-10")
    void tokensEndWithWhatTheyStoodFor() {
        enable();
        String token = user();
        String admin = root();
        with(admin, auth).userAdd(user("v", "p"));
        // A simple token is good at every auth revision.
        with(token, server.kv).put(put("a", "1"));

        with(admin, auth)
                .userChangePassword(
                        AuthUserChangePasswordRequest.newBuilder()
                                .setName("u")
                                .setPassword("new")
                                .build());
        assertRefused(
                Status.Code.UNAUTHENTICATED,
                BAD_TOKEN,
                () -> with(token, server.kv).put(put("a", "1")));
        String next = login("u", "new").getToken();
        with(admin, auth).userDelete(AuthUserDeleteRequest.newBuilder().setName("u").build());
        assertRefused(
                Status.Code.UNAUTHENTICATED,
                BAD_TOKEN,
                () -> with(next, server.kv).put(put("a", "1")));

        with(admin, auth).authDisable(AuthDisableRequest.getDefaultInstance());
        with("nonsense", server.kv).put(put("z", "anybody may"));
        with("nonsense", auth).authEnable(AuthEnableRequest.getDefaultInstance());
        assertRefused(
                Status.Code.UNAUTHENTICATED,
                BAD_TOKEN,
                () -> with(admin, auth).userList(AuthUserListRequest.getDefaultInstance()));
    }

    @Test
    @Tag("AU-03")
    @Tag("ME-35")
    void anybodyMayAskWhetherAuthIsOn() {
        assertFalse(auth.authStatus(AuthStatusRequest.getDefaultInstance()).getEnabled());
        assertTrue(server.metricsText().contains("\netcd_debugging_auth_revision 1\n"));
        enable();
        var status = auth.authStatus(AuthStatusRequest.getDefaultInstance());
        assertTrue(status.getEnabled());
        assertEquals(7, status.getAuthRevision());
        assertTrue(server.metricsText().contains("\netcd_debugging_auth_revision 7\n"));
    }

    @Test
    @Tag("AU-07")
    @Tag("AU-14")
    void aUserSeesHimself() {
        enable();
        var own = with(user(), auth);
        assertEquals(
                java.util.List.of("r"),
                own.userGet(AuthUserGetRequest.newBuilder().setName("u").build()).getRolesList());
        Permission permission =
                own.roleGet(AuthRoleGetRequest.newBuilder().setRole("r").build()).getPerm(0);
        assertEquals(Permission.Type.READWRITE, permission.getPermType());
        assertEquals(bytes("a"), permission.getKey());
    }

    // ---- every call

    /** Calls that nobody needs a token for (AU-03, AU-04), or that have no business with users. */
    private static final Set<String> OPEN =
            Set.of(
                    "etcdserverpb.Auth/Authenticate",
                    "etcdserverpb.Auth/AuthStatus",
                    "grpc.health.v1.Health/Check",
                    "grpc.health.v1.Health/Watch",
                    "grpc.health.v1.Health/List");

    /**
     * Calls of which the server looks at the message first, and finds the empty one wanting. Whom
     * UserGet asks for is compared with who calls: nobody may ask for nobody, who is not found.
     */
    private static final Set<String> CHECKED_FIRST =
            Set.of(
                    "etcdserverpb.Auth/UserGet",
                    "etcdserverpb.Cluster/MemberAdd",
                    "etcdserverpb.Cluster/MemberUpdate",
                    "etcdserverpb.KV/Put",
                    "etcdserverpb.KV/Range",
                    "etcdserverpb.KV/RangeStream",
                    "etcdserverpb.KV/DeleteRange",
                    "v3electionpb.Election/Proclaim",
                    "v3electionpb.Election/Resign",
                    "v3lockpb.Lock/Unlock");

    /** Streams that answer within themselves; they have tests of their own. */
    private static final Set<String> STREAMS =
            Set.of("etcdserverpb.Watch/Watch", "etcdserverpb.Lease/LeaseKeepAlive");

    /** An empty transaction touches nothing, so that anybody may have it. */
    private static final Set<String> HARMLESS = Set.of("etcdserverpb.KV/Txn");

    @Test
    @Tag("SE-92")
    @Tag("SE-93")
    @Tag("CL-13")
    @Tag("MA-09")
    void everyCallAsksWhoCalls() {
        enable();
        var refused = new TreeMap<String, Status>();
        for (ServerServiceDefinition service : server.services) {
            for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
                MethodDescriptor<?, ?> descriptor = method.getMethodDescriptor();
                String name = descriptor.getFullMethodName();
                if (OPEN.contains(name) || STREAMS.contains(name) || HARMLESS.contains(name)) {
                    continue;
                }
                refused.put(name, status(descriptor));
            }
        }
        assertEquals(44, refused.size(), refused.keySet().toString());
        refused.forEach((name, status) -> {
            assertFalse(status.isOk(), name);
            if (!CHECKED_FIRST.contains(name)) {
                assertEquals(EMPTY, status.getDescription(), name);
            }
        });
    }

    private <Q, A> Status status(MethodDescriptor<Q, A> method) {
        Q empty = method.parseRequest(InputStream.nullInputStream());
        try {
            ClientCalls.blockingServerStreamingCall(
                            server.channel, method, CallOptions.DEFAULT, empty)
                    .forEachRemaining(answer -> {});
            return Status.OK;
        } catch (StatusRuntimeException refusal) {
            return refusal.getStatus();
        }
    }

    @Test
    @Tag("SE-93")
    void anyUserMayLookAround() {
        enable();
        String token = user();
        with(token, server.maintenance).status(StatusRequest.getDefaultInstance());
        with(token, server.maintenance).alarm(AlarmRequest.getDefaultInstance());
        with(token, server.cluster).memberList(MemberListRequest.getDefaultInstance());
        assertRefused(
                Status.Code.PERMISSION_DENIED,
                DENIED,
                () ->
                        with(token, server.maintenance)
                                .alarm(
                                        AlarmRequest.newBuilder()
                                                .setAction(AlarmRequest.AlarmAction.DEACTIVATE)
                                                .build()));
    }

    // ---- reads

    @Test
    @Tag("SE-95")
    void readsNeedTheRightToRead() {
        enable();
        var kv = with(user(), server.kv);
        kv.range(get("a"));
        assertRefused(Status.Code.PERMISSION_DENIED, DENIED, () -> kv.range(get("b")));
        assertRefused(
                Status.Code.PERMISSION_DENIED,
                DENIED,
                () -> kv.range(get("b").toBuilder().setSerializable(true).build()));
        assertRefused(
                Status.Code.PERMISSION_DENIED,
                DENIED,
                () -> kv.txn(Texts.then(Texts.op(get("b")))));
        kv.txn(Texts.then(Texts.op(get("a"))));
        Iterator<RangeStreamResponse> mine = kv.rangeStream(get("a"));
        assertTrue(mine.hasNext());
        mine.forEachRemaining(piece -> {});
        Iterator<RangeStreamResponse> others = kv.rangeStream(get("b"));
        assertRefused(Status.Code.PERMISSION_DENIED, DENIED, others::hasNext);
    }

    // ---- streams

    @Test
    @Tag("WA-28")
    @Tag("WA-29")
    @Tag("WA-30")
    @Tag("SE-111")
    @Tag("SE-113")
    void aWatchIsRefusedInItsStream() throws Exception {
        enable();
        String token = user();
        String admin = root();
        assertWatchRefused(
                new Metadata(), "a", "rpc error: code = InvalidArgument desc = " + EMPTY);
        assertWatchRefused(
                token("bad.1"), "a", "rpc error: code = Unauthenticated desc = " + BAD_TOKEN);
        assertWatchRefused(
                token(token), "b", "rpc error: code = PermissionDenied desc = " + DENIED);
        assertWatchRefused(token(token), "", "rpc error: code = PermissionDenied desc = " + DENIED);

        try (WatchClient watch = new WatchClient(server.channel, token(token), 100)) {
            watch.create(WatchClient.range("a", "\0"));
            assertTrue(watch.next().getCanceled(), "from a on is more than a");
            watch.create("a");
            WatchResponse created = watch.next();
            assertTrue(created.getCreated() && !created.getCanceled());
            // What is watched goes on being watched, whatever becomes of the user.
            with(admin, auth).userDelete(AuthUserDeleteRequest.newBuilder().setName("u").build());
            with(admin, server.kv).put(put("a", "1"));
            assertEquals(1, watch.next().getEventsCount());
        }
    }

    private void assertWatchRefused(Metadata metadata, String key, String reason) throws Exception {
        try (WatchClient watch = new WatchClient(server.channel, metadata, 100)) {
            watch.create(key);
            WatchResponse answer = watch.next();
            assertTrue(answer.getCreated() && answer.getCanceled());
            assertEquals(-1, answer.getWatchId());
            assertEquals(reason, answer.getCancelReason());
        }
    }

    @Test
    @Tag("LE-14")
    @Tag("SE-111")
    void aLeaseIsHisWhoMayWriteItsKeys() {
        enable();
        String token = user();
        String admin = root();
        var own = with(token, leases);
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                EMPTY,
                () -> leases.leaseGrant(LeaseGrantRequest.newBuilder().setTTL(60).build()));
        own.leaseGrant(LeaseGrantRequest.newBuilder().setTTL(60).setID(7).build());
        with(token, server.kv).put(put("a", "1").toBuilder().setLease(7).build());
        var keys = LeaseTimeToLiveRequest.newBuilder().setID(7).setKeys(true).build();
        assertEquals(bytes("a"), own.leaseTimeToLive(keys).getKeys(0));
        assertEquals(60, renew(token).join().getTTL());
        assertEquals(1, own.leaseLeases(LeaseLeasesRequest.getDefaultInstance()).getLeasesCount());

        with(admin, server.kv).put(put("b", "1").toBuilder().setLease(7).build());
        assertRefused(Status.Code.PERMISSION_DENIED, DENIED, () -> own.leaseTimeToLive(keys));
        own.leaseTimeToLive(LeaseTimeToLiveRequest.newBuilder().setID(7).build());
        assertRefused(
                Status.Code.PERMISSION_DENIED,
                DENIED,
                () -> own.leaseLeases(LeaseLeasesRequest.getDefaultInstance()));
        assertRefused(
                Status.Code.PERMISSION_DENIED,
                DENIED,
                () -> own.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(7).build()));
        CompletableFuture<LeaseKeepAliveResponse> renewal = renew(token);
        assertEquals(
                DENIED,
                renewal.handle((answer, thrown) ->
                                ((StatusRuntimeException) thrown).getStatus().getDescription())
                        .join());
        assertEquals(60, renew(admin).join().getTTL());
        with(admin, leases).leaseRevoke(LeaseRevokeRequest.newBuilder().setID(7).build());
    }

    private CompletableFuture<LeaseKeepAliveResponse> renew(String token) {
        CompletableFuture<LeaseKeepAliveResponse> first = new CompletableFuture<>();
        StreamObserver<LeaseKeepAliveRequest> requests =
                with(token, LeaseGrpc.newStub(server.channel))
                        .leaseKeepAlive(
                                new StreamObserver<>() {
                                    @Override
                                    public void onNext(LeaseKeepAliveResponse answer) {
                                        first.complete(answer);
                                    }

                                    @Override
                                    public void onError(Throwable thrown) {
                                        first.completeExceptionally(thrown);
                                    }

                                    @Override
                                    public void onCompleted() {}
                                });
        requests.onNext(LeaseKeepAliveRequest.newBuilder().setID(7).build());
        // Not completed: etcd's clients do not either.
        return first.orTimeout(30, TimeUnit.SECONDS);
    }

    @Test
    @Tag("GS-20")
    void aLockNeedsTheRightsOfItsKeys() {
        enable();
        var denied = with(user(), LockGrpc.newBlockingStub(server.channel));
        assertRefused(
                Status.Code.UNKNOWN,
                DENIED,
                () -> denied.lock(LockRequest.newBuilder().setName(bytes("n")).build()));
        with(root(), auth)
                .roleGrantPermission(
                        AuthRoleGrantPermissionRequest.newBuilder()
                                .setName("r")
                                .setPerm(
                                        Permission.newBuilder()
                                                .setPermType(Permission.Type.READWRITE)
                                                .setKey(bytes("n/"))
                                                .setRangeEnd(bytes("n0")))
                                .build());
        denied.lock(LockRequest.newBuilder().setName(bytes("n")).build());
    }
}
