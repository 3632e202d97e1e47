package io.quorate.engine.raft;

/**
 * A member that asks for votes (Raft §5.2, figure 2 "Candidates"), or that asks whether it would
 * get them (dissertation §9.6).
 */
final class Candidate implements RoleSteps {
    private final Raft raft;
    private final Role role;

    /**
     * @param role CANDIDATE or PRE_CANDIDATE
     */
    Candidate(Raft raft, Role role) {
        this.raft = raft;
        this.role = role;
    }

    @Override
    public Role role() {
        return role;
    }

    @Override
    public void tick() {
        raft.tickElection();
    }

    @Override
    public void step(Message m) throws ProposalDroppedException {
        switch (m.type()) {
            case PROP -> {
                raft.trace.info("%x no leader at term %d; dropping proposal", raft.id, raft.term);
                throw new ProposalDroppedException();
            }
            case APP -> {
                raft.becomeFollower(m.term(), m.from());
                Follower.append(raft, m);
            }
            case HEARTBEAT -> {
                raft.becomeFollower(m.term(), m.from());
                Follower.heartbeat(raft, m);
            }
            case SNAP -> {
                raft.becomeFollower(m.term(), m.from());
                Follower.snapshot(raft, m);
            }
            // Late promises from the pre-candidacy before this candidacy are not votes.
            case VOTE_RESP -> {
                if (role == Role.CANDIDATE) count(m);
            }
            case PRE_VOTE_RESP -> {
                if (role == Role.PRE_CANDIDATE) count(m);
            }
            case TIMEOUT_NOW ->
                    raft.trace.debug(
                            "%x [term %d state %s] ignored MsgTimeoutNow from %x",
                            raft.id,
                            raft.term,
                            role == Role.CANDIDATE ? "StateCandidate" : "StatePreCandidate",
                            m.from());
            case HUP,
                    BEAT,
                    APP_RESP,
                    VOTE,
                    HEARTBEAT_RESP,
                    UNREACHABLE,
                    SNAP_STATUS,
                    CHECK_QUORUM,
                    TRANSFER_LEADER,
                    READ_INDEX,
                    READ_INDEX_RESP,
                    PRE_VOTE,
                    STORAGE_APPEND,
                    STORAGE_APPEND_RESP,
                    STORAGE_APPLY,
                    STORAGE_APPLY_RESP,
                    FORGET_LEADER -> {}
        }
    }

    private void count(Message m) {
        raft.trace.info(
                m.reject()
                        ? "%x received %s rejection from %x at term %d"
                        : "%x received %s from %x at term %d",
                raft.id,
                m.type().wireName(),
                m.from(),
                raft.term);
        raft.tracker.recordVote(m.from(), !m.reject());
        raft.trace.info(
                "%x has received %d %s votes and %d vote rejections",
                raft.id,
                raft.tracker.countVotes(true),
                m.type().wireName(),
                raft.tracker.countVotes(false));
        switch (raft.tracker.voteResult()) {
            case WON -> won();
            // A refused pre-vote may carry a term to come; this member keeps its own.
            case LOST -> raft.becomeFollower(raft.term, Raft.NONE);
            case PENDING -> {}
        }
    }

    private void won() {
        if (role == Role.PRE_CANDIDATE) {
            raft.campaign(Raft.Campaign.ELECTION);
        } else {
            raft.becomeLeader();
        }
    }
}
