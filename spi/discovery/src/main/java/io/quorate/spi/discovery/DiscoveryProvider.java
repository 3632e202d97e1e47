package io.quorate.spi.discovery;

import io.quorate.spi.plugin.Plugin;
import io.quorate.spi.plugin.Stable;

/**
 * A discovery plugin, found with {@link java.util.ServiceLoader}: tells a new member who founds the
 * cluster with it. It is asked before anything is written, and never again by a member that has
 * data (CS-03). Laws:
 *
 * <ul>
 *   <li>All members that found a cluster get the same answer, for the ids of the members and of the
 *       cluster follow from it (ID-01, ID-02).
 *   <li>The answer holds all founders, or there is none: a member that starts with a part of them
 *       would found a cluster of its own.
 *   <li>Asking again, after a crash or a failure, does no harm.
 * </ul>
 */
@Stable(since = "1.0")
public interface DiscoveryProvider extends Plugin {
    /** The version of this SPI; a provider built for another major version is refused. */
    int SPI_MAJOR = 1;

    /** {@link #SPI_MAJOR} as it was when the provider was compiled. */
    int spiMajor();

    /**
     * Finds the founders. Called once, by the thread that starts the server; blocks until all of
     * them are known.
     *
     * @throws DiscoveryException when they cannot be found; the message names the next step
     * @throws IllegalArgumentException for a setting that is refused
     */
    Founders find(DiscoveryEnv env);
}
