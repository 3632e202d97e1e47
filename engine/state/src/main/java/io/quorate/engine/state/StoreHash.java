package io.quorate.engine.state;

/**
 * A checksum of a whole store.
 *
 * @param hash CRC-32C, unsigned in 32 bits
 * @param revision the store's when it was computed
 */
public record StoreHash(int hash, long revision) {}
