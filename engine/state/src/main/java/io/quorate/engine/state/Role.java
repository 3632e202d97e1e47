package io.quorate.engine.state;

import java.util.List;

/**
 * A role as it is stored.
 *
 * @param permissions in order of their keys
 */
record Role(String name, List<Permission> permissions) {}
