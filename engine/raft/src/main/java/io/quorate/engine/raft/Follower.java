package io.quorate.engine.raft;

import java.util.List;

/**
 * A member that follows a leader, or waits for one (Raft §5.2, figure 2 "Followers"). Learners are
 * followers for ever.
 */
final class Follower implements RoleSteps {
    private final Raft raft;

    Follower(Raft raft) {
        this.raft = raft;
    }

    @Override
    public Role role() {
        return Role.FOLLOWER;
    }

    @Override
    public void tick() {
        raft.tickElection();
    }

    @Override
    public void step(Message m) throws ProposalDroppedException {
        switch (m.type()) {
            case PROP -> forwardProposal(m);
            case APP -> {
                heardFromLeader(m);
                append(raft, m);
            }
            case HEARTBEAT -> {
                heardFromLeader(m);
                heartbeat(raft, m);
            }
            case SNAP -> {
                heardFromLeader(m);
                snapshot(raft, m);
            }
            case TIMEOUT_NOW -> {
                raft.trace.info(
                        "%x [term %d] received MsgTimeoutNow from %x and starts an election to get"
                                + " leadership.",
                        raft.id, raft.term, m.from());
                // No pre-vote: the old leader itself asked for this, so nobody is disturbed.
                raft.hup(Raft.Campaign.TRANSFER);
            }
            case TRANSFER_LEADER -> forwardTransfer(m);
            case READ_INDEX -> forwardRead(m);
            case READ_INDEX_RESP -> readAnswered(m);
            case FORGET_LEADER -> forgetLeader();
            case HUP,
                    BEAT,
                    APP_RESP,
                    VOTE,
                    VOTE_RESP,
                    HEARTBEAT_RESP,
                    UNREACHABLE,
                    SNAP_STATUS,
                    CHECK_QUORUM,
                    PRE_VOTE,
                    PRE_VOTE_RESP,
                    STORAGE_APPEND,
                    STORAGE_APPEND_RESP,
                    STORAGE_APPLY,
                    STORAGE_APPLY_RESP -> {}
        }
    }

    private void heardFromLeader(Message m) {
        raft.electionElapsed = 0;
        raft.leader = m.from();
    }

    // ------------------------------------------------- the leader's requests (Raft §5.3, §7)

    /** Takes entries if this log holds the one before them, and tells up to where it matches. */
    static void append(Raft raft, Message m) {
        var log = raft.log;
        if (m.index() < log.committed()) {
            // What is committed matches in any case; no need to look.
            raft.send(Messages.appendAccepted(m.from(), raft.id, raft.term, log.committed()));
            return;
        }
        long matched =
                log.maybeAppend(new EntryId(m.logTerm(), m.index()), m.entries(), m.commit());
        if (matched >= 0) {
            raft.send(Messages.appendAccepted(m.from(), raft.id, raft.term, matched));
            return;
        }
        raft.trace.debug(
                "%x [logterm: %d, index: %d] rejected MsgApp [logterm: %d, index: %d] from %x",
                raft.id, log.termOrZero(m.index()), m.index(), m.logTerm(), m.index(), m.from());
        // Lets the leader skip at once all that cannot match, instead of an index per round trip
        // (the end of Raft §5.3).
        var hint = log.findConflictByTerm(Math.min(m.index(), log.lastIndex()), m.logTerm());
        raft.send(Messages.appendRejected(m.from(), raft.id, raft.term, m.index(), hint));
    }

    static void heartbeat(Raft raft, Message m) {
        raft.log.commitTo(m.commit());
        raft.send(Messages.heartbeatAnswer(m.from(), raft.id, raft.term, m.context()));
    }

    /** Replaces log and state by a snapshot, unless this member is as far already. */
    static void snapshot(Raft raft, Message m) {
        var snapshot = m.snapshot() == null ? Snapshot.NONE : m.snapshot();
        boolean restored = restore(raft, snapshot);
        raft.trace.info(
                "%x [commit: %d] %s snapshot [index: %d, term: %d]",
                raft.id,
                raft.log.committed(),
                restored ? "restored" : "ignored",
                snapshot.index(),
                snapshot.term());
        long matched = restored ? raft.log.lastIndex() : raft.log.committed();
        raft.send(Messages.appendAccepted(m.from(), raft.id, raft.term, matched));
    }

    private static boolean restore(Raft raft, Snapshot snapshot) {
        var log = raft.log;
        if (snapshot.index() <= log.committed()) return false;
        if (!snapshot.conf().contains(raft.id)) {
            raft.trace.warn(
                    "%x attempted to restore snapshot but it is not in the ConfState %s;"
                            + " should never happen",
                    raft.id, snapshot.conf());
            return false;
        }
        var last = log.lastEntryId();
        if (log.matches(new EntryId(snapshot.term(), snapshot.index()))) {
            // The log has it all: the snapshot only says that it is committed.
            raft.trace.info(
                    "%x [commit: %d, lastindex: %d, lastterm: %d] fast-forwarded commit to snapshot"
                            + " [index: %d, term: %d]",
                    raft.id,
                    log.committed(),
                    last.index(),
                    last.term(),
                    snapshot.index(),
                    snapshot.term());
            log.commitTo(snapshot.index());
            return false;
        }
        log.restore(snapshot);
        raft.overtakeMembership(snapshot.conf());
        raft.trace.info(
                "%x [commit: %d, lastindex: %d, lastterm: %d] restored snapshot"
                        + " [index: %d, term: %d]",
                raft.id,
                log.committed(),
                snapshot.index(),
                snapshot.term(),
                snapshot.index(),
                snapshot.term());
        return true;
    }

    // ------------------------------------------------- requests for the leader

    private void forwardProposal(Message m) throws ProposalDroppedException {
        if (raft.leader == Raft.NONE) {
            raft.trace.info("%x no leader at term %d; dropping proposal", raft.id, raft.term);
            throw new ProposalDroppedException();
        }
        if (raft.config.disableProposalForwarding()) {
            raft.trace.info(
                    "%x not forwarding to leader %x at term %d; dropping proposal",
                    raft.id, raft.leader, raft.term);
            throw new ProposalDroppedException();
        }
        raft.send(Messages.propose(raft.leader, sender(m), m.entries()));
    }

    private void forwardTransfer(Message m) {
        if (raft.leader == Raft.NONE) {
            raft.trace.info(
                    "%x no leader at term %d; dropping leader transfer msg", raft.id, raft.term);
            return;
        }
        // The sender stays: it names who is to lead.
        raft.send(Messages.plain(MessageType.TRANSFER_LEADER, raft.leader, m.from(), raft.term));
    }

    private void forwardRead(Message m) {
        if (raft.leader == Raft.NONE) {
            raft.trace.info(
                    "%x no leader at term %d; dropping index reading msg", raft.id, raft.term);
            return;
        }
        raft.send(Messages.readIndex(raft.leader, sender(m), m.entries()));
    }

    private long sender(Message m) {
        return m.from() == Raft.NONE ? raft.id : m.from();
    }

    private void readAnswered(Message m) {
        List<Entry> contexts = m.entries();
        if (contexts.size() != 1) {
            raft.trace.error(
                    "%x invalid format of MsgReadIndexResp from %x, entries count: %d",
                    raft.id, m.from(), contexts.size());
            return;
        }
        raft.readStates.add(new ReadState(m.index(), contexts.getFirst().data()));
    }

    private void forgetLeader() {
        if (raft.config.readMode() == RaftConfig.ReadMode.LEASE_BASED) {
            // Then this member could vote, and the leader's lease would be worth nothing.
            raft.trace.error("ignoring MsgForgetLeader due to ReadOnlyLeaseBased");
        } else if (raft.leader != Raft.NONE) {
            raft.trace.info("%x forgetting leader %x at term %d", raft.id, raft.leader, raft.term);
            raft.leader = Raft.NONE;
        }
    }
}
