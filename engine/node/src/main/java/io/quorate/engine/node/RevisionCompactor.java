package io.quorate.engine.node;

import io.quorate.engine.node.Upkeep.AutoCompaction;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Keeps so many revisions, looked at every five minutes (SE-61). */
final class RevisionCompactor extends AutoCompactor {
    private static final Duration INTERVAL = Duration.ofMinutes(5);

    private final long retained;
    private long last;

    RevisionCompactor(AutoCompaction.Revisions setting, Replica replica, LongSupplier nanoTime) {
        super(
                replica,
                nanoTime,
                "revision",
                Fields.of("revision-compaction-retention", setting.retained()));
        retained = setting.retained();
    }

    @Override
    Duration interval() {
        return INTERVAL;
    }

    @Override
    long due(long current) {
        long revision = current - retained;
        return revision <= 0 || revision == last ? NONE : revision;
    }

    @Override
    void done(long revision) {
        last = revision;
    }

    @Override
    void passed(long current) {}
}
