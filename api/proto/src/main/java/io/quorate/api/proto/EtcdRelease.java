package io.quorate.api.proto;

/** The release of etcd whose API, behaviour and output this is, for server and tools alike. */
public final class EtcdRelease {
    public static final String VERSION = "3.7.3";

    private EtcdRelease() {}
}
