package io.quorate.engine.grpc;

import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.AuthDisableRequest;
import io.quorate.api.proto.AuthDisableResponse;
import io.quorate.api.proto.AuthEnableRequest;
import io.quorate.api.proto.AuthEnableResponse;
import io.quorate.api.proto.AuthGrpc;
import io.quorate.api.proto.AuthRoleAddRequest;
import io.quorate.api.proto.AuthRoleAddResponse;
import io.quorate.api.proto.AuthRoleDeleteRequest;
import io.quorate.api.proto.AuthRoleDeleteResponse;
import io.quorate.api.proto.AuthRoleGetRequest;
import io.quorate.api.proto.AuthRoleGetResponse;
import io.quorate.api.proto.AuthRoleGrantPermissionRequest;
import io.quorate.api.proto.AuthRoleGrantPermissionResponse;
import io.quorate.api.proto.AuthRoleListRequest;
import io.quorate.api.proto.AuthRoleListResponse;
import io.quorate.api.proto.AuthRoleRevokePermissionRequest;
import io.quorate.api.proto.AuthRoleRevokePermissionResponse;
import io.quorate.api.proto.AuthStatusRequest;
import io.quorate.api.proto.AuthStatusResponse;
import io.quorate.api.proto.AuthUserAddRequest;
import io.quorate.api.proto.AuthUserAddResponse;
import io.quorate.api.proto.AuthUserChangePasswordRequest;
import io.quorate.api.proto.AuthUserChangePasswordResponse;
import io.quorate.api.proto.AuthUserDeleteRequest;
import io.quorate.api.proto.AuthUserDeleteResponse;
import io.quorate.api.proto.AuthUserGetRequest;
import io.quorate.api.proto.AuthUserGetResponse;
import io.quorate.api.proto.AuthUserGrantRoleRequest;
import io.quorate.api.proto.AuthUserGrantRoleResponse;
import io.quorate.api.proto.AuthUserListRequest;
import io.quorate.api.proto.AuthUserListResponse;
import io.quorate.api.proto.AuthUserRevokeRoleRequest;
import io.quorate.api.proto.AuthUserRevokeRoleResponse;
import io.quorate.api.proto.AuthenticateRequest;
import io.quorate.api.proto.AuthenticateResponse;
import io.quorate.api.proto.ResponseHeader;
import io.quorate.engine.node.Fields;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.AuthState;
import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;
import io.quorate.engine.state.Permission;
import io.quorate.engine.state.Result;

import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.function.Function;

/**
 * Users and roles (AU-*). Every request becomes an {@link AuthCommand}; who may ask for it is
 * decided when it is applied. Passwords end here: the log has hashes alone.
 */
final class AuthService extends AuthGrpc.AuthImplBase {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.grpc");

    private final Node node;
    private final Callers callers;
    private final Passwords passwords;
    private final Answers answers;

    AuthService(Node node, Callers callers, Passwords passwords, Answers answers) {
        this.node = node;
        this.callers = callers;
        this.passwords = passwords;
        this.answers = answers;
    }

    @Override
    public void authEnable(AuthEnableRequest request, StreamObserver<AuthEnableResponse> observer) {
        change(
                observer,
                new AuthCommand.Enable(),
                header -> AuthEnableResponse.newBuilder().setHeader(header).build());
    }

    @Override
    public void authDisable(
            AuthDisableRequest request, StreamObserver<AuthDisableResponse> observer) {
        change(
                observer,
                new AuthCommand.Disable(),
                header -> AuthDisableResponse.newBuilder().setHeader(header).build());
    }

    /** AU-03. */
    @Override
    public void authStatus(AuthStatusRequest request, StreamObserver<AuthStatusResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    var status = (Result.AuthStatus) propose(new AuthCommand.Status());
                    return AuthStatusResponse.newBuilder()
                            .setHeader(answers.header(status.revision()))
                            .setEnabled(status.enabled())
                            .setAuthRevision(status.authRevision())
                            .build();
                });
    }

    /** AU-04. */
    @Override
    public void authenticate(
            AuthenticateRequest request, StreamObserver<AuthenticateResponse> observer) {
        Unary.answer(observer, () -> authenticate(request.getName(), request.getPassword()));
    }

    private AuthenticateResponse authenticate(String user, String password) {
        node.linearizablePoint().join();
        while (true) {
            AuthState checked = callers.auth();
            requirePassword(checked, user, password);
            AuthCommand.Authenticate command = node.authentication().authenticate(user);
            var done = (Result.Authenticated) node.propose(command).join();
            String token = node.authentication().token(command, done);
            // The password may have been changed while it was checked.
            if (checked.revision() == callers.auth().revision()) {
                return AuthenticateResponse.newBuilder()
                        .setHeader(answers.header(done.revision()))
                        .setToken(token)
                        .build();
            }
            LOG.log(Level.INFO, "revision when password checked became stale; retrying");
        }
    }

    private void requirePassword(AuthState auth, String user, String password) {
        try {
            if (!passwords.matches(password, auth.passwordHash(user))) {
                throw EtcdError.AUTH_FAILED.exception();
            }
        } catch (EtcdException refusal) {
            if (refusal.error() != EtcdError.AUTH_NOT_ENABLED) {
                LOG.log(
                        Level.WARNING,
                        "invalid authentication was requested",
                        Fields.of("user", user, "error", refusal.getMessage()));
            }
            throw refusal;
        }
    }

    /** AU-05, SE-112. */
    @Override
    public void userAdd(AuthUserAddRequest request, StreamObserver<AuthUserAddResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    boolean noPassword = request.getOptions().getNoPassword();
                    String hash = noPassword ? "" : passwords.hash(request.getPassword());
                    ResponseHeader header =
                            change(new AuthCommand.UserAdd(request.getName(), hash, noPassword));
                    return AuthUserAddResponse.newBuilder().setHeader(header).build();
                });
    }

    /** AU-07. */
    @Override
    public void userGet(AuthUserGetRequest request, StreamObserver<AuthUserGetResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    var user = (Result.Names) propose(new AuthCommand.UserGet(request.getName()));
                    return AuthUserGetResponse.newBuilder()
                            .setHeader(answers.header(user.revision()))
                            .addAllRoles(user.names())
                            .build();
                });
    }

    /** AU-08. */
    @Override
    public void userList(
            AuthUserListRequest request, StreamObserver<AuthUserListResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    var users = (Result.Names) propose(new AuthCommand.UserList());
                    return AuthUserListResponse.newBuilder()
                            .setHeader(answers.header(users.revision()))
                            .addAllUsers(users.names())
                            .build();
                });
    }

    @Override
    public void userDelete(
            AuthUserDeleteRequest request, StreamObserver<AuthUserDeleteResponse> observer) {
        change(
                observer,
                new AuthCommand.UserDelete(request.getName()),
                header -> AuthUserDeleteResponse.newBuilder().setHeader(header).build());
    }

    /** AU-10. */
    @Override
    public void userChangePassword(
            AuthUserChangePasswordRequest request,
            StreamObserver<AuthUserChangePasswordResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    String password = request.getPassword();
                    String hash =
                            password.isEmpty()
                                    ? request.getHashedPassword()
                                    : passwords.hash(password);
                    ResponseHeader header =
                            change(new AuthCommand.UserChangePassword(request.getName(), hash));
                    return AuthUserChangePasswordResponse.newBuilder().setHeader(header).build();
                });
    }

    @Override
    public void userGrantRole(
            AuthUserGrantRoleRequest request, StreamObserver<AuthUserGrantRoleResponse> observer) {
        change(
                observer,
                new AuthCommand.UserGrantRole(request.getUser(), request.getRole()),
                header -> AuthUserGrantRoleResponse.newBuilder().setHeader(header).build());
    }

    @Override
    public void userRevokeRole(
            AuthUserRevokeRoleRequest request,
            StreamObserver<AuthUserRevokeRoleResponse> observer) {
        change(
                observer,
                new AuthCommand.UserRevokeRole(request.getName(), request.getRole()),
                header -> AuthUserRevokeRoleResponse.newBuilder().setHeader(header).build());
    }

    @Override
    public void roleAdd(AuthRoleAddRequest request, StreamObserver<AuthRoleAddResponse> observer) {
        change(
                observer,
                new AuthCommand.RoleAdd(request.getName()),
                header -> AuthRoleAddResponse.newBuilder().setHeader(header).build());
    }

    /** AU-14. */
    @Override
    public void roleGet(AuthRoleGetRequest request, StreamObserver<AuthRoleGetResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    var role =
                            (Result.Permissions)
                                    propose(new AuthCommand.RoleGet(request.getRole()));
                    AuthRoleGetResponse.Builder response =
                            AuthRoleGetResponse.newBuilder()
                                    .setHeader(answers.header(role.revision()));
                    role.permissions().forEach(of -> response.addPerm(permission(of)));
                    return response.build();
                });
    }

    /** AU-08. */
    @Override
    public void roleList(
            AuthRoleListRequest request, StreamObserver<AuthRoleListResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    var roles = (Result.Names) propose(new AuthCommand.RoleList());
                    return AuthRoleListResponse.newBuilder()
                            .setHeader(answers.header(roles.revision()))
                            .addAllRoles(roles.names())
                            .build();
                });
    }

    @Override
    public void roleDelete(
            AuthRoleDeleteRequest request, StreamObserver<AuthRoleDeleteResponse> observer) {
        change(
                observer,
                new AuthCommand.RoleDelete(request.getRole()),
                header -> AuthRoleDeleteResponse.newBuilder().setHeader(header).build());
    }

    /** AU-16. */
    @Override
    public void roleGrantPermission(
            AuthRoleGrantPermissionRequest request,
            StreamObserver<AuthRoleGrantPermissionResponse> observer) {
        Optional<Permission> permission =
                request.hasPerm()
                        ? Optional.of(
                                new Permission(
                                        request.getPerm().getPermTypeValue(),
                                        Bytes.of(request.getPerm().getKey()),
                                        Bytes.of(request.getPerm().getRangeEnd())))
                        : Optional.empty();
        change(
                observer,
                new AuthCommand.RoleGrantPermission(request.getName(), permission),
                header -> AuthRoleGrantPermissionResponse.newBuilder().setHeader(header).build());
    }

    /** AU-18. */
    @Override
    public void roleRevokePermission(
            AuthRoleRevokePermissionRequest request,
            StreamObserver<AuthRoleRevokePermissionResponse> observer) {
        change(
                observer,
                new AuthCommand.RoleRevokePermission(
                        request.getRole(),
                        Bytes.of(request.getKey()),
                        Bytes.of(request.getRangeEnd())),
                header -> AuthRoleRevokePermissionResponse.newBuilder().setHeader(header).build());
    }

    private static io.quorate.api.proto.auth.Permission permission(Permission permission) {
        return io.quorate.api.proto.auth.Permission.newBuilder()
                .setPermTypeValue(permission.type())
                .setKey(Bytes.of(permission.key()))
                .setRangeEnd(Bytes.of(permission.rangeEnd()))
                .build();
    }

    private <A> void change(
            StreamObserver<A> observer, AuthCommand command, Function<ResponseHeader, A> answer) {
        Unary.answer(observer, () -> answer.apply(change(command)));
    }

    /** AU-20. */
    private ResponseHeader change(AuthCommand command) {
        return answers.header(propose(command).revision());
    }

    private Result propose(AuthCommand command) {
        return node.propose(command, callers.current()).join();
    }
}
