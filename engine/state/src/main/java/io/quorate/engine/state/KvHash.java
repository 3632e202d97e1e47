package io.quorate.engine.state;

/**
 * A checksum of the keys up to a revision. Two members that give the same two revisions must give
 * the same hash (SE-14).
 *
 * @param hash CRC-32C, unsigned in 32 bits
 * @param compactRevision compact revision that it was computed under, -1 for none
 * @param hashRevision revision that it covers
 * @param revision the store's revision when it was computed
 */
public record KvHash(int hash, long compactRevision, long hashRevision, long revision) {
    /** The same, told at a later revision of the store. */
    KvHash at(long current) {
        return new KvHash(hash, compactRevision, hashRevision, current);
    }
}
