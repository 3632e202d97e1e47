package io.quorate.spi.storage.tck;

import java.util.Random;

/**
 * Seeds of random tests. {@code -Dstorage.seed=N} replays one; {@code -Dstorage.scale=K} runs K
 * times as many.
 */
final class Seeds {
    private static final Long ONLY = Long.getLong("storage.seed");

    /** Far apart, for neighbouring seeds begin with nearly the same random numbers. */
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private Seeds() {}

    static int scaled(int count) {
        return count * Integer.getInteger("storage.scale", 1);
    }

    /** A body that gets a seed and may throw anything. */
    interface Body {
        void run(long seed) throws Exception;
    }

    /** Runs the body with {@code count} fresh seeds; a failure names its seed. */
    static void each(int count, Body body) {
        if (ONLY != null) {
            run(ONLY, body);
            return;
        }
        long start = new Random().nextLong() >>> 16;
        for (int i = 0; i < scaled(count); i++) run(start + i * SPREAD, body);
    }

    private static void run(long seed, Body body) {
        try {
            body.run(seed);
        } catch (Exception | AssertionError e) {
            throw new AssertionError("replay with -Dstorage.seed=" + seed + ": " + e, e);
        }
    }
}
