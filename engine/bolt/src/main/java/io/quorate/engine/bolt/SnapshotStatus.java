package io.quorate.engine.bolt;

import io.quorate.engine.state.KeyRows;
import io.quorate.engine.state.Keyspaces;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What etcd tells of a snapshot file (UT-02).
 *
 * @param hash CRC-32C over the names of all buckets, each followed by its keys and values
 * @param revision main revision of the last row, 0 without rows
 * @param totalKeys keys that are there at that revision
 * @param totalBytes size of the pages in use
 * @param version of the storage, such as {@code 3.7.0}; empty when none is stored
 */
public record SnapshotStatus(
        int hash, long revision, long totalKeys, long totalBytes, String version) {
    private static final byte[] STORAGE_VERSION = utf8("storageVersion");

    /**
     * Reads the whole file, once for its structure and once for what is in it.
     *
     * @throws io.quorate.spi.storage.StorageException.Corruption for the first thing that is wrong
     */
    public static SnapshotStatus of(BoltFile file) {
        file.check();
        CRC32C crc = new CRC32C();
        LiveKeys live = new LiveKeys();
        long revision = 0;
        boolean meta = false;
        for (byte[] bucket : file.buckets()) {
            crc.update(bucket);
            boolean keys = Arrays.equals(bucket, utf8(Keyspaces.KEY.name()));
            meta |= Arrays.equals(bucket, utf8(Keyspaces.META.name()));
            try (BoltCursor cursor = file.cursor(bucket, null, null)) {
                while (cursor.next()) {
                    byte[] row = cursor.value();
                    crc.update(cursor.key());
                    crc.update(row);
                    if (!keys) continue;
                    revision = KeyRows.revision(cursor.key());
                    byte[] key = KeyRows.decode(row).key();
                    if (KeyRows.isTombstone(cursor.key())) live.remove(key);
                    else live.add(key);
                }
            }
        }
        if (!meta)
            throw file.corruptFile("has no bucket \"meta\": it is a bbolt file, but not of etcd");
        return new SnapshotStatus(
                (int) crc.getValue(), revision, live.count(), file.bytes(), storageVersion(file));
    }

    private static String storageVersion(BoltFile file) {
        return value(file, Keyspaces.META.name(), STORAGE_VERSION)
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .filter(text -> text.matches("\\d+\\.\\d+\\.\\d+([-+].*)?"))
                .orElse("");
    }

    static Optional<byte[]> value(BoltFile file, String bucket, byte[] key) {
        try (BoltCursor cursor = file.cursor(utf8(bucket), key, null)) {
            boolean found = cursor.next() && Arrays.equals(cursor.key(), key);
            return found ? Optional.of(cursor.value()) : Optional.empty();
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
