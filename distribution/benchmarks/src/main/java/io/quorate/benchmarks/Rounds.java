package io.quorate.benchmarks;

import java.io.IOException;

/** Measures the servers in turn, round after round, so that what changes in time meets all. */
final class Rounds {
    /** One server in one round, in processes of its own. */
    @FunctionalInterface
    interface Round {
        void measure(Options options, Options.Server server, Report report) throws IOException;
    }

    private Rounds() {}

    static Report run(Options options, Round round, Progress progress) throws IOException {
        Report report = new Report(options.serverNames());
        long begin = System.nanoTime();
        for (int i = 0; i < options.rounds(); i++) {
            if (i > 0 && !timeFor(i, System.nanoTime() - begin, options)) {
                int left = options.rounds() - i;
                progress.skip(left * options.servers().size() * options.unitSeconds());
                break;
            }
            for (Options.Server server : options.inRound(i)) {
                String text =
                        String.format(
                                "%s, round %d of %d, %s",
                                options.mode().command(), i + 1, options.rounds(), server.name());
                progress.begin(options.unitSeconds(), text);
                round.measure(options, server, report);
            }
        }
        return report;
    }

    /** Whether one more round as long as the mean of those before fits into the budget. */
    private static boolean timeFor(int rounds, long nanos, Options options) {
        return options.budget()
                .map(budget -> nanos + nanos / rounds <= budget.toNanos())
                .orElse(true);
    }

    /** What is started for each command. */
    static Round of(Options.Mode mode) {
        return switch (mode) {
            case LOAD -> LoadRun::measure;
            case FSYNCS -> LoadRun::fsyncs;
            case WATCH -> LoadRun::watch;
            case KEEPALIVE -> LoadRun::keepAlive;
            case SNAPSHOT -> SnapshotRun::measure;
            case START, MEMORY -> StartRun::measure;
            case FAILOVER -> FailoverRun::measure;
            case CATCH_UP -> CatchUpRun::measure;
            case COMPACTION -> CompactionRun::measure;
            case DISK_STALL -> DiskStallRun::measure;
        };
    }
}
