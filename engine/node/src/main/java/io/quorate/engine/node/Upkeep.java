package io.quorate.engine.node;

import java.time.Duration;

/**
 * How a replica looks after its state.
 *
 * @param quotaBytes size of the state at which nothing that adds to it is taken (SE-44): 0 for
 *     {@link #DEFAULT_QUOTA_BYTES}, negative for no limit
 * @param autoCompaction which history is compacted away without being asked
 * @param corruptCheck when this replica compares itself with the others
 * @param compactionRows rows that a compaction reads or removes between two batches of commands
 *     (SE-12), 1 or more
 * @param slowApply a command whose apply takes longer is logged
 */
public record Upkeep(
        long quotaBytes,
        AutoCompaction autoCompaction,
        CorruptCheck corruptCheck,
        int compactionRows,
        Duration slowApply) {
    public static final long DEFAULT_QUOTA_BYTES = 2L << 30;
    public static final int DEFAULT_COMPACTION_ROWS = 1000;
    public static final Duration DEFAULT_SLOW_APPLY = Duration.ofMillis(100);

    /** etcd's defaults: nothing by itself. */
    public static final Upkeep DEFAULT =
            new Upkeep(
                    0,
                    new AutoCompaction.Off(),
                    CorruptCheck.OFF,
                    DEFAULT_COMPACTION_ROWS,
                    DEFAULT_SLOW_APPLY);

    public Upkeep {
        if (compactionRows < 1) {
            throw new IllegalArgumentException("compactionRows is " + compactionRows + ", below 1");
        }
    }

    /** The limit itself; negative for none. */
    public long effectiveQuotaBytes() {
        return quotaBytes == 0 ? DEFAULT_QUOTA_BYTES : quotaBytes;
    }

    /** Which history goes by itself (SE-60 to SE-62). */
    public sealed interface AutoCompaction {
        record Off() implements AutoCompaction {}

        /**
         * What is older than the period.
         *
         * @param period positive
         */
        record Periodic(Duration period) implements AutoCompaction {
            public Periodic {
                if (!period.isPositive()) {
                    throw new IllegalArgumentException("the period is " + period);
                }
            }
        }

        /**
         * What lies more than so many revisions back.
         *
         * @param retained 1 or more
         */
        record Revisions(long retained) implements AutoCompaction {
            public Revisions {
                if (retained < 1) {
                    throw new IllegalArgumentException("retained is " + retained + ", below 1");
                }
            }
        }
    }

    /**
     * Comparisons with the other members (SE-65 to SE-67).
     *
     * @param initial whether the start compares, and fails when members differ
     * @param period of the leader's comparison of current states; zero for never
     * @param compactionPeriod of the leader's comparison of what members remember of compactions;
     *     zero for never
     */
    public record CorruptCheck(boolean initial, Duration period, Duration compactionPeriod) {
        public static final CorruptCheck OFF =
                new CorruptCheck(false, Duration.ZERO, Duration.ZERO);
    }
}
