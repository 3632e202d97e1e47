package io.quorate.engine.raft;

import java.util.random.RandomGenerator;

/**
 * Settings of one {@link RawNode}.
 *
 * @param id this member, not 0
 * @param electionTicks ticks without a leader before an election starts; the real time-out is drawn
 *     from [electionTicks, 2 * electionTicks)
 * @param heartbeatTicks ticks between heartbeats
 * @param storage stable log
 * @param applied last index that the state has applied, for a restart
 * @param asyncStorageWrites see {@link Ready}
 * @param maxMessageBytes largest payload of one append message
 * @param maxCommittedBytesPerReady largest payload handed out for apply at once
 * @param maxUncommittedBytes payload of proposals that may wait for commit, 0 for no bound
 * @param maxInflightMessages append messages in flight to one follower
 * @param maxInflightBytes their payload, 0 for no bound
 * @param checkQuorum whether a leader steps down that hears no majority for an election time-out
 * @param preVote whether elections ask first without raising the term (dissertation §9.6)
 * @param disableProposalForwarding whether followers drop proposals instead of forwarding them
 * @param stepDownOnRemoval whether a leader that left the voters steps down
 * @param random draws the election time-outs
 * @param trace sink for what happens, for transcripts and logs; never null
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
        Trace trace) {}
