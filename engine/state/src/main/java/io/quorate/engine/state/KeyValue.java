package io.quorate.engine.state;

/**
 * A key at one revision (etcd's mvccpb.KeyValue).
 *
 * @param key never empty
 * @param createRevision revision that made this generation of the key (SE-02)
 * @param modRevision revision of the last put (SE-03)
 * @param version puts in this generation, from 1 (SE-04)
 * @param value may be empty
 * @param lease lease attached, 0 for none
 */
public record KeyValue(
        byte[] key,
        long createRevision,
        long modRevision,
        long version,
        byte[] value,
        long lease) {}
