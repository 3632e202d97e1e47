package io.quorate.engine.state;

import io.quorate.spi.storage.Keyspace;

import java.util.List;

/** The keyspaces of the state (DD-05). Names and ids are etcd's buckets, stable on disk. */
public final class Keyspaces {
    /** 17-byte revision, 18 with the mark of a tombstone, to mvccpb.KeyValue (DD-06). */
    public static final Keyspace KEY = new Keyspace(1, "key");

    public static final Keyspace META = new Keyspace(2, "meta");
    public static final Keyspace LEASE = new Keyspace(3, "lease");
    public static final Keyspace ALARM = new Keyspace(4, "alarm");
    public static final Keyspace CLUSTER = new Keyspace(5, "cluster");
    public static final Keyspace MEMBERS = new Keyspace(10, "members");
    public static final Keyspace MEMBERS_REMOVED = new Keyspace(11, "members_removed");
    public static final Keyspace AUTH = new Keyspace(20, "auth");
    public static final Keyspace AUTH_USERS = new Keyspace(21, "authUsers");
    public static final Keyspace AUTH_ROLES = new Keyspace(22, "authRoles");

    /** All of them, in order of id. */
    public static final List<Keyspace> ALL =
            List.of(
                    KEY,
                    META,
                    LEASE,
                    ALARM,
                    CLUSTER,
                    MEMBERS,
                    MEMBERS_REMOVED,
                    AUTH,
                    AUTH_USERS,
                    AUTH_ROLES);

    private Keyspaces() {}
}
