package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;

/** Linearizable reads without the log: dissertation §6.4. */
class ReadIndexTest {
    private static void read(Group.Member member, String context) {
        member.node.readIndex(context.getBytes(UTF_8));
    }

    private static List<String> contexts(Group.Member member) {
        return member.reads.stream().map(read -> new String(read.context(), UTF_8)).toList();
    }

    @Test
    @Tag("RA-04")
    void aMajorityConfirmsARead() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.get(1).propose("x");
        group.settle();
        group.isolate(3);
        read(group.get(1), "r");
        group.settle();
        assertEquals(List.of("r"), contexts(group.get(1)));
        assertEquals(group.get(1).commit(), group.get(1).reads.getFirst().index());
    }

    @Test
    @Tag("RA-04")
    void aDeposedLeaderAnswersNothing() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(1);
        group.elect(2);
        group.get(2).propose("newer");
        read(group.get(1), "stale");
        group.settle();
        assertEquals(List.of(), contexts(group.get(1)));
        group.heal();
        group.get(1).tick(1);
        group.get(2).tick(1);
        group.settle();
        assertEquals(Role.FOLLOWER, group.get(1).role());
        assertEquals(List.of(), contexts(group.get(1)));
    }

    @Test
    @Tag("RA-04")
    @Tag("T12")
    void anAnswerToAnOlderRoundDoesNotConfirmANewRead() {
        var group = new Group(3);
        group.elect(1);
        read(group.get(1), "same");
        group.get(1).work();
        var firstRound = List.copyOf(group.network);
        group.network.clear();
        // The answers of the first round are held back.
        firstRound.forEach(group::deliver);
        group.get(2).work();
        group.get(3).work();
        var answers = List.copyOf(group.network);
        group.network.clear();
        read(group.get(1), "same");
        answers.forEach(group::deliver);
        group.get(1).work();
        assertEquals(List.of("same"), contexts(group.get(1)));
        group.settle();
        assertEquals(List.of("same", "same"), contexts(group.get(1)));
    }

    @Test
    void oneRoundConfirmsAllReadsBeforeIt() {
        var group = new Group(3);
        group.elect(1);
        group.lose(message -> message.type() == MessageType.HEARTBEAT);
        for (var context : List.of("a", "b", "c")) read(group.get(1), context);
        group.settle();
        assertEquals(List.of(), contexts(group.get(1)));
        group.heal();
        group.get(1).tick(1);
        group.settle();
        assertEquals(List.of("a", "b", "c"), contexts(group.get(1)));
    }

    @Test
    void aFollowerAsksItsLeader() {
        var group = new Group(3);
        group.elect(1);
        read(group.get(3), "f");
        group.settle();
        assertEquals(List.of("f"), contexts(group.get(3)));
        assertEquals(group.get(1).commit(), group.get(3).reads.getFirst().index());
        assertEquals(List.of(), contexts(group.get(1)));
    }

    @Test
    void aReadWithoutALeaderIsDropped() {
        var group = new Group(3);
        read(group.get(3), "f");
        group.settle();
        group.elect(1);
        assertEquals(List.of(), contexts(group.get(3)));
    }

    @Test
    void aNewLeaderAnswersOnceItHasCommittedInItsTerm() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.get(1).propose("x");
        group.settle();
        long acknowledged = group.get(1).commit();
        // Leader, but its first entry does not get through.
        group.lose(m -> m.type() == MessageType.APP || m.type() == MessageType.HEARTBEAT);
        group.elect(2);
        read(group.get(2), "early");
        group.settle();
        assertEquals(List.of(), contexts(group.get(2)));
        group.heal();
        group.get(2).tick(1);
        group.settle();
        assertEquals(List.of("early"), contexts(group.get(2)));
        assertTrue(group.get(2).reads.getFirst().index() > acknowledged);
    }

    @Test
    void aLeaseAnswersWithoutARound() {
        var group =
                new Group(
                        3,
                        config ->
                                Group.with(
                                        config,
                                        config.maxMessageBytes(),
                                        256,
                                        true,
                                        false,
                                        false,
                                        RaftConfig.ReadMode.LEASE_BASED));
        group.elect(1);
        read(group.get(1), "r");
        var ready = group.get(1).work();
        assertEquals(1, ready.readStates().size());
        assertEquals(List.of(), ready.messages());
    }

    @Test
    void readsThatWaitAreAnsweredWhenOneVoterIsLeft() throws Exception {
        var group = new Group(2);
        group.elect(1);
        group.get(1).node.proposeConfChange(Group.change("r2"));
        group.lose(message -> message.type() == MessageType.HEARTBEAT);
        read(group.get(1), "r");
        group.settle();
        assertEquals(List.of(1L), group.get(1).status().conf().voters());
        assertEquals(List.of("r"), contexts(group.get(1)));
    }

    @Test
    void theContextComesBackUnchanged() {
        var group = new Group(1);
        group.elect(1);
        byte[] context = {0, -1, 7};
        group.get(1).node.readIndex(context);
        group.settle();
        assertArrayEquals(context, group.get(1).reads.getFirst().context());
    }
}
