package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.EtcdException;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * Compacts on its own. A subclass says, at each tick, which revision is due. Only the leader
 * compacts (SE-63); the others watch the revisions go by, so that a new leader can go on. Ticks
 * come from one thread.
 */
abstract sealed class AutoCompactor permits PeriodicCompactor, RevisionCompactor {
    /** Nothing is due. */
    static final long NONE = 0;

    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final Replica replica;
    private final LongSupplier nanoTime;
    private final String kind;
    private final Map<String, Object> setting;
    private long ticks;
    private CompletableFuture<?> running = CompletableFuture.completedFuture(null);

    /**
     * @param kind as the log lines name it
     * @param setting a field for the log lines
     */
    AutoCompactor(
            Replica replica, LongSupplier nanoTime, String kind, Map<String, Object> setting) {
        this.replica = replica;
        this.nanoTime = nanoTime;
        this.kind = kind;
        this.setting = setting;
    }

    /** What a compactor sees and does. */
    record Replica(
            LongSupplier revision,
            BooleanSupplier leading,
            LongFunction<CompletableFuture<?>> compact) {}

    /** The period of the ticks. */
    abstract Duration interval();

    /** The revision to compact to now, or {@link #NONE}. */
    abstract long due(long current);

    /** A revision was compacted to. */
    abstract void done(long revision);

    /** After each tick. */
    abstract void passed(long current);

    /** How many there were. */
    final long ticks() {
        return ticks;
    }

    final void tick() {
        synchronized (this) {
            ticks++;
            long current = replica.revision.getAsLong();
            if (running.isDone() && replica.leading.getAsBoolean()) {
                long due = due(current);
                if (due > NONE) {
                    compact(due);
                }
            }
            passed(current);
        }
    }

    private void compact(long revision) {
        LOGGER.log(INFO, "starting auto " + kind + " compaction", fields(revision));
        long start = nanoTime.getAsLong();
        running = replica.compact.apply(revision);
        running.whenComplete((result, thrown) -> {
            var fields = fields(revision);
            if (thrown == null || isCompacted(thrown)) {
                synchronized (this) {
                    done(revision);
                }
                fields.put("took", Duration.ofNanos(nanoTime.getAsLong() - start).toString());
                LOGGER.log(INFO, "completed auto " + kind + " compaction", fields);
            } else {
                fields.put("retry-interval", interval().toString());
                fields.put("error", String.valueOf(thrown.getMessage()));
                LOGGER.log(WARNING, "failed auto " + kind + " compaction", fields);
            }
        });
    }

    private Map<String, Object> fields(long revision) {
        Map<String, Object> fields = Fields.of("revision", revision);
        fields.putAll(setting);
        return fields;
    }

    /** Somebody was faster, which is as good. */
    private static boolean isCompacted(Throwable thrown) {
        Throwable cause = thrown instanceof CompletionException e ? e.getCause() : thrown;
        return cause instanceof EtcdException refusal && refusal.error() == EtcdError.COMPACTED;
    }
}
