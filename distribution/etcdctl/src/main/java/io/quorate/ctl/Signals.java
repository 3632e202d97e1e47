package io.quorate.ctl;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a command end in order on Ctrl-C or SIGTERM, instead of dying on the spot. {@code Main} ends
 * the process by halting it, so the hook below runs for signals only.
 */
final class Signals {
    private static final int SECONDS_TO_END = 30;

    private Signals() {}

    /**
     * Runs {@code action} when a signal comes, and then gives the command's own thread time to end
     * the process with its exit code.
     */
    static void onEnd(Runnable action) {
        Thread hook =
                new Thread(
                        () -> {
                            action.run();
                            try {
                                new CountDownLatch(1).await(SECONDS_TO_END, TimeUnit.SECONDS);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "etcdctl-signal");
        Runtime.getRuntime().addShutdownHook(hook);
    }
}
