package io.quorate.engine.node;

import static java.lang.System.Logger.Level.WARNING;

import io.quorate.engine.node.Upkeep.AutoCompaction;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** What a replica does now and then by itself, each on ticks of its own. */
final class Chores implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    private final List<Ticker.Handle> running = new ArrayList<>();

    /**
     * @param leading whether this member leads; the others have none of these to do
     */
    Chores(
            Upkeep upkeep,
            AutoCompactor.Replica compactions,
            CorruptionChecker checker,
            BooleanSupplier leading,
            LongSupplier nanoTime,
            Ticker ticker) {
        switch (upkeep.autoCompaction()) {
            case AutoCompaction.Off off -> {}
            case AutoCompaction.Periodic periodic ->
                    start(ticker, new PeriodicCompactor(periodic, compactions, nanoTime));
            case AutoCompaction.Revisions revisions ->
                    start(ticker, new RevisionCompactor(revisions, compactions, nanoTime));
        }
        Upkeep.CorruptCheck check = upkeep.corruptCheck();
        start(ticker, check.period(), leading, checker::periodicCheck);
        start(ticker, check.compactionPeriod(), leading, checker::compactionCheck);
    }

    private void start(Ticker ticker, AutoCompactor compactor) {
        running.add(ticker.start(compactor.interval(), compactor::tick));
    }

    private void start(Ticker ticker, Duration period, BooleanSupplier leading, Runnable check) {
        if (period.isZero()) {
            return;
        }
        running.add(
                ticker.start(
                        period,
                        () -> {
                            if (leading.getAsBoolean()) {
                                run(check);
                            }
                        }));
    }

    /** A check that cannot be made now is made next time; nothing else may stop the ticks. */
    private static void run(Runnable check) {
        try {
            check.run();
        } catch (RuntimeException e) {
            LOGGER.log(
                    WARNING,
                    "failed to check hash KV",
                    Fields.of("error", String.valueOf(e.getMessage())));
        }
    }

    @Override
    public void close() {
        running.forEach(Ticker.Handle::close);
    }
}
