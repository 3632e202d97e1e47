package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.List;

/** Raft §6, dissertation §4: changing who belongs to the group, while it runs. */
class MembershipTest {
    private static ConfState conf(List<Long> voters, List<Long> learners) {
        return new ConfState(voters, learners, List.of(), List.of(), false);
    }

    private static void change(Group group, long leader, String steps) throws Exception {
        group.get(leader).node.proposeConfChange(Group.change(steps));
        settleWithHeartbeats(group, leader);
    }

    private static void settleWithHeartbeats(Group group, long leader) {
        group.settle();
        for (int i = 0; i < 3; i++) {
            group.get(leader).tick(1);
            group.settle();
        }
    }

    @Test
    void learnerCatchesUpThenVotes() throws Exception {
        var group = new Group(1);
        group.elect(1);
        group.get(1).propose("before");
        group.settle();
        group.addEmpty(2);
        change(group, 1, "l2");
        assertEquals(conf(List.of(1L), List.of(2L)), group.get(2).status().conf());
        assertEquals(List.of("before"), group.get(2).applied);
        // A learner does not count: its silence delays nothing.
        group.isolate(2);
        group.get(1).propose("alone");
        group.settle();
        assertEquals(List.of("before", "alone"), group.get(1).applied);
        group.heal();
        settleWithHeartbeats(group, 1);

        change(group, 1, "v2");
        assertEquals(conf(List.of(1L, 2L), List.of()), group.get(2).status().conf());
        group.elect(2);
    }

    @Test
    void aNewVoterCountsFromWhenTheChangeIsApplied() throws Exception {
        var group = new Group(1);
        group.elect(1);
        group.addEmpty(2);
        group.isolate(2);
        group.get(1).node.proposeConfChange(Group.change("v2"));
        group.settle();
        assertEquals(List.of(1L, 2L), group.get(1).status().conf().voters());
        long before = group.get(1).commit();
        group.get(1).propose("needs both");
        group.settle();
        assertEquals(before, group.get(1).commit());
        group.heal();
        settleWithHeartbeats(group, 1);
        assertEquals(List.of("needs both"), group.get(2).applied);
    }

    @Test
    void oneChangeAtATime() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(1);
        group.get(1).node.proposeConfChange(Group.change("r2"));
        group.get(1).node.proposeConfChange(Group.change("r3"));
        group.settle();
        assertTrue(group.get(1).traced("ignoring conf change"));
        group.heal();
        settleWithHeartbeats(group, 1);
        assertEquals(List.of(1L, 3L), group.get(1).status().conf().voters());
    }

    @Test
    void aRemovalThatCommitsMoreIsToldAtOnce() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.lose(m -> m.to() == 3 || m.from() == 3);
        group.get(1).node.proposeConfChange(Group.change("r3"));
        group.settle();
        group.lose(m -> m.to() != 1 && m.to() != 2);
        group.get(1).propose("x");
        group.settle();
        assertEquals(List.of("x"), group.get(2).applied);
    }

    @Test
    void twoVotersAreReplacedJointlyAndTheJointEndsByItself() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.addEmpty(4);
        group.addEmpty(5);
        change(group, 1, "v4 v5 r2 r3");
        settleWithHeartbeats(group, 1);
        for (long id : List.of(1L, 4L, 5L)) {
            assertEquals(conf(List.of(1L, 4L, 5L), List.of()), group.get(id).status().conf());
        }
        assertTrue(group.get(1).traced("initiating automatic transition out of joint"));
        group.elect(5);
    }

    @Test
    void aTransferThatFailsDoesNotKeepTheGroupJoint() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.get(1).node.proposeConfChange(Group.change("l2 l3"));
        group.lose(message -> message.type() == MessageType.TIMEOUT_NOW);
        group.get(1).work();
        group.deliverAll();
        group.get(1).node.transferLeader(2);
        group.settle();
        assertTrue(group.get(1).traced("not initiating automatic transition"));
        assertFalse(group.get(1).status().conf().votersOutgoing().isEmpty());
        group.get(1).tick(Group.ELECTION_TICKS);
        group.settle();
        assertEquals(conf(List.of(1L), List.of(2L, 3L)), group.get(1).status().conf());
    }

    @Test
    void anExplicitJointConfigurationNeedsBothMajoritiesUntilItIsLeft() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.addEmpty(4);
        group.addEmpty(5);
        var explicit = Group.change(ConfChange.Transition.JOINT_EXPLICIT, "v4 v5 r2 r3");
        group.get(1).node.proposeConfChange(explicit);
        settleWithHeartbeats(group, 1);
        assertEquals(List.of(1L, 2L, 3L), group.get(1).status().conf().votersOutgoing());
        group.isolate(2L, 3L);
        long before = group.get(1).commit();
        group.get(1).propose("x");
        group.settle();
        assertEquals(before, group.get(1).commit());
        group.heal();
        settleWithHeartbeats(group, 1);
        assertEquals(List.of("x"), group.get(4).applied);

        change(group, 1, "");
        assertEquals(conf(List.of(1L, 4L, 5L), List.of()), group.get(4).status().conf());
    }

    @Test
    void inAJointConfigurationNothingElseChanges() throws Exception {
        var group = new Group(3);
        group.elect(1);
        var explicit = Group.change(ConfChange.Transition.JOINT_EXPLICIT, "r3");
        group.get(1).node.proposeConfChange(explicit);
        group.settle();
        change(group, 1, "r2");
        assertTrue(group.get(1).traced("must transition out of joint config first"));
        assertFalse(group.get(1).status().conf().votersOutgoing().isEmpty());
        change(group, 1, "");
        change(group, 1, "");
        assertTrue(group.get(1).traced("not in joint state; refusing empty conf change"));
    }

    @Test
    void aRemovedLeaderStepsDownIfSoConfigured() throws Exception {
        var group = new Group(3, config -> Group.with(config, false, false, true));
        group.elect(1);
        change(group, 1, "r1");
        assertEquals(Role.FOLLOWER, group.get(1).role());
        group.elect(2);
        assertEquals(List.of(2L, 3L), group.get(2).status().conf().voters());
    }

    @Test
    void aRemovedLeaderOtherwiseLeadsOnButTakesNothing() throws Exception {
        var group = new Group(3);
        group.elect(1);
        change(group, 1, "r1");
        assertEquals(Role.LEADER, group.get(1).role());
        assertThrows(ProposalDroppedException.class, () -> group.get(1).propose("x"));
    }

    @Test
    void theLastAnswersOfARemovedMemberAreDropped() throws Exception {
        var group = new Group(3);
        group.elect(1);
        change(group, 1, "r3");
        group.deliver(Messages.appendAccepted(1, 3, group.get(1).term(), 1));
        assertTrue(group.get(1).traced("which is not a member"));
    }

    @Test
    void aSnapshotBringsTheMembership() throws Exception {
        var group = new Group(1);
        group.elect(1);
        group.get(1).propose("x");
        group.settle();
        group.get(1).compact();
        group.addEmpty(2);
        change(group, 1, "l2");
        assertEquals(List.of("x"), group.get(2).applied);
        assertEquals(conf(List.of(1L), List.of(2L)), group.get(2).status().conf());
    }

    @Test
    void nobodyCampaignsWithAChangeCommittedButNotApplied() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.get(1).node.proposeConfChange(Group.change("r3"));
        // Member 2 knows that the change is committed, and has not applied it.
        group.get(1).work();
        group.deliverAll();
        group.get(2).work();
        group.deliverAll();
        group.get(1).work();
        group.deliverAll();
        group.get(2).node.campaign();
        assertTrue(group.get(2).traced("pending configuration changes to apply"));
        assertEquals(Role.FOLLOWER, group.get(2).role());
    }

    @Test
    void aRefusedChangeIsAppliedVoided() throws Exception {
        var group = new Group(2);
        group.elect(1);
        var change = ConfChange.single(9, ConfChange.Kind.REMOVE_NODE, 2, new byte[] {1});
        assertEquals(
                conf(List.of(1L, 2L), List.of()),
                group.get(1).node.applyConfChange(change.voided()));
    }

    @Test
    void aChangeThatCannotBeAppliedIsABrokenCaller() {
        var group = new Group(1);
        group.elect(1);
        assertThrows(
                IllegalArgumentException.class,
                () -> group.get(1).node.applyConfChange(Group.change("r1")));
        assertEquals(List.of(1L), group.get(1).status().conf().voters());
    }
}
