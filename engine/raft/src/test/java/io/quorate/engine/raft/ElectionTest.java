package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Raft §5.1, §5.2, §5.4.1, dissertation §3.10, §6.2 and §9.6. */
class ElectionTest {
    private static Group withPreVote(int voters) {
        return new Group(voters, config -> Group.with(config, true, true, false));
    }

    private static Group withCheckQuorum(int voters) {
        return new Group(voters, config -> Group.with(config, true, false, false));
    }

    @Test
    void everybodyStartsAsFollower() {
        var group = new Group(3);
        for (long id = 1; id <= 3; id++) assertEquals(Role.FOLLOWER, group.get(id).role());
    }

    @Test
    void aFollowerThatHearsNothingCampaignsAndWins() {
        var group = new Group(3);
        group.get(2).timeOut();
        group.settle();
        assertEquals(Role.LEADER, group.get(2).role());
        assertEquals(2, group.get(1).leader());
        assertEquals(2, group.get(3).leader());
    }

    @Test
    @Tag("RA-01")
    void timeOutsAreDrawnAnew() {
        var group = new Group(1);
        Set<Integer> drawn = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            group.get(1).node.raft.becomeFollower(i + 2, 0);
            drawn.add(group.get(1).node.raft.randomizedElectionTicks);
        }
        for (int ticks : drawn) assertTrue(ticks >= 10 && ticks < 20, "drawn: " + ticks);
        assertTrue(drawn.size() > 5, "drawn: " + drawn);
    }

    @Test
    @Tag("RA-01")
    void heartbeatsKeepFollowersFromCampaigning() {
        var group = new Group(3);
        group.elect(1);
        for (int i = 0; i < 100; i++) {
            for (long id = 1; id <= 3; id++) group.get(id).tick(1);
            group.settle();
        }
        assertEquals(Role.LEADER, group.get(1).role());
        assertEquals(2, group.get(1).term());
    }

    @Test
    void aVoteIsGivenOncePerTerm() {
        var group = new Group(3);
        group.isolate(3);
        group.get(1).node.campaign();
        group.get(2).node.campaign();
        group.settle();
        assertEquals(Role.CANDIDATE, group.get(1).role());
        assertEquals(Role.CANDIDATE, group.get(2).role());
        group.heal();
        // Member 3 votes for the first that asks, and for nobody else in this term.
        var last = new EntryId(1, 1);
        for (long id : List.of(2L, 1L, 2L)) {
            group.deliver(Messages.voteRequest(MessageType.VOTE, 3, id, 2, last, new byte[0]));
        }
        group.settle();
        assertEquals(Role.LEADER, group.get(2).role());
        assertEquals(Role.FOLLOWER, group.get(1).role());
    }

    @Test
    void aVoteSurvivesARestart() {
        var group = new Group(3);
        group.isolate(1);
        var last = new EntryId(1, 1);
        group.deliver(Messages.voteRequest(MessageType.VOTE, 3, 2, 2, last, new byte[0]));
        group.get(3).work();
        group.get(3).restart();
        assertEquals(new HardState(2, 2, 1), group.get(3).status().hardState());
        group.heal();
        group.network.clear();
        group.deliver(Messages.voteRequest(MessageType.VOTE, 3, 1, 2, last, new byte[0]));
        var answer = group.get(3).work().messages().getFirst();
        assertTrue(answer.reject());
    }

    @Test
    void aCandidateWithAnOlderLogLoses() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(3);
        group.get(1).propose("x");
        group.settle();
        group.heal();
        group.get(3).node.campaign();
        group.settle();
        assertNotEquals(Role.LEADER, group.get(3).role());
        group.elect(2);
        assertEquals(List.of("x"), group.get(2).applied);
    }

    @Test
    void aLongerLogOfAnOlderTermLoses() {
        var group = new Group(3);
        var log = group.get(1).node.raft.log;
        group.elect(1);
        long term = group.get(1).term();
        long index = log.lastIndex();
        assertTrue(log.isUpToDate(new EntryId(term, index)));
        assertTrue(log.isUpToDate(new EntryId(term, index + 1)));
        assertTrue(log.isUpToDate(new EntryId(term + 1, index - 1)));
        assertFalse(log.isUpToDate(new EntryId(term, index - 1)));
        assertFalse(log.isUpToDate(new EntryId(term - 1, index + 100)));
    }

    @Test
    void aCandidateYieldsToALeaderOfItsTerm() {
        var group = new Group(3);
        group.isolate(3);
        group.get(3).node.campaign();
        group.settle();
        group.elect(1);
        assertEquals(group.get(3).term(), group.get(1).term());
        group.heal();
        group.get(1).tick(1);
        group.settle();
        assertEquals(Role.FOLLOWER, group.get(3).role());
        assertEquals(1, group.get(3).leader());
    }

    @Test
    void aHigherTermDeposesALeader() {
        var group = new Group(3);
        group.elect(1);
        group.elect(2);
        assertEquals(Role.FOLLOWER, group.get(1).role());
        assertEquals(2, group.get(1).leader());
    }

    @Test
    void messagesOfAnOlderTermAreIgnored() {
        var group = new Group(3);
        group.elect(1);
        group.elect(2);
        var old = Messages.append(3, 1, 1, new EntryId(1, 1), List.of(), 1);
        group.deliver(old);
        assertTrue(group.get(3).traced("ignored a MsgApp message with lower term from 1"));
        assertEquals(2, group.get(3).leader());
    }

    // ------------------------------------------------------------ pre-vote (§9.6)

    @Test
    @Tag("RA-02")
    void aLonelyMemberDoesNotRaiseItsTerm() {
        var group = withPreVote(3);
        group.elect(1);
        group.isolate(3);
        for (int i = 0; i < 10; i++) {
            group.get(3).timeOut();
            group.settle();
        }
        assertEquals(Role.PRE_CANDIDATE, group.get(3).role());
        assertEquals(2, group.get(3).term());
        group.heal();
        group.get(1).tick(1);
        group.settle();
        assertEquals(Role.LEADER, group.get(1).role());
        assertEquals(Role.FOLLOWER, group.get(3).role());
    }

    @Test
    @Tag("RA-02")
    void aPreVoteChangesNeitherTermNorVote() {
        var group = withPreVote(3);
        var last = new EntryId(1, 1);
        group.deliver(Messages.voteRequest(MessageType.PRE_VOTE, 3, 2, 2, last, new byte[0]));
        var ready = group.get(3).work();
        assertEquals(new HardState(1, 0, 1), group.get(3).status().hardState());
        assertEquals(2, ready.messages().getFirst().term());
        assertFalse(ready.messages().getFirst().reject());
    }

    @Test
    @Tag("RA-02")
    void aPreCandidateThatWouldWinCampaigns() {
        var group = withPreVote(3);
        group.elect(1);
        assertEquals(2, group.get(1).term());
        assertTrue(group.get(1).traced("became pre-candidate at term 1"));
        assertTrue(group.get(1).traced("became candidate at term 2"));
    }

    // ------------------------------------------------------------ check-quorum (§6.2)

    @Test
    @Tag("RA-03")
    void aLeaderThatHearsNoMajorityStepsDown() {
        var group = withCheckQuorum(3);
        group.elect(1);
        group.isolate(1);
        group.get(1).tick(2 * Group.ELECTION_TICKS);
        group.settle();
        assertEquals(Role.FOLLOWER, group.get(1).role());
        assertEquals(0, group.get(1).leader());
    }

    @Test
    void aLeaderThatHearsAMajorityStays() {
        var group = withCheckQuorum(3);
        group.elect(1);
        group.isolate(3);
        for (int i = 0; i < 5 * Group.ELECTION_TICKS; i++) {
            group.get(1).tick(1);
            group.settle();
        }
        assertEquals(Role.LEADER, group.get(1).role());
    }

    @Test
    void whoHearsFromALeaderDoesNotVote() {
        var group = withCheckQuorum(3);
        group.elect(1);
        group.get(3).node.campaign();
        group.settle();
        assertEquals(Role.LEADER, group.get(1).role());
        assertTrue(group.get(2).traced("lease is not expired"));
        // The term of the stuck member reaches the leader with its next heartbeat.
        group.get(1).tick(1);
        group.settle();
        assertEquals(Role.FOLLOWER, group.get(1).role());
        assertEquals(group.get(3).term(), group.get(1).term());
    }

    @Test
    void whoForgetsTheLeaderVotesAtOnce() {
        var group = withCheckQuorum(3);
        group.elect(1);
        group.isolate(1);
        group.get(2).node.forgetLeader();
        group.get(3).node.forgetLeader();
        group.elect(3);
        assertEquals(3, group.get(2).leader());
    }

    // ------------------------------------------------------------ transfer (§3.10)

    @Test
    void leadershipMovesToAMemberThatIsUpToDate() {
        var group = withCheckQuorum(3);
        group.elect(1);
        group.get(1).node.transferLeader(2);
        group.settle();
        assertEquals(Role.LEADER, group.get(2).role());
        assertEquals(Role.FOLLOWER, group.get(1).role());
    }

    @Test
    void aFollowerForwardsATransfer() {
        var group = new Group(3);
        group.elect(1);
        group.get(3).node.transferLeader(2);
        group.settle();
        assertEquals(Role.LEADER, group.get(2).role());
    }

    @Test
    void aTransferEndsAfterAnElectionTimeOut() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(2);
        group.get(1).node.transferLeader(2);
        group.settle();
        assertEquals(2, group.get(1).status().leadTransferee());
        assertThrows(ProposalDroppedException.class, () -> group.get(1).propose("x"));
        group.get(1).tick(Group.ELECTION_TICKS);
        assertEquals(0, group.get(1).status().leadTransferee());
        group.get(1).propose("y");
        group.settle();
        assertEquals(List.of("y"), group.get(3).applied);
    }

    @Test
    @Tag("RC-06")
    void nobodyHandsOverToALearner() {
        var conf = new ConfState(List.of(1L), List.of(2L), List.of(), List.of(), false);
        var group = new Group(conf, config -> config);
        group.elect(1);
        group.get(1).node.transferLeader(2);
        group.settle();
        assertEquals(Role.LEADER, group.get(1).role());
        assertEquals(0, group.get(1).status().leadTransferee());
    }

    @Test
    void aLearnerVotesButNeverCampaigns() {
        var conf = new ConfState(List.of(1L), List.of(2L), List.of(), List.of(), false);
        var group = new Group(conf, config -> config);
        group.get(2).timeOut();
        group.get(2).node.campaign();
        assertEquals(Role.FOLLOWER, group.get(2).role());
        var last = new EntryId(1, 1);
        group.deliver(Messages.voteRequest(MessageType.VOTE, 2, 1, 2, last, new byte[0]));
        assertFalse(group.get(2).work().messages().getFirst().reject());
    }
}
