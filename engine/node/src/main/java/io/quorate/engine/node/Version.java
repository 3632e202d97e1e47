package io.quorate.engine.node;

/** The etcd release whose behaviour this server has. */
public final class Version {
    /** Reported to clients as the server's version. */
    public static final String ETCD = "3.7.1";

    /** The cluster version that a leader of this release sets. */
    public static final String CLUSTER = "3.7.0";

    private Version() {}
}
