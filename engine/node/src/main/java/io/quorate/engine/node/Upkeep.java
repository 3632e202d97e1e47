package io.quorate.engine.node;

import java.time.Duration;

/**
 * How a replica looks after its state.
 *
 * @param quotaBytes size of the state at which nothing that adds to it is taken (SE-44): 0 for
 *     {@link #DEFAULT_QUOTA_BYTES}, negative for no limit
 * @param autoCompaction which history is compacted away without being asked
 * @param corruptCheck when this replica compares itself with the others
 * @param compactionPace how much of the member a running compaction takes
 * @param slowApply a command whose apply takes longer is logged
 */
public record Upkeep(
        long quotaBytes,
        AutoCompaction autoCompaction,
        CorruptCheck corruptCheck,
        CompactionPace compactionPace,
        Duration slowApply) {
    public static final long DEFAULT_QUOTA_BYTES = 2L << 30;
    public static final Duration DEFAULT_SLOW_APPLY = Duration.ofMillis(100);

    /** etcd's defaults: nothing by itself. */
    public static final Upkeep DEFAULT =
            new Upkeep(
                    0,
                    new AutoCompaction.Off(),
                    CorruptCheck.OFF,
                    CompactionPace.DEFAULT,
                    DEFAULT_SLOW_APPLY);

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
     * Steps of a compaction (SE-12): commands are applied between them, and in the pauses it leaves
     * the processors and the disk to them.
     *
     * @param rows that one step reads or removes at most, 1 or more
     * @param pause after each step, at least; never below {@link #STEPS_PER_PAUSE} times the step;
     *     zero for none at all
     */
    public record CompactionPace(int rows, Duration pause) {
        /** etcd's. */
        public static final CompactionPace DEFAULT =
                new CompactionPace(1000, Duration.ofMillis(10));

        static final int STEPS_PER_PAUSE = 8;

        public CompactionPace {
            if (rows < 1) {
                throw new IllegalArgumentException("rows is " + rows + ", below 1");
            }
            if (pause.isNegative()) {
                throw new IllegalArgumentException("the pause is " + pause);
            }
        }

        /** Nanoseconds of the pause after a step that took so many. */
        long pauseNanos(long stepNanos) {
            return pause.isZero() ? 0 : Math.max(pause.toNanos(), STEPS_PER_PAUSE * stepNanos);
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
