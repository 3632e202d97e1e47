package io.quorate.backend.file;

import io.quorate.spi.plugin.Settings;

/**
 * Settings of the state store; README.md explains them.
 *
 * @param memBytes heap that the mem-table may take before it is flushed to a table
 * @param blockBytes size of a block in a table
 * @param cacheBytes blocks kept in the heap
 * @param tablesMax tables that may stand beside each other before some are merged
 */
record StateSettings(long memBytes, int blockBytes, long cacheBytes, int tablesMax) {
    static StateSettings of(Settings settings) {
        StateSettings read =
                new StateSettings(
                        settings.bytes("memtable-bytes", 64L << 20, 4L << 10, 4L << 30),
                        (int) settings.bytes("block-bytes", 16L << 10, 256, 4L << 20),
                        settings.bytes("cache-bytes", 64L << 20, 0, 1L << 40),
                        (int) settings.number("tables-max", 12, 1, 64));
        settings.refuseUnknown();
        return read;
    }
}
