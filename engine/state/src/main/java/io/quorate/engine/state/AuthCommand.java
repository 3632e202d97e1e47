package io.quorate.engine.state;

import java.util.Optional;

/**
 * What concerns users and roles (AU-*). Questions are here too: they go through the log as in etcd,
 * so that who asks is checked at the same place as who changes, and the answer is up to date.
 */
public sealed interface AuthCommand extends Command {
    record Enable() implements AuthCommand {}

    record Disable() implements AuthCommand {}

    record Status() implements AuthCommand {}

    /**
     * Gives a user a token. The password was checked by who proposes this (AU-19).
     *
     * @param tokenPrefix random letters that make a simple token (SE-100); empty for other kinds
     */
    record Authenticate(String user, String tokenPrefix) implements AuthCommand {}

    /**
     * @param hashedPassword base64 of the bcrypt hash; not read for a user without a password
     */
    record UserAdd(String name, String hashedPassword, boolean noPassword) implements AuthCommand {
        /** Hides the hash. */
        @Override
        public String toString() {
            return "UserAdd[name=" + name + ", noPassword=" + noPassword + "]";
        }
    }

    record UserDelete(String name) implements AuthCommand {}

    /**
     * @param hashedPassword base64 of the bcrypt hash
     */
    record UserChangePassword(String name, String hashedPassword) implements AuthCommand {
        /** Hides the hash. */
        @Override
        public String toString() {
            return "UserChangePassword[name=" + name + "]";
        }
    }

    record UserGrantRole(String user, String role) implements AuthCommand {}

    record UserRevokeRole(String user, String role) implements AuthCommand {}

    record UserGet(String name) implements AuthCommand {}

    record UserList() implements AuthCommand {}

    record RoleAdd(String name) implements AuthCommand {}

    record RoleDelete(String role) implements AuthCommand {}

    record RoleGrantPermission(String role, Optional<Permission> permission)
            implements AuthCommand {}

    /** AU-18: exactly this range. */
    record RoleRevokePermission(String role, byte[] key, byte[] rangeEnd) implements AuthCommand {}

    record RoleGet(String role) implements AuthCommand {}

    record RoleList() implements AuthCommand {}
}
