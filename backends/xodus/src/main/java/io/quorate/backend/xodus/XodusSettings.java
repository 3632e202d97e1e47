package io.quorate.backend.xodus;

import io.quorate.spi.plugin.Settings;

/**
 * Settings of either half; README.md explains them.
 *
 * @param fileBytes size of one Xodus file, which is also the unit of its garbage collection
 * @param pageBytes unit of reading, checksums and caching; a power of two
 * @param cacheBytes pages kept in the heap
 */
record XodusSettings(long fileBytes, int pageBytes, long cacheBytes) {
    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;

    static XodusSettings ofLog(Settings settings) {
        return of(settings, 16 * MIB);
    }

    static XodusSettings ofState(Settings settings) {
        return of(settings, 128 * MIB);
    }

    private static XodusSettings of(Settings settings, long cacheBytes) {
        long fileBytes = settings.bytes("file-bytes", 16 * MIB, 64 * KIB, 1024 * MIB);
        int pageBytes = (int) settings.bytes("page-bytes", 4 * KIB, KIB, 64 * KIB);
        long cache = settings.bytes("cache-bytes", cacheBytes, 64 * KIB, 1L << 40);
        settings.refuseUnknown();
        if (Integer.bitCount(pageBytes) != 1 || fileBytes % (64 * KIB) != 0) {
            throw new IllegalArgumentException(
                    "plugin xodus: page-bytes must be a power of two and file-bytes a multiple of"
                            + " 64KiB; they are "
                            + pageBytes
                            + " and "
                            + fileBytes);
        }
        return new XodusSettings(fileBytes, pageBytes, cache);
    }

    /** The longest value that is kept in one piece: many must fit into a file. */
    int chunkBytes() {
        return (int) Math.min(1 << 20, fileBytes / 16);
    }
}
