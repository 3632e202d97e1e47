package io.quorate.engine.node;

import io.quorate.engine.node.Upkeep.AutoCompaction;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * Keeps the history of a period (SE-60). The revision is noted ten times per period, or per hour
 * where the period is longer. Once the period has passed, the state is compacted to the revision of
 * one period ago, and then again after each further period, or hour. A compaction that fails is
 * tried again at the next note.
 */
final class PeriodicCompactor extends AutoCompactor {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final int NOTES_PER_COMPACTION = 10;

    private final Duration interval;
    private final int notesMax;
    private final Deque<Long> notes = new ArrayDeque<>();
    private long lastRevision;
    private long lastTick;

    /** Ticks from one compaction to the next. */
    private long distance;

    PeriodicCompactor(AutoCompaction.Periodic setting, Replica replica, LongSupplier nanoTime) {
        super(
                replica,
                nanoTime,
                "periodic",
                Fields.of("compact-period", setting.period().toString()));
        Duration period = setting.period();
        Duration between = period.compareTo(HOUR) > 0 ? HOUR : period;
        interval = between.dividedBy(NOTES_PER_COMPACTION);
        long nanos = interval.toNanos();
        notesMax = Math.toIntExact(period.toNanos() / nanos) + 1;
        distance = (period.toNanos() + nanos - 1) / nanos;
        note(replica.revision().getAsLong());
    }

    @Override
    Duration interval() {
        return interval;
    }

    @Override
    long due(long current) {
        long oldest = notes.getFirst();
        if (ticks() - lastTick < distance || oldest == lastRevision) {
            return NONE;
        }
        distance = NOTES_PER_COMPACTION;
        return oldest;
    }

    @Override
    void done(long revision) {
        lastRevision = revision;
        lastTick = ticks();
    }

    @Override
    void passed(long current) {
        note(current);
    }

    private void note(long revision) {
        notes.addLast(revision);
        if (notes.size() > notesMax) {
            notes.removeFirst();
        }
    }
}
