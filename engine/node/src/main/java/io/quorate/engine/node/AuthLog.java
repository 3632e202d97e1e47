package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;

import io.quorate.engine.state.AuthCommand;
import io.quorate.engine.state.Permission;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What is logged of changes of users and roles, in etcd's words. */
final class AuthLog {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private AuthLog() {}

    static void applied(AuthCommand command) {
        switch (command) {
            case AuthCommand.Enable enable -> LOGGER.log(INFO, "enabled authentication");
            case AuthCommand.Disable disable -> LOGGER.log(INFO, "disabled authentication");
            case AuthCommand.UserAdd add -> log("added a user", "user-name", add.name());
            case AuthCommand.UserDelete(var name) -> log("deleted a user", "user-name", name);
            case AuthCommand.UserChangePassword change ->
                    log("changed a password of a user", "user-name", change.name());
            case AuthCommand.UserGrantRole(var user, var role) ->
                    log("granted a role to a user", "user-name", user, "added-role-name", role);
            case AuthCommand.UserRevokeRole(var user, var role) ->
                    log("revoked a role from a user", "user-name", user, "revoked-role-name", role);
            case AuthCommand.RoleAdd(var name) -> log("created a role", "role-name", name);
            case AuthCommand.RoleDelete(var role) -> log("deleted a role", "role-name", role);
            case AuthCommand.RoleGrantPermission grant ->
                    grant.permission().ifPresent(permission -> granted(grant.role(), permission));
            case AuthCommand.RoleRevokePermission(var role, var key, var rangeEnd) ->
                    log(
                            "revoked a permission on range",
                            "role-name",
                            role,
                            "key",
                            text(key),
                            "range-end",
                            text(rangeEnd));
            case AuthCommand.Authenticate authenticate -> {}
            case AuthCommand.Status status -> {}
            case AuthCommand.UserGet get -> {}
            case AuthCommand.UserList list -> {}
            case AuthCommand.RoleGet get -> {}
            case AuthCommand.RoleList list -> {}
        }
    }

    private static void granted(String role, Permission permission) {
        String type =
                switch (permission.type()) {
                    case Permission.READ -> "READ";
                    case Permission.WRITE -> "WRITE";
                    case Permission.READWRITE -> "READWRITE";
                    default -> "";
                };
        // etcd calls the role a user here.
        log(
                "granted/updated a permission to a user",
                "user-name",
                role,
                "permission-name",
                type,
                "key",
                text(permission.key()),
                "range-end",
                text(permission.rangeEnd()));
    }

    private static void log(String message, Object... fields) {
        Map<String, Object> named = Fields.of(fields);
        LOGGER.log(INFO, message, named);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** etcd's name of a request, as its metrics have it. */
    static String op(AuthCommand command) {
        return switch (command) {
            case AuthCommand.Enable enable -> "AuthEnable";
            case AuthCommand.Disable disable -> "AuthDisable";
            case AuthCommand.Status status -> "AuthStatus";
            case AuthCommand.Authenticate authenticate -> "Authenticate";
            case AuthCommand.UserAdd add -> "AuthUserAdd";
            case AuthCommand.UserDelete delete -> "AuthUserDelete";
            case AuthCommand.UserChangePassword change -> "AuthUserChangePassword";
            case AuthCommand.UserGrantRole grant -> "AuthUserGrantRole";
            case AuthCommand.UserRevokeRole revoke -> "AuthUserRevokeRole";
            case AuthCommand.UserGet get -> "AuthUserGet";
            case AuthCommand.UserList list -> "AuthUserList";
            case AuthCommand.RoleAdd add -> "AuthRoleAdd";
            case AuthCommand.RoleDelete delete -> "AuthRoleDelete";
            case AuthCommand.RoleGrantPermission grant -> "AuthRoleGrantPermission";
            case AuthCommand.RoleRevokePermission revoke -> "AuthRoleRevokePermission";
            case AuthCommand.RoleGet get -> "AuthRoleGet";
            case AuthCommand.RoleList list -> "AuthRoleList";
        };
    }
}
