package io.quorate.engine.state;

import java.util.List;

/**
 * A user as it is stored.
 *
 * @param password the bcrypt hash; empty for none
 * @param roles names, in order of their bytes
 * @param hasOptions whether the row says anything about {@code noPassword}: those of old etcds do
 *     not
 * @param noPassword whether no password can ever be right
 */
record User(
        String name, byte[] password, List<String> roles, boolean hasOptions, boolean noPassword) {
    static final String ROOT = "root";

    /** SE-91: root is also the name of the role that may do everything. */
    boolean isRoot() {
        return roles.contains(ROOT);
    }

    User withRoles(List<String> others) {
        return new User(name, password, List.copyOf(others), hasOptions, noPassword);
    }

    User withPassword(byte[] other) {
        return new User(name, other, roles, hasOptions, noPassword);
    }
}
