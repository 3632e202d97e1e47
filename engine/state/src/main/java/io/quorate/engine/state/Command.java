package io.quorate.engine.state;

import java.util.List;

/** A change of the replicated state. Its effect depends on the state and on nothing else. */
public sealed interface Command
        permits Command.Put,
                Command.DeleteRange,
                Command.Txn,
                Command.Compact,
                Command.LeaseGrant,
                Command.LeaseRevoke,
                Command.LeaseCheckpoint,
                Command.MemberAdd,
                Command.MemberRemove,
                Command.MemberUpdate,
                Command.MemberPromote,
                Command.MemberAttributes,
                Command.ClusterVersion,
                Command.RaiseAlarm,
                Command.ClearAlarm,
                Command.Downgrade,
                AuthCommand {
    /** KV-32. */
    record Put(
            byte[] key,
            byte[] value,
            long lease,
            boolean prevKv,
            boolean ignoreValue,
            boolean ignoreLease)
            implements Command {}

    /** KV-38; {@code rangeEnd} as in {@link RangeQuery}. */
    record DeleteRange(byte[] key, byte[] rangeEnd, boolean prevKv) implements Command {}

    /** TX-01. */
    record Txn(List<Compare> compares, List<Op> success, List<Op> failure) implements Command {}

    /**
     * KV-40. {@code physical} is honoured by the caller, which waits for {@link
     * StateMachine#compacted}.
     */
    record Compact(long revision, boolean physical) implements Command {}

    /**
     * LE-01.
     *
     * @param id not 0; the proposer picks one when the client did not (LE-02)
     * @param ttl seconds, which the proposer has raised to the least one (LE-04)
     */
    record LeaseGrant(long id, long ttl) implements Command {}

    /** LE-06, and the end of a lease that expired. */
    record LeaseRevoke(long id) implements Command {}

    /** LE-15. */
    record LeaseCheckpoint(List<Checkpoint> checkpoints) implements Command {}

    /** A new member of the cluster. The id and the peer URLs must be new. */
    record MemberAdd(Member member) implements Command {}

    /** Takes a member out for good: its id never comes back (RC-10). */
    record MemberRemove(long id) implements Command {}

    /** Other peer URLs for a member, which stays what it is otherwise (RC-08). */
    record MemberUpdate(long id, List<String> peerUrls) implements Command {}

    /** Gives a learner its vote (CL-10). */
    record MemberPromote(long id) implements Command {}

    /** What a member tells about itself when it has started; replaces what it told before. */
    record MemberAttributes(long id, String name, List<String> clientUrls) implements Command {}

    /**
     * The version that all members speak.
     *
     * @param version such as {@code 3.7.0}
     */
    record ClusterVersion(String version) implements Command {}

    /** MA-02. */
    record RaiseAlarm(Alarm alarm) implements Command {}

    /** MA-03: exactly this alarm of this member. */
    record ClearAlarm(Alarm alarm) implements Command {}

    /** Starts or ends a downgrade (MA-20, MA-21). */
    record Downgrade(DowngradeInfo info) implements Command {}

    /**
     * What was left of a lease.
     *
     * @param remaining seconds, 0 to forget an earlier checkpoint
     */
    record Checkpoint(long id, long remaining) {}

    /** One operation inside a transaction. */
    sealed interface Op {}

    record RangeOp(RangeQuery query) implements Op {}

    record PutOp(Put put) implements Op {}

    record DeleteRangeOp(DeleteRange delete) implements Op {}

    record TxnOp(Txn txn) implements Op {}

    /**
     * An operation with nothing set (TX-08). {@link RequestChecks} refuses it, so it is never
     * proposed.
     */
    record EmptyOp() implements Op {}

    /**
     * A condition over one key or a range (TX-09..TX-14).
     *
     * @param number the operand of VERSION, CREATE, MOD and LEASE
     * @param value the operand of VALUE
     */
    record Compare(
            byte[] key,
            byte[] rangeEnd,
            Target target,
            Relation relation,
            long number,
            byte[] value) {}

    /** What a compare looks at. The order is the wire number. */
    enum Target {
        VERSION,
        CREATE,
        MOD,
        VALUE,
        LEASE
    }

    /** How a compare looks at it. The order is the wire number. */
    enum Relation {
        EQUAL,
        GREATER,
        LESS,
        NOT_EQUAL
    }
}
