package io.quorate.engine.node;

import com.google.protobuf.ByteString;

import io.quorate.api.proto.AuthDisableRequest;
import io.quorate.api.proto.AuthEnableRequest;
import io.quorate.api.proto.AuthRoleAddRequest;
import io.quorate.api.proto.AuthRoleDeleteRequest;
import io.quorate.api.proto.AuthRoleGetRequest;
import io.quorate.api.proto.AuthRoleGrantPermissionRequest;
import io.quorate.api.proto.AuthRoleListRequest;
import io.quorate.api.proto.AuthRoleRevokePermissionRequest;
import io.quorate.api.proto.AuthStatusRequest;
import io.quorate.api.proto.AuthUserAddRequest;
import io.quorate.api.proto.AuthUserChangePasswordRequest;
import io.quorate.api.proto.AuthUserDeleteRequest;
import io.quorate.api.proto.AuthUserGetRequest;
import io.quorate.api.proto.AuthUserGrantRoleRequest;
import io.quorate.api.proto.AuthUserListRequest;
import io.quorate.api.proto.AuthUserRevokeRoleRequest;
import io.quorate.api.proto.auth.UserAddOptions;
import io.quorate.api.proto.internal.InternalAuthenticateRequest;
import io.quorate.api.proto.internal.InternalRaftRequest;
import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Permission;

import java.util.Optional;

/** The part of {@link CommandCodec} that concerns users and roles. */
final class AuthCodec {
    private AuthCodec() {}

    static void encode(AuthCommand command, InternalRaftRequest.Builder request) {
        switch (command) {
            case AuthCommand.Enable enable ->
                    request.setAuthEnable(AuthEnableRequest.getDefaultInstance());
            case AuthCommand.Disable disable ->
                    request.setAuthDisable(AuthDisableRequest.getDefaultInstance());
            case AuthCommand.Status status ->
                    request.setAuthStatus(AuthStatusRequest.getDefaultInstance());
            case AuthCommand.Authenticate(var user, var prefix) ->
                    request.setAuthenticate(
                            InternalAuthenticateRequest.newBuilder()
                                    .setName(user)
                                    .setSimpleToken(prefix));
            case AuthCommand.UserAdd(var name, var hashed, boolean noPassword) ->
                    request.setAuthUserAdd(
                            AuthUserAddRequest.newBuilder()
                                    .setName(name)
                                    .setHashedPassword(hashed)
                                    .setOptions(
                                            UserAddOptions.newBuilder().setNoPassword(noPassword)));
            case AuthCommand.UserDelete(var name) ->
                    request.setAuthUserDelete(AuthUserDeleteRequest.newBuilder().setName(name));
            case AuthCommand.UserChangePassword(var name, var hashed) ->
                    request.setAuthUserChangePassword(
                            AuthUserChangePasswordRequest.newBuilder()
                                    .setName(name)
                                    .setHashedPassword(hashed));
            case AuthCommand.UserGrantRole(var user, var role) ->
                    request.setAuthUserGrantRole(
                            AuthUserGrantRoleRequest.newBuilder().setUser(user).setRole(role));
            case AuthCommand.UserRevokeRole(var user, var role) ->
                    request.setAuthUserRevokeRole(
                            AuthUserRevokeRoleRequest.newBuilder().setName(user).setRole(role));
            case AuthCommand.UserGet(var name) ->
                    request.setAuthUserGet(AuthUserGetRequest.newBuilder().setName(name));
            case AuthCommand.UserList list ->
                    request.setAuthUserList(AuthUserListRequest.getDefaultInstance());
            case AuthCommand.RoleAdd(var name) ->
                    request.setAuthRoleAdd(AuthRoleAddRequest.newBuilder().setName(name));
            case AuthCommand.RoleDelete(var role) ->
                    request.setAuthRoleDelete(AuthRoleDeleteRequest.newBuilder().setRole(role));
            case AuthCommand.RoleGrantPermission(var role, var permission) -> {
                var grant = AuthRoleGrantPermissionRequest.newBuilder().setName(role);
                permission.ifPresent(given -> grant.setPerm(encode(given)));
                request.setAuthRoleGrantPermission(grant);
            }
            case AuthCommand.RoleRevokePermission(var role, var key, var rangeEnd) ->
                    request.setAuthRoleRevokePermission(
                            AuthRoleRevokePermissionRequest.newBuilder()
                                    .setRole(role)
                                    .setKey(ByteString.copyFrom(key))
                                    .setRangeEnd(ByteString.copyFrom(rangeEnd)));
            case AuthCommand.RoleGet(var role) ->
                    request.setAuthRoleGet(AuthRoleGetRequest.newBuilder().setRole(role));
            case AuthCommand.RoleList list ->
                    request.setAuthRoleList(AuthRoleListRequest.getDefaultInstance());
        }
    }

    /** Empty when the request concerns something else. */
    static Optional<AuthCommand> decode(InternalRaftRequest request) {
        if (request.hasAuthenticate()) {
            InternalAuthenticateRequest authenticate = request.getAuthenticate();
            return Optional.of(
                    new AuthCommand.Authenticate(
                            authenticate.getName(), authenticate.getSimpleToken()));
        }
        if (request.hasAuthEnable()) {
            return Optional.of(new AuthCommand.Enable());
        }
        if (request.hasAuthDisable()) {
            return Optional.of(new AuthCommand.Disable());
        }
        if (request.hasAuthStatus()) {
            return Optional.of(new AuthCommand.Status());
        }
        return decodeUser(request).or(() -> decodeRole(request));
    }

    private static Optional<AuthCommand> decodeUser(InternalRaftRequest request) {
        if (request.hasAuthUserAdd()) {
            AuthUserAddRequest add = request.getAuthUserAdd();
            return Optional.of(
                    new AuthCommand.UserAdd(
                            add.getName(),
                            add.getHashedPassword(),
                            add.getOptions().getNoPassword()));
        }
        if (request.hasAuthUserDelete()) {
            return Optional.of(new AuthCommand.UserDelete(request.getAuthUserDelete().getName()));
        }
        if (request.hasAuthUserChangePassword()) {
            AuthUserChangePasswordRequest change = request.getAuthUserChangePassword();
            return Optional.of(
                    new AuthCommand.UserChangePassword(
                            change.getName(), change.getHashedPassword()));
        }
        if (request.hasAuthUserGrantRole()) {
            AuthUserGrantRoleRequest grant = request.getAuthUserGrantRole();
            return Optional.of(new AuthCommand.UserGrantRole(grant.getUser(), grant.getRole()));
        }
        if (request.hasAuthUserRevokeRole()) {
            AuthUserRevokeRoleRequest revoke = request.getAuthUserRevokeRole();
            return Optional.of(new AuthCommand.UserRevokeRole(revoke.getName(), revoke.getRole()));
        }
        if (request.hasAuthUserGet()) {
            return Optional.of(new AuthCommand.UserGet(request.getAuthUserGet().getName()));
        }
        return request.hasAuthUserList()
                ? Optional.of(new AuthCommand.UserList())
                : Optional.empty();
    }

    private static Optional<AuthCommand> decodeRole(InternalRaftRequest request) {
        if (request.hasAuthRoleAdd()) {
            return Optional.of(new AuthCommand.RoleAdd(request.getAuthRoleAdd().getName()));
        }
        if (request.hasAuthRoleDelete()) {
            return Optional.of(new AuthCommand.RoleDelete(request.getAuthRoleDelete().getRole()));
        }
        if (request.hasAuthRoleGrantPermission()) {
            AuthRoleGrantPermissionRequest grant = request.getAuthRoleGrantPermission();
            return Optional.of(
                    new AuthCommand.RoleGrantPermission(
                            grant.getName(),
                            grant.hasPerm()
                                    ? Optional.of(decode(grant.getPerm()))
                                    : Optional.empty()));
        }
        if (request.hasAuthRoleRevokePermission()) {
            AuthRoleRevokePermissionRequest revoke = request.getAuthRoleRevokePermission();
            return Optional.of(
                    new AuthCommand.RoleRevokePermission(
                            revoke.getRole(),
                            revoke.getKey().toByteArray(),
                            revoke.getRangeEnd().toByteArray()));
        }
        if (request.hasAuthRoleGet()) {
            return Optional.of(new AuthCommand.RoleGet(request.getAuthRoleGet().getRole()));
        }
        return request.hasAuthRoleList()
                ? Optional.of(new AuthCommand.RoleList())
                : Optional.empty();
    }

    private static io.quorate.api.proto.auth.Permission encode(Permission permission) {
        return io.quorate.api.proto.auth.Permission.newBuilder()
                .setPermTypeValue(permission.type())
                .setKey(ByteString.copyFrom(permission.key()))
                .setRangeEnd(ByteString.copyFrom(permission.rangeEnd()))
                .build();
    }

    private static Permission decode(io.quorate.api.proto.auth.Permission permission) {
        return new Permission(
                permission.getPermTypeValue(),
                permission.getKey().toByteArray(),
                permission.getRangeEnd().toByteArray());
    }
}
