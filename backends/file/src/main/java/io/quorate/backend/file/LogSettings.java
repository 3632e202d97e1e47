package io.quorate.backend.file;

import io.quorate.spi.plugin.Settings;

/**
 * Settings of the raft log; README.md explains them.
 *
 * @param segmentBytes size of one segment file
 * @param cacheBytes payload of recent entries kept in the heap
 */
record LogSettings(long segmentBytes, long cacheBytes) {
    static LogSettings of(Settings settings) {
        LogSettings read =
                new LogSettings(
                        settings.bytes("segment-bytes", 64L << 20, 64L << 10, 1L << 30),
                        settings.bytes("cache-bytes", 1L << 20, 0, 1L << 40));
        settings.refuseUnknown();
        return read;
    }
}
