package io.quorate.spi.storage;

/**
 * One ordered map of byte keys inside a state (etcd calls it a bucket).
 *
 * @param id stable on disk, 0..255
 * @param name for people
 */
public record Keyspace(int id, String name) {}
