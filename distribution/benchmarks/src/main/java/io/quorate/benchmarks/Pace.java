package io.quorate.benchmarks;

/**
 * When the calls of an open loop are due: evenly spaced, without drift.
 *
 * @param perSecond above 0
 */
record Pace(double perSecond, long beginNanos) {
    long dueNanos(long call) {
        return beginNanos + (long) (call * 1e9 / perSecond);
    }
}
