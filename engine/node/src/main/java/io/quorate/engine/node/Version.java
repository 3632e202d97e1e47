package io.quorate.engine.node;

import io.quorate.api.proto.EtcdRelease;

import java.util.Arrays;

/** The etcd release whose behaviour this server has. */
public final class Version {
    /** Reported to clients as the server's version. */
    public static final String ETCD = EtcdRelease.VERSION;

    /** The cluster version that a leader of this release sets. */
    public static final String CLUSTER = "3.7.0";

    private Version() {}

    /** {@code 3.7} of {@code 3.7.0}; other texts as they are. */
    static String majorMinor(String version) {
        int dot = version.lastIndexOf('.');
        return dot > version.indexOf('.') ? version.substring(0, dot) : version;
    }

    /** Whether one version is older than the other; the empty version is the oldest. */
    static boolean isBelow(String version, String other) {
        if (version.isEmpty() || other.isEmpty()) {
            return version.isEmpty() && !other.isEmpty();
        }
        return Arrays.compare(numbers(version), numbers(other)) < 0;
    }

    private static int[] numbers(String version) {
        return Arrays.stream(version.split("\\.")).mapToInt(Integer::parseInt).toArray();
    }
}
