package io.quorate.engine.raft;

/** What a set of votes amounts to. */
enum VoteResult {
    /** Votes that are still out decide. */
    PENDING,
    /** No majority of yes is possible any more. */
    LOST,
    /** A majority said yes. */
    WON
}
