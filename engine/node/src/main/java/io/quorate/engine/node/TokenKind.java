package io.quorate.engine.node;

import java.time.Duration;

/** What tokens a member gives to users who have shown their password (FL-76). */
public sealed interface TokenKind {
    /** etcd's default (SE-100). */
    TokenKind DEFAULT = new Simple(Duration.ofMinutes(5));

    /**
     * Random letters that each member keeps in the heap.
     *
     * @param ttl how long one lives without being used, more than 0
     */
    record Simple(Duration ttl) implements TokenKind {}
}
