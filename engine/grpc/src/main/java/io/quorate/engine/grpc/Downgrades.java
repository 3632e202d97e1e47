package io.quorate.engine.grpc;

import io.quorate.engine.state.DowngradeInfo;
import io.quorate.engine.state.EtcdError;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which release a cluster may go back to (MA-19, MA-22). */
final class Downgrades {
    /** A semantic version, or one without the patch number. */
    private static final Pattern VERSION =
            Pattern.compile("(\\d{1,9})\\.(\\d{1,9})(\\.\\d{1,9}([-+][0-9A-Za-z.+-]+)?)?");

    private Downgrades() {}

    /** A release, of which cluster versions keep two numbers. */
    record Version(int major, int minor) {
        /** Such as {@code 3.6.0}. */
        String text() {
            return major + "." + minor + ".0";
        }
    }

    /**
     * @throws io.quorate.engine.state.EtcdException WRONG_DOWNGRADE_VERSION
     */
    static Version target(String text) {
        return version(text).orElseThrow(EtcdError.WRONG_DOWNGRADE_VERSION::exception);
    }

    /**
     * {@code 3.7} of {@code 3.7.0}.
     *
     * @throws io.quorate.engine.state.EtcdException NO_CLUSTER_VERSION
     */
    static String cluster(Optional<String> clusterVersion) {
        Version version = parsed(clusterVersion);
        return version.major() + "." + version.minor();
    }

    /**
     * One minor release back, and one downgrade at a time.
     *
     * @throws io.quorate.engine.state.EtcdException INVALID_DOWNGRADE_TARGET, then
     *     DOWNGRADE_IN_PROCESS
     */
    static void check(Version target, Optional<String> clusterVersion, DowngradeInfo running) {
        Version current = parsed(clusterVersion);
        if (!target.equals(new Version(current.major(), current.minor() - 1))) {
            throw EtcdError.INVALID_DOWNGRADE_TARGET.exception();
        }
        if (running.enabled()) {
            throw EtcdError.DOWNGRADE_IN_PROCESS.exception();
        }
    }

    private static Version parsed(Optional<String> clusterVersion) {
        return clusterVersion
                .flatMap(Downgrades::version)
                .orElseThrow(EtcdError.NO_CLUSTER_VERSION::exception);
    }

    private static Optional<Version> version(String text) {
        Matcher match = VERSION.matcher(text);
        return match.matches()
                ? Optional.of(
                        new Version(
                                Integer.parseInt(match.group(1)), Integer.parseInt(match.group(2))))
                : Optional.empty();
    }
}
