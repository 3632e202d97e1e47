package io.quorate.engine.node;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.WARNING;

import io.quorate.spi.storage.StorageException;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How a member ends, which is one of three ways:
 *
 * <pre>
 * in order:   {@link #begin}                                      by {@link Node#close}
 * at once:    {@link #fail}     -> halt -> the listener hears     a broken disk, a fault of the process
 * by removal: {@link #removed}  -> some ticks -> the listener hears, and closes the node
 * </pre>
 *
 * Any thread, but for {@link #tick}, which is the ticker's.
 */
final class Shutdown {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    /** What a removed member waits before it ends, so that its last answers get out (EX-03). */
    private static final Duration REMOVAL_DELAY = Duration.ofSeconds(1);

    private final String memberHex;
    private final Duration tick;
    private final NodeListener listener;
    private final Runnable halt;
    private final AtomicBoolean failureTold = new AtomicBoolean();
    private final AtomicBoolean removed = new AtomicBoolean();
    // Ticks until the listener hears of the removal; negative for never.
    private final AtomicLong removalTicks = new AtomicLong(-1);
    private volatile boolean begun;
    private volatile boolean failed;

    /**
     * @param tick between two calls of {@link #tick}
     * @param halt stops the parts of a member that has failed, without waiting for them
     */
    Shutdown(long memberId, Duration tick, NodeListener listener, Runnable halt) {
        this.memberHex = Long.toHexString(memberId);
        this.tick = tick;
        this.listener = listener;
        this.halt = halt;
    }

    /** Whether the member ends: who asks for anything from now on gets STOPPED. */
    boolean hasBegun() {
        return begun;
    }

    /** Whether it ends by a failure: nothing more is applied or written. */
    boolean hasFailed() {
        return failed;
    }

    /** Whether the member is known to be removed from its cluster. */
    boolean isByRemoval() {
        return removed.get();
    }

    /** The member ends in order. */
    void begin() {
        begun = true;
    }

    /** As {@link Node#fail}. */
    void fail(Throwable cause) {
        if (!failureTold.compareAndSet(false, true)) {
            return;
        }
        Throwable root =
                cause instanceof CompletionException e && e.getCause() != null
                        ? e.getCause()
                        : cause;
        failed = true;
        begun = true;
        halt.run();
        LOGGER.log(
                ERROR,
                advice(root),
                Fields.of("local-member-id", memberHex, "error", String.valueOf(root)));
        listener.failed(root);
    }

    // EX-11: each of these ends the process; none is repaired by going on.
    private static String advice(Throwable cause) {
        return switch (cause) {
            case StorageException.NoSpace e ->
                    "no space left for the Raft log or the state; free space on the disk of the"
                            + " data directory, then start this member again";
            case StorageException.Corruption e ->
                    "durable data is not what was written; restore this member from a backup, or"
                            + " remove it from the cluster and add it anew";
            case StorageException e ->
                    "the storage failed; check the disk of the data directory, then start this"
                            + " member again";
            default -> "this member failed and stops";
        };
    }

    /** The member was removed from its cluster, as its state or another member says (EX-03). */
    void removed() {
        if (!removed.compareAndSet(false, true)) {
            return;
        }
        LOGGER.log(
                WARNING,
                "server error",
                Fields.of(
                        "local-member-id",
                        memberHex,
                        "error",
                        "the member has been permanently removed from the cluster"));
        LOGGER.log(WARNING, "data-dir used by this member must be removed");
        removalTicks.set(Math.max(1, REMOVAL_DELAY.dividedBy(tick)));
    }

    /** A tick of raft's clock. */
    void tick() {
        if (removalTicks.get() >= 0 && removalTicks.getAndDecrement() == 0) {
            listener.removed();
        }
    }
}
