package io.quorate.engine.state;

/** The errors that clients know by text (ER-01..ER-66), with the gRPC code that carries each. */
public enum EtcdError {
    KEY_NOT_PROVIDED(3, "etcdserver: key is not provided"),
    KEY_NOT_FOUND(3, "etcdserver: key not found"),
    VALUE_PROVIDED(3, "etcdserver: value is provided"),
    LEASE_PROVIDED(3, "etcdserver: lease is provided"),
    TOO_MANY_OPS(3, "etcdserver: too many operations in txn request"),
    DUPLICATE_KEY(3, "etcdserver: duplicate key given in txn request"),
    INVALID_CLIENT_API_VERSION(3, "etcdserver: invalid client api version"),
    INVALID_SORT_OPTION(3, "etcdserver: invalid sort option"),
    COMPACTED(11, "etcdserver: mvcc: required revision has been compacted"),
    FUTURE_REVISION(11, "etcdserver: mvcc: required revision is a future revision"),
    NO_SPACE(8, "etcdserver: mvcc: database space exceeded"),
    LEASE_NOT_FOUND(5, "etcdserver: requested lease not found"),
    LEASE_EXISTS(9, "etcdserver: lease already exists"),
    LEASE_TTL_TOO_LARGE(11, "etcdserver: too large lease TTL"),
    REQUEST_TOO_LARGE(3, "etcdserver: request is too large"),
    CANCELED(1, "etcdserver: request canceled"),
    WATCH_CANCELED(1, "etcdserver: watch canceled"),
    TOO_MANY_REQUESTS(2, "etcdserver: too many requests"),
    NO_LEADER(14, "etcdserver: no leader"),
    NOT_LEADER(9, "etcdserver: not leader"),
    LEADER_CHANGED(14, "etcdserver: leader changed"),
    NOT_CAPABLE(9, "etcdserver: not capable"),
    STOPPED(14, "etcdserver: server stopped"),
    TIMEOUT(14, "etcdserver: request timed out"),
    TIMEOUT_LEADER_FAILURE(
            14, "etcdserver: request timed out, possibly due to previous leader failure"),
    TIMEOUT_CONNECTION_LOST(14, "etcdserver: request timed out, possibly due to connection lost"),
    TIMEOUT_WAIT_APPLIED(
            14, "etcdserver: request timed out, waiting for the applied index took too long"),
    UNHEALTHY_CLUSTER(14, "etcdserver: unhealthy cluster"),
    CORRUPT_CLUSTER(15, "etcdserver: corrupt cluster"),
    MEMBER_EXISTS(9, "etcdserver: member ID already exist"),
    PEER_URL_EXISTS(9, "etcdserver: Peer URLs already exists"),
    MEMBER_NOT_FOUND(5, "etcdserver: member not found"),
    WRONG_DOWNGRADE_VERSION(3, "etcdserver: wrong downgrade target version format"),
    INVALID_DOWNGRADE_TARGET(3, "etcdserver: invalid downgrade target version"),
    DOWNGRADE_IN_PROCESS(9, "etcdserver: cluster has a downgrade job in progress"),
    NO_CLUSTER_VERSION(9, "etcdserver: cluster version not found during downgrade"),
    UNKNOWN_METHOD(2, "etcdserver: unknown method"),
    MEMBER_NOT_LEARNER(9, "etcdserver: can only promote a learner member"),
    LEARNER_NOT_READY(
            9, "etcdserver: can only promote a learner member which is in sync with leader"),
    TOO_MANY_LEARNERS(9, "etcdserver: too many learner members in cluster"),
    /** ER-18: etcd declares another code, but this one is on the wire. */
    NOT_ENOUGH_STARTED(2, "etcdserver: re-configuration failed due to not enough started members"),
    NOT_SUPPORTED_FOR_LEARNER(9, "etcdserver: rpc not supported for learner"),
    BAD_MEMBER_URLS(3, "etcdserver: given member URLs are invalid"),
    BAD_LEADER_TRANSFEREE(9, "etcdserver: bad leader transferee"),
    TIMEOUT_LEADER_TRANSFER(2, "etcdserver: request timed out, leader transfer took too long"),
    ROOT_USER_NOT_EXIST(9, "etcdserver: root user does not exist"),
    ROOT_ROLE_NOT_EXIST(9, "etcdserver: root user does not have root role"),
    USER_EXISTS(9, "etcdserver: user name already exists"),
    USER_EMPTY(3, "etcdserver: user name is empty"),
    USER_NOT_FOUND(9, "etcdserver: user name not found"),
    ROLE_EXISTS(9, "etcdserver: role name already exists"),
    ROLE_NOT_FOUND(9, "etcdserver: role name not found"),
    ROLE_EMPTY(3, "etcdserver: role name is empty"),
    AUTH_FAILED(3, "etcdserver: authentication failed, invalid user ID or password"),
    PERMISSION_NOT_GIVEN(3, "etcdserver: permission not given"),
    PERMISSION_DENIED(7, "etcdserver: permission denied"),
    ROLE_NOT_GRANTED(9, "etcdserver: role is not granted to the user"),
    PERMISSION_NOT_GRANTED(9, "etcdserver: permission is not granted to the role"),
    AUTH_NOT_ENABLED(9, "etcdserver: authentication is not enabled"),
    INVALID_AUTH_TOKEN(16, "etcdserver: invalid auth token"),
    INVALID_AUTH_MANAGEMENT(3, "etcdserver: invalid auth management"),
    AUTH_OLD_REVISION(3, "etcdserver: revision of auth store is old"),
    /** ER-66: etcd has no code for it. */
    NO_PASSWORD_USER(2, "auth: authentication failed, password was given for no password user"),
    /** As {@link #NO_PASSWORD_USER}: of a member that has the public key of its tokens alone. */
    VERIFY_ONLY(2, "auth: token signing attempted with verify-only key"),
    /** As {@link #NO_PASSWORD_USER}: what the hash would not look at is refused. */
    PASSWORD_TOO_LONG(2, "bcrypt: password length exceeds 72 bytes"),
    STREAM_SORT(12, "RangeStream does not support custom sort orders"),
    STREAM_FILTERS(12, "RangeStream does not support revision filters");

    private final int grpcCode;
    private final String text;

    EtcdError(int grpcCode, String text) {
        this.grpcCode = grpcCode;
        this.text = text;
    }

    /** The canonical gRPC status code on the wire. */
    public int grpcCode() {
        return grpcCode;
    }

    /** The text, matched literally by clients. */
    public String text() {
        return text;
    }

    public EtcdException exception() {
        return new EtcdException(this);
    }
}
