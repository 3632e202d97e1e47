package io.quorate.ctl;

import java.util.Set;
import java.util.stream.Collectors;

/**
 * The reasons that etcd's client knows by their text (ER-67): they stand alone, while any other is
 * printed with its code. Some that servers do send are not among them.
 */
final class KnownErrors {
    private static final String SERVERS_OWN = "etcdserver: ";

    /** Behind {@link #SERVERS_OWN}. */
    private static final String TEXTS =
            """
            Peer URLs already exists
            authentication failed, invalid user ID or password
            authentication is not enabled
            bad leader transferee
            can only promote a learner member
            can only promote a learner member which is in sync with leader
            cluster ID mismatch
            cluster has a downgrade job in progress
            cluster version not found during downgrade
            corrupt cluster
            duplicate key given in txn request
            given member URLs are invalid
            invalid auth management
            invalid auth token
            invalid downgrade target version
            invalid sort option
            key is not provided
            key not found
            leader changed
            lease already exists
            lease is provided
            member ID already exist
            member not found
            mvcc: database space exceeded
            mvcc: required revision has been compacted
            mvcc: required revision is a future revision
            no inflight downgrade job
            no leader
            not capable
            not leader
            permission denied
            permission is not granted to the role
            re-configuration failed due to not enough started members
            request is too large
            request timed out
            request timed out, possibly due to connection lost
            request timed out, possibly due to previous leader failure
            requested lease not found
            revision of auth store is old
            role is not granted to the user
            role name already exists
            role name is empty
            role name not found
            root user does not exist
            root user does not have root role
            rpc not supported for learner
            server stopped
            too large lease TTL
            too many learner members in cluster
            too many operations in txn request
            too many requests
            unhealthy cluster
            user name already exists
            user name is empty
            user name not found
            value is provided
            wrong downgrade target version format
            """;

    private static final Set<String> KNOWN =
            TEXTS.lines().map(text -> SERVERS_OWN + text).collect(Collectors.toUnmodifiableSet());

    private KnownErrors() {}

    static boolean contains(String text) {
        return KNOWN.contains(text);
    }
}
