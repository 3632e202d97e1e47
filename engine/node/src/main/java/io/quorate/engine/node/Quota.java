package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.Command;
import io.quorate.engine.state.Costs;

import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The limit of the state's size (SE-44 to SE-47). It is this member's own, so it never decides what
 * a command does: it refuses proposals, and it raises the alarm that then binds all members. Any
 * thread.
 */
final class Quota {
    /** Above this the log warns. */
    private static final long SUGGESTED_BYTES_MAX = 8L << 30;

    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final long bytesMax;
    private final LongSupplier size;

    /**
     * @param size bytes of the state on disk
     */
    Quota(Upkeep upkeep, LongSupplier size) {
        this.bytesMax = upkeep.effectiveQuotaBytes();
        this.size = size;
        log(upkeep.quotaBytes());
    }

    /** Whether there is room for what the command may add. */
    boolean admits(Command command) {
        return admits(command, 0);
    }

    /**
     * As {@link #admits(Command)}.
     *
     * @param pendingBytes that are about to be added to the state
     */
    boolean admits(Command command, long pendingBytes) {
        if (bytesMax < 0) {
            return true;
        }
        long cost = Costs.of(command);
        return cost == 0 || size.getAsLong() + pendingBytes + cost < bytesMax;
    }

    long bytesMax() {
        return bytesMax;
    }

    private static void log(long asked) {
        if (asked < 0) {
            LOGGER.log(
                    INFO,
                    "disabled backend quota",
                    Fields.of("quota-name", "kv", "quota-size-bytes", asked));
            return;
        }
        if (asked == 0) {
            LOGGER.log(
                    INFO,
                    "enabled backend quota with default value",
                    fields(Upkeep.DEFAULT_QUOTA_BYTES));
            return;
        }
        if (asked > SUGGESTED_BYTES_MAX) {
            var fields = fields(asked);
            fields.put("quota-maximum-size-bytes", SUGGESTED_BYTES_MAX);
            fields.put("quota-maximum-size", ByteSizes.text(SUGGESTED_BYTES_MAX));
            LOGGER.log(WARNING, "quota exceeds the maximum value", fields);
        }
        LOGGER.log(INFO, "enabled backend quota", fields(asked));
    }

    private static Map<String, Object> fields(long bytes) {
        return Fields.of(
                "quota-name", "kv", "quota-size-bytes", bytes, "quota-size", ByteSizes.text(bytes));
    }
}
