package io.quorate.engine.raft;

import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Settings of one {@link RawNode}.
 *
 * @param id this member, not 0 and not one of the {@link RawNode#APPEND_THREAD local targets}
 * @param electionTicks ticks without a leader before an election starts, more than {@code
 *     heartbeatTicks}; the real time-out is drawn from [electionTicks, 2 * electionTicks)
 * @param heartbeatTicks ticks between heartbeats, from 1
 * @param storage stable log
 * @param applied last index that the state has applied, for a restart; taken as committed even when
 *     the stored hard state does not know
 * @param asyncStorageWrites see {@link Ready}
 * @param maxMessageBytes largest payload of one append message; 0 for one entry per message
 * @param maxCommittedBytesPerReady largest payload handed out for apply and not reported applied; 0
 *     for {@code maxMessageBytes}
 * @param maxUncommittedBytes payload of proposals that may wait for commit, 0 for no bound
 * @param maxInflightMessages append messages in flight to one follower, from 1
 * @param maxInflightBytes their payload, at least {@code maxMessageBytes}, or 0 for no bound
 * @param checkQuorum whether a leader steps down that hears no majority for an election time-out,
 *     and members refuse to vote while they hear from a leader
 * @param preVote whether elections ask first without raising the term (dissertation §9.6)
 * @param disableProposalForwarding whether followers drop proposals instead of forwarding them
 * @param stepDownOnRemoval whether a leader that left the voters steps down
 * @param random draws the election time-outs
 * @param trace sink for what happens, for transcripts and logs; never null
 * @param readMode how read indexes are confirmed
 * @param disableConfChangeValidation whether membership changes enter the log unchecked; only for
 *     callers that serialise and check them on their own
 * @param applyUnstableEntries whether committed entries are handed out before they are stable on
 *     this member, in the same {@link Ready} that stores them. Only without asynchronous storage
 *     writes, and only for callers that apply after they stored. Off by default: then whatever was
 *     applied here is in the log here
 */
public record RaftConfig(
        long id,
        int electionTicks,
        int heartbeatTicks,
        LogStorage storage,
        long applied,
        boolean asyncStorageWrites,
        long maxMessageBytes,
        long maxCommittedBytesPerReady,
        long maxUncommittedBytes,
        int maxInflightMessages,
        long maxInflightBytes,
        boolean checkQuorum,
        boolean preVote,
        boolean disableProposalForwarding,
        boolean stepDownOnRemoval,
        RandomGenerator random,
        Trace trace,
        ReadMode readMode,
        boolean disableConfChangeValidation,
        boolean applyUnstableEntries) {
    /** How a leader makes sure that it still leads before it answers a read (§6.4). */
    public enum ReadMode {
        /** A majority answers a heartbeat sent after the read arrived. */
        SAFE,
        /**
         * The leader trusts the lease that check-quorum gives it (§6.4.1). Reads may be stale when
         * clocks drift or a process is stopped for longer than an election time-out.
         */
        LEASE_BASED
    }

    public RaftConfig {
        Objects.requireNonNull(storage);
        Objects.requireNonNull(random);
        Objects.requireNonNull(trace);
        Objects.requireNonNull(readMode);
        check(id != 0, "id must not be 0");
        check(!RawNode.isLocalTarget(id), "id must not be that of a local target");
        check(heartbeatTicks > 0, "heartbeatTicks must be greater than 0");
        check(electionTicks > heartbeatTicks, "electionTicks must be greater than heartbeatTicks");
        check(applied >= 0, "applied must not be negative");
        check(maxMessageBytes >= 0, "maxMessageBytes must not be negative");
        check(maxCommittedBytesPerReady >= 0, "maxCommittedBytesPerReady must not be negative");
        check(maxUncommittedBytes >= 0, "maxUncommittedBytes must not be negative");
        check(maxInflightMessages > 0, "maxInflightMessages must be greater than 0");
        check(
                maxInflightBytes == 0 || maxInflightBytes >= maxMessageBytes,
                "maxInflightBytes must be 0 or at least maxMessageBytes");
        check(
                readMode != ReadMode.LEASE_BASED || checkQuorum,
                "lease-based reads need checkQuorum");
        check(
                !(applyUnstableEntries && asyncStorageWrites),
                "applyUnstableEntries does not go with asyncStorageWrites");
        if (maxCommittedBytesPerReady == 0) {
            maxCommittedBytesPerReady = Math.max(1, maxMessageBytes);
        }
    }

    /** Settings with safe reads, checked membership changes, and only stable entries applied. */
    public RaftConfig(
            long id,
            int electionTicks,
            int heartbeatTicks,
            LogStorage storage,
            long applied,
            boolean asyncStorageWrites,
            long maxMessageBytes,
            long maxCommittedBytesPerReady,
            long maxUncommittedBytes,
            int maxInflightMessages,
            long maxInflightBytes,
            boolean checkQuorum,
            boolean preVote,
            boolean disableProposalForwarding,
            boolean stepDownOnRemoval,
            RandomGenerator random,
            Trace trace) {
        this(
                id,
                electionTicks,
                heartbeatTicks,
                storage,
                applied,
                asyncStorageWrites,
                maxMessageBytes,
                maxCommittedBytesPerReady,
                maxUncommittedBytes,
                maxInflightMessages,
                maxInflightBytes,
                checkQuorum,
                preVote,
                disableProposalForwarding,
                stepDownOnRemoval,
                random,
                trace,
                ReadMode.SAFE,
                false,
                false);
    }

    private static void check(boolean good, String message) {
        if (!good) throw new IllegalArgumentException(message);
    }
}
