package io.quorate.spi.storage;

/**
 * Whose log this is, written once at creation.
 *
 * @param clusterId id of the cluster, unsigned
 * @param memberId id of the member, unsigned
 */
public record Identity(long clusterId, long memberId) {}
