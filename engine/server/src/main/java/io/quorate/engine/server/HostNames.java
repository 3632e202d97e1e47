package io.quorate.engine.server;

import static java.lang.System.Logger.Level.WARNING;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Addresses of host names (CS-04). A name service often learns of a host only after its processes
 * have begun to start, so a name that is not known is asked for again, for half a minute.
 */
final class HostNames {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");
    private static final long PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();
    private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    static final HostNames SYSTEM =
            new HostNames(
                    name -> InetAddress.getByName(name).getHostAddress(),
                    System::nanoTime,
                    LockSupport::parkNanos);

    /** A name service. */
    interface Lookup {
        String address(String name) throws UnknownHostException;
    }

    private final Lookup lookup;
    private final LongSupplier nanoTime;
    private final LongConsumer pause;

    /**
     * @param pause lets so many nanoseconds pass
     */
    HostNames(Lookup lookup, LongSupplier nanoTime, LongConsumer pause) {
        this.lookup = lookup;
        this.nanoTime = nanoTime;
        this.pause = pause;
    }

    /** An address of the host; the name itself when there is none in all that time. */
    String address(String name) {
        long end = nanoTime.getAsLong() + PATIENCE_NANOS;
        while (true) {
            try {
                return lookup.address(name);
            } catch (UnknownHostException e) {
                boolean over = nanoTime.getAsLong() - end >= 0;
                LOG.log(
                        WARNING,
                        over
                                ? "failed to resolve URL Host"
                                : "failed to resolve URL Host; retrying",
                        Fields.of("host", name, "error", String.valueOf(e.getMessage())));
                if (over) return name;
                pause.accept(PAUSE_NANOS);
            }
        }
    }
}
