package io.quorate.engine.node;

/**
 * How long a lease lives, as its leader counts.
 *
 * @param granted seconds granted
 * @param left whole seconds left, 0 when it is over and about to be revoked (SE-82)
 */
public record LeaseTime(long id, long granted, long left) {}
