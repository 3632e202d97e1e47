package io.quorate.engine.state;

import java.util.List;

/** What a command answers. Revisions are the store's after the command (SE-09). */
public sealed interface Result {
    long revision();

    /** {@code previous} is null when not asked for or when there was none. */
    record Put(long revision, KeyValue previous) implements Result {}

    /** {@code previous} is empty when not asked for. */
    record DeleteRange(long revision, long deleted, List<KeyValue> previous) implements Result {}

    /**
     * One result for each operation of the branch taken, in order (TX-23). Inside another
     * transaction the revision is 0, as etcd leaves that header empty (TX-19).
     */
    record Txn(long revision, boolean succeeded, List<OpResult> results) implements Result {}

    record Compact(long revision) implements Result {}

    /**
     * @param ttl seconds granted
     */
    record LeaseGrant(long revision, long id, long ttl) implements Result {}

    /** The answer of a command that only says that it was done. */
    record Done(long revision) implements Result {}

    /** AU-03. */
    record AuthStatus(long revision, boolean enabled, long authRevision) implements Result {}

    /**
     * The user gets a token.
     *
     * @param authRevision at which he gets it
     * @param index of the log, which is a part of simple tokens (SE-100)
     */
    record Authenticated(long revision, long authRevision, long index) implements Result {}

    /** Names of users, of roles, or of the roles of a user, in the order of their bytes. */
    record Names(long revision, List<String> names) implements Result {}

    /** What a role permits, in the order of keys. */
    record Permissions(long revision, List<Permission> permissions) implements Result {}

    /** The alarms that a command raised or cleared. */
    record Alarms(long revision, List<Alarm> alarms) implements Result {}

    /** The answer of one operation inside a transaction. */
    sealed interface OpResult {}

    record RangeOpResult(RangeResult range) implements OpResult {}

    record PutOpResult(Put put) implements OpResult {}

    record DeleteRangeOpResult(DeleteRange delete) implements OpResult {}

    record TxnOpResult(Txn txn) implements OpResult {}
}
