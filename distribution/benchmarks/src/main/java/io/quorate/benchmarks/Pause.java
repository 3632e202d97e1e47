package io.quorate.benchmarks;

import java.util.concurrent.locks.LockSupport;

/** Waiting for time to pass, which is what some measurements consist of. */
final class Pause {
    private Pause() {}

    static void millis(long millis) {
        until(System.nanoTime() + millis * 1_000_000);
    }

    /** Until {@link System#nanoTime()} is that late. */
    static void until(long nanos) {
        for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
