package io.quorate.engine.server;

import static java.lang.System.Logger.Level.WARNING;

import com.sun.management.UnixOperatingSystemMXBean;

import java.lang.management.ManagementFactory;

/** Limits of the process that a member cannot live with, or not well. */
final class MachineLimits {
    private static final System.Logger LOG = System.getLogger("io.quorate.engine.server");

    /** Files that the member itself needs open (SE-53). */
    private static final int RESERVED_FILES = 150;

    /** SE-41. */
    private static final int RECOMMENDED_REQUEST_BYTES = 10 << 20;

    private MachineLimits() {}

    /**
     * Warns of settings that are not recommended.
     *
     * @throws ConfigException when the process may open too few files
     */
    static void check(ServerConfig config) {
        int requestBytes = config.limits().requestBytesMax();
        if (requestBytes > RECOMMENDED_REQUEST_BYTES) {
            LOG.log(
                    WARNING,
                    "exceeded recommended request limit",
                    Fields.of(
                            "max-request-bytes",
                            requestBytes,
                            "recommended-request-bytes",
                            RECOMMENDED_REQUEST_BYTES));
        }
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean os) {
            checkFiles(os.getMaxFileDescriptorCount());
        }
    }

    /**
     * @param limit negative for none
     */
    static void checkFiles(long limit) {
        if (limit >= 0 && limit <= RESERVED_FILES) {
            throw new ConfigException(
                    "file descriptor limit of etcd process is too low; please set higher: it is "
                            + limit
                            + ", and has to be above "
                            + RESERVED_FILES
                            + " (ulimit -n)");
        }
    }
}
