package io.quorate.engine.state;

import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.WriteBatch;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Who may do what: users, roles, whether auth is on, and the auth revision (AU-*, SE-90..SE-112).
 * Rows are those of etcd's buckets auth, authUsers and authRoles. Does not touch the revision of
 * the keys. Changed by the apply thread; any thread takes the newest {@link #state}.
 */
final class AuthStore {
    private static final byte[] ENABLED = AuthRows.utf8("authEnabled");
    private static final byte[] REVISION = AuthRows.utf8("authRevision");
    private static final byte[] ON = {1};
    private static final byte[] OFF = {0};
    private static final byte[] NO_PASSWORD = {};

    /** etcd writes this one before it serves; here it goes without saying. */
    private static final long FIRST_REVISION = 1;

    private volatile AuthState state;

    AuthStore(ReadView view) {
        byte[] enabled = view.get(Keyspaces.AUTH, ENABLED);
        byte[] revision = view.get(Keyspaces.AUTH, REVISION);
        Map<String, User> users = new HashMap<>();
        each(
                view,
                Keyspaces.AUTH_USERS,
                row -> {
                    User user = AuthRows.user(row);
                    users.put(user.name(), user);
                });
        Map<String, Role> roles = new HashMap<>();
        each(
                view,
                Keyspaces.AUTH_ROLES,
                row -> {
                    Role role = AuthRows.role(row);
                    roles.put(role.name(), role);
                });
        state =
                new AuthState(
                        enabled != null && enabled.length == 1 && enabled[0] == ON[0],
                        revision == null ? FIRST_REVISION : ByteBuffer.wrap(revision).getLong(),
                        users,
                        roles);
    }

    private static void each(ReadView view, Keyspace keyspace, Consumer<byte[]> reader) {
        try (Cursor cursor = view.cursor(keyspace, null, null, false)) {
            while (cursor.next()) reader.accept(cursor.value());
        }
    }

    AuthState state() {
        return state;
    }

    /**
     * @param revision of the keys, for the answer
     * @param index of the log
     * @throws EtcdException when it is refused; then nothing changed
     */
    Result apply(AuthCommand command, long revision, long index, WriteBatch batch) {
        AuthState now = state;
        switch (command) {
            case AuthCommand.Enable enable -> enable(batch);
            case AuthCommand.Disable disable -> disable(batch);
            case AuthCommand.UserAdd add -> addUser(add, batch);
            case AuthCommand.UserDelete(String name) -> deleteUser(name, batch);
            case AuthCommand.UserChangePassword change -> changePassword(change, batch);
            case AuthCommand.UserGrantRole(String user, String role) ->
                    grantRole(user, role, batch);
            case AuthCommand.UserRevokeRole(String user, String role) ->
                    revokeRole(user, role, batch);
            case AuthCommand.RoleAdd(String name) -> addRole(name, batch);
            case AuthCommand.RoleDelete(String role) -> deleteRole(role, batch);
            case AuthCommand.RoleGrantPermission grant -> grant(grant, batch);
            case AuthCommand.RoleRevokePermission revoke -> revoke(revoke, batch);
            case AuthCommand.Status status -> {
                return new Result.AuthStatus(revision, now.enabled(), now.revision());
            }
            case AuthCommand.Authenticate(String name, String prefix) -> {
                if (!now.enabled()) throw EtcdError.AUTH_NOT_ENABLED.exception();
                boolean may = now.user(name).filter(user -> !user.noPassword()).isPresent();
                if (!may) throw EtcdError.AUTH_FAILED.exception();
                return new Result.Authenticated(revision, now.revision(), index);
            }
            case AuthCommand.UserGet(String name) -> {
                return new Result.Names(revision, existingUser(name).roles());
            }
            case AuthCommand.UserList list -> {
                return new Result.Names(revision, now.userNames());
            }
            case AuthCommand.RoleGet(String role) -> {
                return new Result.Permissions(revision, AuthState.shown(existingRole(role)));
            }
            case AuthCommand.RoleList list -> {
                return new Result.Names(revision, now.roleNames());
            }
        }
        return new Result.Done(revision);
    }

    // AU-01. Not a change of users or roles: the auth revision stays.
    private void enable(WriteBatch batch) {
        if (state.enabled()) return;
        User root = state.user(User.ROOT).orElseThrow(EtcdError.ROOT_USER_NOT_EXIST::exception);
        if (!root.isRoot()) throw EtcdError.ROOT_ROLE_NOT_EXIST.exception();
        batch.put(Keyspaces.AUTH, ENABLED, ON);
        state = new AuthState(true, state.revision(), users(), roles());
    }

    // AU-02
    private void disable(WriteBatch batch) {
        if (!state.enabled()) return;
        batch.put(Keyspaces.AUTH, ENABLED, OFF);
        changed(false, users(), roles(), batch);
    }

    private void addUser(AuthCommand.UserAdd add, WriteBatch batch) {
        if (add.name().isEmpty()) throw EtcdError.USER_EMPTY.exception();
        if (state.user(add.name()).isPresent()) throw EtcdError.USER_EXISTS.exception();
        byte[] password = add.noPassword() ? NO_PASSWORD : password(add.hashedPassword());
        save(new User(add.name(), password, List.of(), true, add.noPassword()), batch);
    }

    private void deleteUser(String name, WriteBatch batch) {
        if (state.enabled() && name.equals(User.ROOT))
            throw EtcdError.INVALID_AUTH_MANAGEMENT.exception();
        existingUser(name);
        Map<String, User> users = users();
        users.remove(name);
        batch.delete(Keyspaces.AUTH_USERS, AuthRows.utf8(name));
        changed(state.enabled(), users, roles(), batch);
    }

    private void changePassword(AuthCommand.UserChangePassword change, WriteBatch batch) {
        User user = existingUser(change.name());
        byte[] password = user.noPassword() ? NO_PASSWORD : password(change.hashedPassword());
        save(user.withPassword(password), batch);
    }

    private static byte[] password(String hashed) {
        try {
            return Base64.getDecoder().decode(hashed);
        } catch (IllegalArgumentException notBase64) {
            throw EtcdError.NO_PASSWORD_USER.exception();
        }
    }

    // AU-11. The role root need not be there.
    private void grantRole(String name, String role, WriteBatch batch) {
        User user = existingUser(name);
        if (!role.equals(User.ROOT)) existingRole(role);
        if (user.roles().contains(role)) return;
        List<String> roles = new ArrayList<>(user.roles());
        roles.add(role);
        roles.sort(AuthState.BY_BYTES);
        save(user.withRoles(roles), batch);
    }

    // AU-12
    private void revokeRole(String name, String role, WriteBatch batch) {
        if (state.enabled() && name.equals(User.ROOT) && role.equals(User.ROOT))
            throw EtcdError.INVALID_AUTH_MANAGEMENT.exception();
        User user = existingUser(name);
        if (!user.roles().contains(role)) throw EtcdError.ROLE_NOT_GRANTED.exception();
        save(without(user, role), batch);
    }

    private static User without(User user, String role) {
        return user.withRoles(user.roles().stream().filter(own -> !own.equals(role)).toList());
    }

    private void addRole(String name, WriteBatch batch) {
        if (name.isEmpty()) throw EtcdError.ROLE_EMPTY.exception();
        if (state.role(name).isPresent()) throw EtcdError.ROLE_EXISTS.exception();
        save(new Role(name, List.of()), batch);
    }

    // AU-15
    private void deleteRole(String name, WriteBatch batch) {
        if (state.enabled() && name.equals(User.ROOT))
            throw EtcdError.INVALID_AUTH_MANAGEMENT.exception();
        existingRole(name);
        Map<String, Role> roles = roles();
        roles.remove(name);
        batch.delete(Keyspaces.AUTH_ROLES, AuthRows.utf8(name));
        Map<String, User> users = users();
        for (User user : state.users()) {
            if (!user.roles().contains(name)) continue;
            User changed = without(user, name);
            users.put(user.name(), changed);
            batch.put(Keyspaces.AUTH_USERS, AuthRows.utf8(user.name()), AuthRows.encode(changed));
        }
        changed(state.enabled(), users, roles, batch);
    }

    // AU-16
    private void grant(AuthCommand.RoleGrantPermission grant, WriteBatch batch) {
        Permission added =
                grant.permission().orElseThrow(EtcdError.PERMISSION_NOT_GIVEN::exception);
        if (!added.hasValidRange()) throw EtcdError.INVALID_AUTH_MANAGEMENT.exception();
        Role role = existingRole(grant.role());
        List<Permission> permissions = new ArrayList<>(role.permissions());
        boolean[] replaced = {false};
        permissions.replaceAll(old -> {
            boolean same = old.isOver(added.key(), added.rangeEnd());
            replaced[0] |= same;
            return same ? added : old;
        });
        if (!replaced[0]) permissions.add(added);
        permissions.sort(Comparator.comparing(Permission::key, Arrays::compareUnsigned));
        save(new Role(role.name(), List.copyOf(permissions)), batch);
    }

    // AU-18
    private void revoke(AuthCommand.RoleRevokePermission revoke, WriteBatch batch) {
        Role role = existingRole(revoke.role());
        List<Permission> rest =
                role.permissions().stream()
                        .filter(own -> !own.isOver(revoke.key(), revoke.rangeEnd()))
                        .toList();
        if (rest.size() == role.permissions().size())
            throw EtcdError.PERMISSION_NOT_GRANTED.exception();
        save(new Role(role.name(), rest), batch);
    }

    private User existingUser(String name) {
        return state.user(name).orElseThrow(EtcdError.USER_NOT_FOUND::exception);
    }

    private Role existingRole(String name) {
        return state.role(name).orElseThrow(EtcdError.ROLE_NOT_FOUND::exception);
    }

    private void save(User user, WriteBatch batch) {
        Map<String, User> users = users();
        users.put(user.name(), user);
        batch.put(Keyspaces.AUTH_USERS, AuthRows.utf8(user.name()), AuthRows.encode(user));
        changed(state.enabled(), users, roles(), batch);
    }

    private void save(Role role, WriteBatch batch) {
        Map<String, Role> roles = roles();
        roles.put(role.name(), role);
        batch.put(Keyspaces.AUTH_ROLES, AuthRows.utf8(role.name()), AuthRows.encode(role));
        changed(state.enabled(), users(), roles, batch);
    }

    private void changed(
            boolean enabled, Map<String, User> users, Map<String, Role> roles, WriteBatch batch) {
        long revision = state.revision() + 1;
        batch.put(
                Keyspaces.AUTH,
                REVISION,
                ByteBuffer.allocate(Long.BYTES).putLong(revision).array());
        state = new AuthState(enabled, revision, users, roles);
    }

    private Map<String, User> users() {
        Map<String, User> users = new HashMap<>();
        for (User user : state.users()) users.put(user.name(), user);
        return users;
    }

    private Map<String, Role> roles() {
        return new HashMap<>(state.roles());
    }
}
