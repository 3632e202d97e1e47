package io.quorate.engine.state;

/**
 * What the log says about a lease. When it ends is not in here: the leader alone counts the time
 * (SE-70, SE-75), and its decision comes back as {@link Command.LeaseRevoke}.
 *
 * @param id any number but 0
 * @param ttl seconds granted
 * @param remaining seconds that were left at the last checkpoint (SE-74), 0 when there was none or
 *     when the lease was renewed since
 */
public record Lease(long id, long ttl, long remaining) {
    /** Seconds; LE-05. */
    public static final long TTL_MAX = 9_000_000_000L;

    /** Seconds that a leader gives the lease when it begins to count (SE-72). */
    public long secondsToCount() {
        return remaining > 0 ? remaining : ttl;
    }
}
