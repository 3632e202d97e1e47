package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One voter whose log is written asynchronously: the way a one-member server runs. */
class SingleVoterTest {
    private final MemoryLogStorage storage = new MemoryLogStorage();
    private final ArrayDeque<Message> appends = new ArrayDeque<>();
    private final ArrayDeque<Message> applies = new ArrayDeque<>();
    private final List<Entry> applied = new ArrayList<>();
    private final List<ReadState> reads = new ArrayList<>();
    private RawNode node = newNode(0);

    private RawNode newNode(long appliedIndex) {
        return new RawNode(
                new RaftConfig(
                        1,
                        10,
                        1,
                        storage,
                        appliedIndex,
                        true,
                        1 << 20,
                        1 << 20,
                        1 << 12,
                        256,
                        0,
                        true,
                        true,
                        false,
                        false,
                        new Random(1),
                        Trace.NONE));
    }

    /** Takes what there is to do and queues it for the two storages. */
    private Ready collect() {
        var ready = node.ready();
        for (var message : ready.messages()) {
            if (message.to() == RawNode.APPEND_THREAD) appends.add(message);
            else if (message.to() == RawNode.APPLY_THREAD) applies.add(message);
            else throw new AssertionError("a single voter has nobody to write to: " + message);
        }
        reads.addAll(ready.readStates());
        return ready;
    }

    private void storeOne() throws Exception {
        var append = appends.poll();
        storage.store(append);
        for (var response : append.responses()) node.step(response);
    }

    private void applyOne() throws Exception {
        var apply = applies.poll();
        for (var entry : apply.entries()) {
            if (entry.type() != EntryType.NORMAL) {
                node.applyConfChange(ConfChangeCodec.decode(entry));
            }
            applied.add(entry);
        }
        for (var response : apply.responses()) node.step(response);
    }

    private void runUntilIdle() throws Exception {
        while (node.hasReady() || !appends.isEmpty() || !applies.isEmpty()) {
            if (node.hasReady()) collect();
            if (!appends.isEmpty()) storeOne();
            if (!applies.isEmpty()) applyOne();
        }
    }

    private void becomeLeader() throws Exception {
        node.bootstrap(List.of(new Peer(1, "member one".getBytes(UTF_8))));
        node.campaign();
        runUntilIdle();
        // A pending membership change forbids the first campaign.
        node.campaign();
        runUntilIdle();
        assertEquals(new SoftState(1, Role.LEADER), node.status().softState());
    }

    private List<String> appliedTexts() {
        return applied.stream()
                .filter(entry -> entry.type() == EntryType.NORMAL)
                .map(entry -> new String(entry.data(), UTF_8))
                .filter(text -> !text.isEmpty())
                .toList();
    }

    @Test
    void bootstrapHandsOutTheFirstMembershipForApply() throws Exception {
        node.bootstrap(List.of(new Peer(1, "member one".getBytes(UTF_8))));
        assertEquals(List.of(1L), node.status().conf().voters());
        var ready = collect();
        assertEquals(new HardState(1, 0, 1), ready.hardState());
        assertEquals(1, ready.entries().size());
        // Committed, but not stable here yet.
        assertTrue(ready.committedEntries().isEmpty());
        storeOne();
        collect();
        var change = ConfChangeCodec.decode(applies.peek().entries().getFirst());
        assertEquals(List.of(new ConfChange.Step(ConfChange.Kind.ADD_NODE, 1)), change.steps());
        assertArrayEquals("member one".getBytes(UTF_8), change.context());
        applyOne();
        assertEquals(1, node.status().applied());
    }

    @Test
    void bootstrapNeedsAnEmptyLog() throws Exception {
        becomeLeader();
        assertThrows(
                IllegalStateException.class,
                () -> node.bootstrap(List.of(new Peer(1, new byte[0]))));
    }

    @Test
    @Tag("DD-09")
    @Tag("T2")
    void aProposalCommitsOnlyAfterItsOwnAppendIsStable() throws Exception {
        becomeLeader();
        long before = node.status().hardState().commit();
        node.propose("x".getBytes(UTF_8));
        var ready = collect();
        assertEquals(1, ready.entries().size());
        assertTrue(ready.mustSync());
        assertFalse(node.hasReady());
        assertEquals(before, node.status().hardState().commit());

        storeOne();
        assertEquals(before + 1, node.status().hardState().commit());
        collect();
        applyOne();
        assertEquals(List.of("x"), appliedTexts());
    }

    @Test
    void appendsPipelineAndCommitInOrder() throws Exception {
        becomeLeader();
        for (var text : List.of("a", "b", "c")) {
            node.propose(text.getBytes(UTF_8));
            collect();
        }
        assertEquals(3, appends.size());
        long before = node.status().hardState().commit();
        storeOne();
        assertEquals(before + 1, node.status().hardState().commit());
        runUntilIdle();
        assertEquals(List.of("a", "b", "c"), appliedTexts());
    }

    @Test
    void nothingLeavesUntilTheVoteIsStable() throws Exception {
        node.bootstrap(List.of(new Peer(1, new byte[0])));
        runUntilIdle();
        node.campaign();
        collect();
        storeOne();
        assertEquals(Role.CANDIDATE, node.status().softState().role());
        var ready = collect();
        assertEquals(new HardState(2, 1, 1), ready.hardState());
        storeOne();
        assertEquals(Role.LEADER, node.status().softState().role());
    }

    @Test
    void restartAppliesFromWhereTheStateStands() throws Exception {
        becomeLeader();
        node.propose("a".getBytes(UTF_8));
        node.propose("b".getBytes(UTF_8));
        runUntilIdle();
        long last = applied.getLast().index();
        var conf = node.status().conf();
        storage.createSnapshot(last - 1, conf, new byte[0]);
        applied.clear();

        node = newNode(last - 1);
        runUntilIdle();
        assertEquals(List.of("b"), appliedTexts());
        for (int i = 0; i < 20; i++) node.tick();
        runUntilIdle();
        assertEquals(Role.LEADER, node.status().softState().role());
        assertEquals(3, node.status().hardState().term());
    }

    @Test
    void aReadWaitsUntilTheRestartedLeaderKnowsWhatIsCommitted() throws Exception {
        becomeLeader();
        node.propose("acknowledged".getBytes(UTF_8));
        runUntilIdle();
        long acknowledged = node.status().hardState().commit();
        storage.createSnapshot(1, node.status().conf(), new byte[0]);
        // The commit index is not forced to disk: a crash may take it back.
        var hard = storage.hardState();
        storage.setHardState(new HardState(hard.term(), hard.vote(), 1));

        node = newNode(1);
        node.campaign();
        collect();
        storeOne();
        collect();
        storeOne();
        assertEquals(Role.LEADER, node.status().softState().role());
        node.readIndex("early".getBytes(UTF_8));
        collect();
        assertTrue(reads.isEmpty());

        runUntilIdle();
        assertEquals(1, reads.size());
        assertArrayEquals("early".getBytes(UTF_8), reads.getFirst().context());
        assertTrue(reads.getFirst().index() > acknowledged);
    }

    @Test
    void readsOfASingleVoterAreAnsweredAtOnce() throws Exception {
        becomeLeader();
        node.readIndex("r".getBytes(UTF_8));
        var ready = collect();
        assertEquals(1, ready.readStates().size());
        assertEquals(node.status().hardState().commit(), ready.readStates().getFirst().index());
        assertTrue(ready.messages().isEmpty());
    }

    @Test
    void aCampaignWaitsForMembershipChangesToBeApplied() throws Exception {
        node.bootstrap(List.of(new Peer(1, new byte[0])));
        node.campaign();
        assertEquals(Role.FOLLOWER, node.status().softState().role());
        runUntilIdle();
        node.campaign();
        assertNotNull(node.ready().softState());
    }

    @Test
    void aReadyDoesNotChangeAfterwards() throws Exception {
        becomeLeader();
        node.propose("a".getBytes(UTF_8));
        var first = collect();
        node.propose("b".getBytes(UTF_8));
        node.readIndex("r".getBytes(UTF_8));
        collect();
        assertEquals(1, first.entries().size());
        assertEquals(1, first.messages().size());
        assertTrue(first.readStates().isEmpty());
        assertEquals(2, appends.size());
        assertEquals(2, appends.peekFirst().responses().size());
    }

    @Test
    void theBacklogOfProposalsIsBounded() throws Exception {
        becomeLeader();
        byte[] large = new byte[1 << 11];
        node.propose(large);
        node.propose(large);
        assertThrows(ProposalDroppedException.class, () -> node.propose(new byte[1]));
        runUntilIdle();
        node.propose(new byte[1]);
    }

    @Test
    void advanceDoesNotGoWithAsynchronousWrites() throws Exception {
        becomeLeader();
        node.propose("a".getBytes(UTF_8));
        var ready = collect();
        assertThrows(IllegalStateException.class, () -> node.advance(ready));
    }
}
