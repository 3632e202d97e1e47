package io.quorate.engine.server;

import static java.lang.System.Logger.Level.INFO;

import io.quorate.spi.storage.StateStore;

import java.util.Map;

/** The defragmentation before a member starts, where that wins enough (FL-98). */
final class StartDefrag {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");
    private static final int MEGABYTE_BITS = 20;

    private StartDefrag() {}

    /**
     * @param megabytes MiB on disk, at least 1, below which it is not worth while
     * @throws io.quorate.spi.storage.StorageException when the store cannot
     */
    static void run(StateStore state, long megabytes) {
        // Too large a number is never reached, whatever it overflows to.
        long threshold = Math.min(megabytes, Long.MAX_VALUE >> MEGABYTE_BITS) << MEGABYTE_BITS;
        if (state.sizeOnDisk() - state.sizeInUse() < threshold) {
            Map<String, Object> fields = sizes(state);
            fields.put("bootstrap-defrag-threshold-bytes", threshold);
            LOG.log(INFO, "Skipping defragmentation", fields);
            return;
        }
        LOG.log(INFO, "defragmenting", sizes(state));
        state.defragment();
        LOG.log(INFO, "finished defragmenting directory", sizes(state));
    }

    private static Map<String, Object> sizes(StateStore state) {
        return Fields.of(
                "current-db-size-bytes",
                state.sizeOnDisk(),
                "current-db-size-in-use-bytes",
                state.sizeInUse());
    }
}
