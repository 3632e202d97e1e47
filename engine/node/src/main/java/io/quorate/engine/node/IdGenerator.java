package io.quorate.engine.node;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Ids of proposals: 16 bits of the member id, 40 bits of the start time in milliseconds, and a
 * counter of 8 bits that overflows into the time. Unique among the members as long as the low 16
 * bits of their ids differ, and over restarts as long as a member makes fewer than 256 ids per
 * millisecond on average. Any thread.
 */
final class IdGenerator {
    private static final int SUFFIX_BITS = 48;
    private static final long SUFFIX_MASK = (1L << SUFFIX_BITS) - 1;

    private final long prefix;
    private final AtomicLong suffix;

    IdGenerator(long memberId, long unixMillis) {
        prefix = memberId << SUFFIX_BITS;
        suffix = new AtomicLong(unixMillis << 8);
    }

    long next() {
        return prefix | suffix.incrementAndGet() & SUFFIX_MASK;
    }
}
