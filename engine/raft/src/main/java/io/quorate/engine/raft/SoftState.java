package io.quorate.engine.raft;

/**
 * State that is useful to know but not kept.
 *
 * @param leader member id of the leader, 0 when there is none
 * @param role this member's role
 */
public record SoftState(long leader, Role role) {}
