package io.quorate.engine.simulator;

/**
 * What a run came to that broke no promise.
 *
 * @param events that happened
 * @param nanos simulated time
 * @param committed log entries
 * @param answered operations of clients that got an answer
 * @param unanswered operations of clients that may have happened
 * @param refused operations of clients that they were not allowed, or not as they called
 * @param authChanges changes of users and roles, and of whether auth is on
 * @param digest the same for two runs of one seed
 */
public record Outcome(
        long seed,
        long events,
        long nanos,
        long committed,
        long answered,
        long unanswered,
        long refused,
        long authChanges,
        long digest) {}
