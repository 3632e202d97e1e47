package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.stream.IntStream;

/** Raft §5.3, §5.4.2 and §7, and how much a leader sends at once. */
class ReplicationTest {
    private static Group smallWindow(long maxMessageBytes, int maxInflight) {
        return new Group(
                3,
                config ->
                        Group.with(
                                config,
                                maxMessageBytes,
                                maxInflight,
                                false,
                                false,
                                false,
                                RaftConfig.ReadMode.SAFE));
    }

    private static void propose(Group.Member member, int count) throws Exception {
        for (int i = 0; i < count; i++) member.propose("p" + i);
    }

    private static List<String> texts(int count) {
        return IntStream.range(0, count).mapToObj(i -> "p" + i).toList();
    }

    @Test
    void whatIsProposedIsAppliedEverywhere() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.get(1).propose("a");
        group.get(2).propose("b");
        group.settle();
        for (long id = 1; id <= 3; id++) assertEquals(List.of("a", "b"), group.get(id).applied);
    }

    @Test
    void withoutALeaderProposalsAreDropped() {
        var group = new Group(3);
        assertThrows(ProposalDroppedException.class, () -> group.get(1).propose("x"));
        group.isolate(1);
        group.get(1).node.campaign();
        assertThrows(ProposalDroppedException.class, () -> group.get(1).propose("x"));
    }

    @Test
    void aMinorityCommitsNothing() throws Exception {
        var group = new Group(5);
        group.elect(1);
        long before = group.get(1).commit();
        group.isolate(1L, 2L);
        group.get(1).propose("x");
        group.settle();
        assertEquals(before, group.get(1).commit());
        assertEquals(before + 1, group.get(2).storage.lastIndex());
    }

    @Test
    void entriesOfAnOlderTermCommitOnlyWithOneOfTheCurrent() throws Exception {
        // Figure 8: an entry of term 2 stands on a minority when its leader is replaced.
        var group = new Group(5);
        group.elect(1);
        group.isolate(1, 2);
        group.get(1).propose("old");
        group.settle();
        long old = group.get(1).storage.lastIndex();
        group.heal();
        // The first entry of the new term reaches nobody, but the old one reaches a majority.
        group.lose(message -> message.entries().stream().anyMatch(e -> e.data().length == 0));
        var leader = group.elect(2);
        var entry = leader.storage.entries(old, old + 1, 0);
        for (long id = 3; id <= 5; id++) {
            var before = new EntryId(entry.getFirst().term(), old - 1);
            group.deliver(Messages.append(id, 2, leader.term(), before, entry, old - 1));
        }
        group.settle();
        assertEquals(old, leader.progress(3).match());
        assertTrue(leader.commit() < old);
        group.heal();
        for (int i = 0; i < 3; i++) {
            leader.tick(1);
            group.settle();
        }
        assertEquals(old + 1, leader.commit());
        assertEquals(List.of("old"), group.get(5).applied);
    }

    @Test
    void aDivergedTailIsReplaced() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(1);
        propose(group.get(1), 20);
        group.settle();
        group.elect(2);
        group.get(2).propose("kept");
        group.settle();
        group.heal();
        group.get(2).tick(1);
        group.settle();
        assertEquals(List.of("kept"), group.get(1).applied);
        assertEquals(group.get(2).storage.lastIndex(), group.get(1).storage.lastIndex());
        assertTrue(group.get(1).traced("found conflict at index"));
    }

    @Test
    void aLateAppendDoesNotCutOffWhatIsNewer() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(3);
        group.get(1).propose("a");
        group.settle();
        group.heal();
        group.get(1).tick(1);
        group.settle();
        long last = group.get(3).storage.lastIndex();
        // An append of the same term that ends earlier, delivered once more.
        long term = group.get(1).term();
        var late = Messages.append(3, 1, term, new EntryId(term, last - 1), List.of(), last - 1);
        group.deliver(late);
        group.settle();
        assertEquals(last, group.get(3).storage.lastIndex());
        assertEquals(List.of("a"), group.get(3).applied);
    }

    @Test
    void aCommitIndexCountsOnlyAsFarAsTheLogsAreKnownToMatch() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(1);
        propose(group.get(1), 5);
        group.settle();
        long common = group.get(1).commit();
        group.elect(2);
        propose(group.get(2), 5);
        group.settle();
        // An append that ends where the logs part, from a leader that has committed more.
        var end = new EntryId(2, common);
        long commit = group.get(2).commit();
        group.heal();
        group.deliver(Messages.append(1, 2, group.get(2).term(), end, List.of(), commit));
        assertEquals(common, group.get(1).commit());
    }

    @Test
    void aProbeSkipsWholeTerms() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(1);
        propose(group.get(1), 200);
        group.settle();
        group.elect(2);
        propose(group.get(2), 200);
        group.settle();
        group.heal();
        group.get(1).trace.clear();
        group.get(2).tick(1);
        group.settle();
        long refusals =
                group.get(1).trace.stream()
                        .filter(line -> line.contains("rejected MsgApp"))
                        .count();
        assertTrue(refusals <= 3, refusals + " refusals");
        assertEquals(texts(200), group.get(1).applied);
    }

    @Test
    void aLostAppendIsSentAgain() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.lose(message -> message.to() == 3 && !message.entries().isEmpty());
        group.get(1).propose("x");
        group.settle();
        group.heal();
        assertEquals(List.of(), group.get(3).applied);
        group.get(1).tick(1);
        group.settle();
        assertEquals(List.of("x"), group.get(3).applied);
    }

    @Test
    void aHeartbeatNeverCommitsWhatIsNotKnownToMatch() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(3);
        group.get(1).propose("x");
        group.settle();
        group.heal();
        long matched = group.get(1).progress(3).match();
        group.get(1).tick(1);
        var heartbeat =
                group.get(1).work().messages().stream()
                        .filter(m -> m.type() == MessageType.HEARTBEAT && m.to() == 3)
                        .findFirst()
                        .orElseThrow();
        assertEquals(matched, heartbeat.commit());
        assertTrue(matched < group.get(1).commit());
    }

    @Test
    void aRestartedMemberKeepsItsLog() throws Exception {
        var group = new Group(3);
        group.elect(1);
        propose(group.get(1), 3);
        group.settle();
        for (long id = 1; id <= 3; id++) group.get(id).restart();
        group.elect(2);
        group.get(2).propose("more");
        group.settle();
        assertEquals(List.of("p0", "p1", "p2", "more"), group.get(3).applied);
    }

    @Test
    void aStateThatOutlivedTheCommitIndexIsBelieved() throws Exception {
        var group = new Group(1);
        group.elect(1);
        propose(group.get(1), 3);
        group.settle();
        var hard = group.get(1).storage.hardState();
        group.get(1).storage.setHardState(new HardState(hard.term(), hard.vote(), 1));
        group.get(1).restart();
        assertEquals(hard.commit(), group.get(1).commit());
        group.settle();
        assertEquals(texts(3), group.get(1).applied);
    }

    @Test
    void aLogThatLostItsTailIsRefused() throws Exception {
        var storage = new MemoryLogStorage();
        storage.setHardState(new HardState(3, 1, 7));
        var group = new Group(1);
        var config = group.get(1).node.raft.config;
        var broken =
                new RaftConfig(
                        1,
                        10,
                        1,
                        storage,
                        0,
                        false,
                        0,
                        0,
                        0,
                        1,
                        0,
                        false,
                        false,
                        false,
                        false,
                        config.random(),
                        Trace.NONE);
        var refused = assertThrows(IllegalStateException.class, () -> new RawNode(broken));
        assertTrue(refused.getMessage().contains("do not belong together"));
    }

    // ------------------------------------------------------------ flow control

    @Test
    @Tag("RA-05")
    void appendsAreCutToTheirBound() throws Exception {
        var group = smallWindow(64, 256);
        group.elect(1);
        group.isolate(3);
        propose(group.get(1), 50);
        group.settle();
        group.lose(message -> {
            assertTrue(Entry.encodedBytes(message.entries()) <= 64, message.toString());
            return false;
        });
        group.get(1).tick(1);
        group.settle();
        assertEquals(texts(50), group.get(3).applied);
    }

    @Test
    @Tag("RA-05")
    void theWindowBoundsWhatIsInFlight() throws Exception {
        var group = smallWindow(0, 4);
        group.elect(1);
        group.lose(message -> message.to() == 3);
        propose(group.get(1), 20);
        group.settle();
        var progress = group.get(1).status().progress().get(3L);
        assertEquals(4, progress.inflight());
        assertTrue(progress.inflightFull() && progress.paused());
        group.heal();
        group.get(1).tick(1);
        group.settle();
        assertEquals(texts(20), group.get(3).applied);
        assertEquals(0, group.get(1).status().progress().get(3L).inflight());
    }

    @Test
    void anUnreachableMemberIsProbed() throws Exception {
        var group = new Group(3);
        group.elect(1);
        assertEquals("StateReplicate", group.get(1).status().progress().get(3L).state());
        group.get(1).node.reportUnreachable(3);
        assertEquals("StateProbe", group.get(1).status().progress().get(3L).state());
        group.get(1).tick(1);
        group.settle();
        assertEquals("StateReplicate", group.get(1).status().progress().get(3L).state());
    }

    @Test
    void theInflightWindowIsARing() {
        var window = new Inflights(10, 0);
        for (long index = 1; index <= 10; index++) window.add(index, 5);
        assertTrue(window.isFull());
        assertThrows(IllegalStateException.class, () -> window.add(11, 5));
        window.freeUpTo(0);
        assertEquals(10, window.count());
        window.freeUpTo(7);
        assertEquals(3, window.count());
        for (long index = 11; index <= 17; index++) window.add(index, 5);
        assertTrue(window.isFull());
        window.freeUpTo(16);
        assertEquals(1, window.count());
        window.freeUpTo(20);
        assertEquals(0, window.count());

        var bytes = new Inflights(10, 12);
        bytes.add(1, 6);
        assertFalse(bytes.isFull());
        bytes.add(2, 60);
        assertTrue(bytes.isFull());
        bytes.freeUpTo(2);
        assertFalse(bytes.isFull());
    }

    // ------------------------------------------------------------ snapshots (§7)

    /** Member 3 missed what member 1 has compacted away. */
    private static Group compacted() throws Exception {
        var group = new Group(3);
        group.elect(1);
        group.isolate(3);
        propose(group.get(1), 10);
        group.settle();
        group.get(1).compact();
        group.heal();
        return group;
    }

    @Test
    void aMemberTooFarBehindGetsTheState() throws Exception {
        var group = compacted();
        group.get(1).tick(1);
        group.settle();
        assertEquals(texts(10), group.get(3).applied);
        assertTrue(group.get(3).traced("restored snapshot"));
        group.get(1).propose("after");
        group.settle();
        assertEquals(11, group.get(3).applied.size());
        assertEquals("StateReplicate", group.get(1).status().progress().get(3L).state());
    }

    @Test
    void aPendingSnapshotIsAskedForAgain() throws Exception {
        var group = compacted();
        group.get(1).storage.setSnapshotPending(true);
        group.get(1).tick(1);
        group.settle();
        assertTrue(group.get(1).traced("snapshot is temporarily unavailable"));
        group.get(1).storage.setSnapshotPending(false);
        group.get(1).tick(1);
        group.settle();
        assertEquals(texts(10), group.get(3).applied);
    }

    @Test
    void aFailedSnapshotIsSentAgain() throws Exception {
        var group = compacted();
        group.lose(message -> message.type() == MessageType.SNAP);
        group.get(1).tick(1);
        group.settle();
        assertEquals("StateSnapshot", group.get(1).status().progress().get(3L).state());
        group.get(1).propose("meanwhile");
        group.settle();
        group.heal();
        group.get(1).node.reportSnapshot(3, false);
        group.get(1).tick(1);
        group.settle();
        assertEquals(11, group.get(3).applied.size());
    }

    @Test
    void aSnapshotOfWhatIsInTheLogOnlyCommits() throws Exception {
        var group = new Group(3);
        group.elect(1);
        // Member 3 gets the entries, but not the news that they are committed.
        group.lose(m -> m.to() == 3 && m.commit() > 2);
        propose(group.get(1), 2);
        group.settle();
        group.heal();
        var before = group.get(3).storage.lastIndex();
        var conf = group.get(1).status().conf();
        long term = group.get(1).term();
        group.deliver(Messages.snapshot(3, 1, term, new Snapshot(before, term, conf, new byte[0])));
        assertTrue(group.get(3).traced("fast-forwarded commit to snapshot"));
        group.settle();
        assertEquals(before, group.get(3).commit());
        assertFalse(group.get(3).applied.isEmpty());
    }

    @Test
    void anOldSnapshotIsIgnored() throws Exception {
        var group = new Group(3);
        group.elect(1);
        propose(group.get(1), 2);
        group.settle();
        var conf = group.get(1).status().conf();
        var old = new Snapshot(1, 1, conf, new byte[0]);
        group.deliver(Messages.snapshot(3, 1, group.get(1).term(), old));
        group.settle();
        assertEquals(texts(2), group.get(3).applied);
    }
}
