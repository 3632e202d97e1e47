package io.quorate.engine.node;

import static java.lang.System.Logger.Level.INFO;

import java.time.Duration;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Shortens the first wait for a leader (RA-06). Who has reached several others would have heard of
 * a leader by the next heartbeat, if there were one; so once that is so, all ticks of an election
 * timeout but two are taken at once. The two are for the heartbeat of a leader that there is: a
 * member that comes back must not stand against it. Who reaches nobody within five seconds waits
 * for his ticks as usual.
 */
final class HeadStart implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("io.quorate.engine.node");

    /** How often the connections are looked at, and for how long. */
    static final Duration INTERVAL = Duration.ofMillis(50);

    static final Duration WAIT = Duration.ofSeconds(5);

    private static final int TICKS_LEFT = 2;

    private final String memberHex;
    private final int electionTicks;
    private final IntSupplier activePeers;
    private final IntConsumer advance;
    private final LongSupplier nanoTime;
    private final long end;
    private final Ticker.Handle polls;

    /**
     * @param activePeers how many others messages get through to; called at each look
     * @param advance takes the ticks that are not to be waited for; called once or never
     */
    HeadStart(
            long memberId,
            int electionTicks,
            IntSupplier activePeers,
            IntConsumer advance,
            LongSupplier nanoTime,
            Ticker ticker) {
        this.memberHex = Long.toHexString(memberId);
        this.electionTicks = electionTicks;
        this.activePeers = activePeers;
        this.advance = advance;
        this.nanoTime = nanoTime;
        this.end = nanoTime.getAsLong() + WAIT.toNanos();
        LOGGER.log(
                INFO,
                "starting initial election tick advance",
                Fields.of("election-ticks", electionTicks));
        // The first look waits until there is a handle to close.
        synchronized (this) {
            this.polls = ticker.start(INTERVAL, this::look);
        }
    }

    private synchronized void look() {
        int active = activePeers.getAsInt();
        if (active > 1) {
            polls.close();
            int ticks = electionTicks - TICKS_LEFT;
            LOGGER.log(
                    INFO,
                    "initialized peer connections; fast-forwarding election ticks",
                    Fields.of(
                            "local-member-id",
                            memberHex,
                            "forward-ticks",
                            ticks,
                            "election-ticks",
                            electionTicks,
                            "active-remote-members",
                            active));
            advance.accept(ticks);
        } else if (nanoTime.getAsLong() - end >= 0) {
            polls.close();
        }
    }

    /** Looks no more. */
    @Override
    public synchronized void close() {
        polls.close();
    }
}
