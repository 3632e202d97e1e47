package io.quorate.engine.state;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The users and roles after some command, and what each caller may do. Never changes; any thread.
 *
 * <p>The {@code require} methods pass or throw an {@link EtcdException}; while auth is off they
 * pass (SE-107).
 */
public final class AuthState {
    /** Names in the order of their bytes, as etcd's buckets have them. */
    static final Comparator<String> BY_BYTES =
            Comparator.comparing(AuthRows::utf8, Arrays::compareUnsigned);

    private static final byte[] ONE_KEY = {};
    private static final List<Permission> EVERYTHING =
            List.of(new Permission(Permission.READWRITE, new byte[0], new byte[] {0}));

    private final boolean enabled;
    private final long revision;
    private final Map<String, User> users;
    private final Map<String, Role> roles;

    /** By user, made when it is asked for. */
    private final Map<String, Rights> rights = new ConcurrentHashMap<>();

    AuthState(boolean enabled, long revision, Map<String, User> users, Map<String, Role> roles) {
        this.enabled = enabled;
        this.revision = revision;
        this.users = Map.copyOf(users);
        this.roles = Map.copyOf(roles);
    }

    public boolean enabled() {
        return enabled;
    }

    /** Counts the changes of users and roles (SE-99); 1 before the first. */
    public long revision() {
        return revision;
    }

    /** The user root, on whose behalf the server itself acts; nobody while auth is off. */
    public Caller root() {
        return enabled ? new Caller(User.ROOT, revision) : Caller.NOBODY;
    }

    /**
     * The bcrypt hash to hold a password against.
     *
     * @throws EtcdException when no password can be right: auth is off, or the user is not there or
     *     has none (AU-04, AU-06)
     */
    public byte[] passwordHash(String user) {
        if (!enabled) throw EtcdError.AUTH_NOT_ENABLED.exception();
        User known = users.get(user);
        if (known == null) throw EtcdError.AUTH_FAILED.exception();
        if (known.noPassword()) throw EtcdError.NO_PASSWORD_USER.exception();
        return known.password().clone();
    }

    /** Read permission on all keys of a range. */
    public void requireRead(Caller caller, byte[] key, byte[] rangeEnd) {
        require(caller, key, rangeEnd, false);
    }

    /** As {@link #requireRead(Caller, byte[], byte[])}. */
    public void requireRead(Caller caller, RangeQuery query) {
        require(caller, query.key(), query.rangeEnd(), false);
    }

    /** Write permission on all keys of a range. */
    public void requireWrite(Caller caller, byte[] key, byte[] rangeEnd) {
        require(caller, key, rangeEnd, true);
    }

    /** Read permission on each of some keys; root needs none (LE-14). */
    public void requireReads(Caller caller, List<byte[]> keys) {
        if (mayAll(caller)) return;
        for (byte[] key : keys) require(caller, key, ONE_KEY, false);
    }

    /** Write permission on each of some keys; root needs none (SE-98). */
    public void requireWrites(Caller caller, List<byte[]> keys) {
        if (mayAll(caller)) return;
        for (byte[] key : keys) require(caller, key, ONE_KEY, true);
    }

    private void require(Caller caller, byte[] key, byte[] rangeEnd, boolean write) {
        if (!enabled) return;
        if (caller.authRevision() == 0) throw EtcdError.USER_EMPTY.exception();
        if (caller.authRevision() < revision) throw EtcdError.AUTH_OLD_REVISION.exception();
        User user = users.get(caller.user());
        if (user == null) throw EtcdError.PERMISSION_DENIED.exception();
        if (user.isRoot()) return;
        Rights own = rights.computeIfAbsent(user.name(), name -> rights(user));
        KeyRanges allowed = write ? own.writable : own.readable;
        if (!allowed.contain(key, rangeEnd)) throw EtcdError.PERMISSION_DENIED.exception();
    }

    /** The role root (SE-92). Does not look at the auth revision, as etcd does not. */
    public void requireRoot(Caller caller) {
        if (!enabled) return;
        if (caller.user().isEmpty()) throw EtcdError.USER_EMPTY.exception();
        User user = users.get(caller.user());
        if (user == null) throw EtcdError.USER_NOT_FOUND.exception();
        if (!user.isRoot()) throw EtcdError.PERMISSION_DENIED.exception();
    }

    /** Any user (SE-93). */
    public void requireUser(Caller caller) {
        if (enabled && caller.equals(Caller.NOBODY)) throw EtcdError.USER_EMPTY.exception();
    }

    /**
     * That nothing has changed since the caller was recognised. For who has read after a check: the
     * caller may have lost his right in between.
     */
    public void requireCurrent(Caller caller) {
        if (caller.authRevision() != 0 && caller.authRevision() != revision)
            throw EtcdError.AUTH_OLD_REVISION.exception();
    }

    private boolean mayAll(Caller caller) {
        if (!enabled) return true;
        User user = users.get(caller.user());
        return user != null && user.isRoot();
    }

    void requireRootOr(boolean allowed, Caller caller) {
        if (!allowed) requireRoot(caller);
    }

    boolean hasRole(String user, String role) {
        User known = users.get(user);
        return known != null && known.roles().contains(role);
    }

    private Rights rights(User user) {
        List<Permission> all =
                user.roles().stream()
                        .map(roles::get)
                        .filter(role -> role != null)
                        .flatMap(role -> role.permissions().stream())
                        .toList();
        return new Rights(
                new KeyRanges(all.stream().filter(Permission::allowsReads).toList()),
                new KeyRanges(all.stream().filter(Permission::allowsWrites).toList()));
    }

    Optional<User> user(String name) {
        return Optional.ofNullable(users.get(name));
    }

    Optional<Role> role(String name) {
        return Optional.ofNullable(roles.get(name));
    }

    List<User> users() {
        return List.copyOf(users.values());
    }

    Map<String, Role> roles() {
        return roles;
    }

    List<String> userNames() {
        return sorted(users);
    }

    List<String> roleNames() {
        return sorted(roles);
    }

    private static List<String> sorted(Map<String, ?> byName) {
        List<String> names = new ArrayList<>(byName.keySet());
        names.sort(BY_BYTES);
        return names;
    }

    /** AU-14. */
    static List<Permission> shown(Role role) {
        return role.name().equals(User.ROOT) ? EVERYTHING : role.permissions();
    }

    private record Rights(KeyRanges readable, KeyRanges writable) {}
}
