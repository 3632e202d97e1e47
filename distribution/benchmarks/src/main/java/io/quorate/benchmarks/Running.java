package io.quorate.benchmarks;

import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A load under way. */
interface Running {
    /** From now on what comes is counted. */
    void measure();

    /** What was counted; nothing more is. */
    Histogram end();

    /** What else was counted, by title; after {@link #end()}. */
    default Map<String, Histogram> details() {
        return Map.of();
    }

    /** Calls that the server refused for now, and that were made again; after {@link #end()}. */
    default long refused() {
        return 0;
    }

    /** Completes exceptionally when a call fails. */
    CompletableFuture<Void> failed();

    /** Completes when enough was measured, if that is not a matter of time. */
    default CompletableFuture<Void> finished() {
        return new CompletableFuture<>();
    }

    /** How many callers wait for their answer before they ask again; 0 = none does. */
    default int closedLoops() {
        return 0;
    }

    /** Waits, after the end, until nothing is under way any more. */
    default void drain() {}
}
