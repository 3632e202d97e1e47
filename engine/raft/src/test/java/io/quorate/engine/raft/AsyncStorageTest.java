package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Random;

/** A follower whose log and state work at their own pace while leaders come and go. */
class AsyncStorageTest {
    private final MemoryLogStorage storage = new MemoryLogStorage();
    private final RawNode node = follower();

    private RawNode follower() {
        var conf = ConfState.ofVoters(List.of(1L, 2L, 3L));
        storage.applySnapshot(new Snapshot(1, 1, conf, new byte[0]));
        storage.setHardState(new HardState(1, 0, 1));
        return new RawNode(
                new RaftConfig(
                        3,
                        10,
                        1,
                        storage,
                        1,
                        true,
                        1 << 20,
                        1 << 20,
                        0,
                        256,
                        0,
                        false,
                        false,
                        false,
                        false,
                        new Random(1),
                        Trace.NONE));
    }

    private Message taken(MessageType type) {
        return node.ready().messages().stream()
                .filter(message -> message.type() == type)
                .findFirst()
                .orElseThrow();
    }

    private void store(Message append) throws Exception {
        storage.store(append);
        for (var response : append.responses()) {
            if (response.to() == 3) node.step(response);
        }
    }

    /** A change that adds learner 4 is handed out for apply. */
    private Message handedOutChange() throws Exception {
        var change = Group.change("l4");
        var entry = new Entry(2, 2, change.encoding(), ConfChangeCodec.encode(change));
        node.step(Messages.append(3, 1, 2, new EntryId(1, 1), List.of(entry), 2));
        store(taken(MessageType.STORAGE_APPEND));
        return taken(MessageType.STORAGE_APPLY);
    }

    private static Snapshot snapshotAt(long index, List<Long> learners) {
        var voters = List.of(1L, 2L, 3L);
        var conf = new ConfState(voters, learners, List.of(), List.of(), false);
        return new Snapshot(index, 2, conf, new byte[0]);
    }

    @Test
    void anOlderChangeIsMadeInTheMembershipItBelongsTo() throws Exception {
        var apply = handedOutChange();
        node.step(Messages.snapshot(3, 1, 2, snapshotAt(50, List.of())));
        var replace = taken(MessageType.STORAGE_APPEND);

        // Learner 4 came with entry 2 and was gone by entry 50.
        var change = ConfChangeCodec.decode(apply.entries().getFirst());
        assertEquals(List.of(4L), node.applyConfChange(change).learners());
        assertEquals(List.of(), node.status().conf().learners());
        node.step(apply.responses().getFirst());
        assertEquals(2, node.status().applied());

        store(replace);
        assertEquals(50, node.status().applied());
        assertEquals(List.of(), node.status().conf().learners());
    }

    @Test
    void anOlderApplyMayEndAfterTheSnapshotIsInPlace() throws Exception {
        var apply = handedOutChange();
        node.step(Messages.snapshot(3, 1, 2, snapshotAt(50, List.of(4L))));
        store(taken(MessageType.STORAGE_APPEND));
        node.step(apply.responses().getFirst());
        assertEquals(50, node.status().applied());
        assertEquals(List.of(4L), node.status().conf().learners());
    }

    @Test
    @Tag("T17")
    void aSecondSnapshotReplacesTheFirst() throws Exception {
        node.step(Messages.snapshot(3, 1, 2, snapshotAt(50, List.of())));
        var first = taken(MessageType.STORAGE_APPEND);
        node.step(Messages.snapshot(3, 1, 2, snapshotAt(80, List.of(4L))));
        var second = taken(MessageType.STORAGE_APPEND);
        store(first);
        assertEquals(50, node.status().applied());
        assertTrue(node.raft.log.unstable().snapshot() != null);
        store(second);
        assertEquals(80, node.status().applied());
        assertEquals(81, node.raft.log.firstIndex());
        assertEquals(List.of(4L), node.status().conf().learners());
    }

    @Test
    void duringASnapshotNobodyCampaigns() throws Exception {
        node.step(Messages.snapshot(3, 1, 2, snapshotAt(50, List.of())));
        node.campaign();
        assertEquals(Role.FOLLOWER, node.status().softState().role());
        store(taken(MessageType.STORAGE_APPEND));
        node.campaign();
        assertEquals(Role.CANDIDATE, node.status().softState().role());
    }

    /** The storage of a member does its writes in order, but its leaders may change meanwhile. */
    @Test
    void anEntryThatIsWrittenTwiceIsStableAfterTheSecondTime() throws Exception {
        var before = new EntryId(1, 1);
        var original = List.of(new Entry(2, 2, EntryType.NORMAL, new byte[] {1}));
        var other = List.of(new Entry(3, 2, EntryType.NORMAL, new byte[] {2}));
        node.step(Messages.append(3, 1, 2, before, original, 1));
        var first = taken(MessageType.STORAGE_APPEND);
        node.step(Messages.append(3, 2, 3, before, other, 1));
        var second = taken(MessageType.STORAGE_APPEND);
        // Leader of term 4 is the one of term 2 again, and commits what it made then.
        node.step(Messages.append(3, 1, 4, before, original, 2));
        var third = taken(MessageType.STORAGE_APPEND);

        store(first);
        // The same entry, but the write of the other one is still to come.
        assertEquals(1, node.raft.log.unstable().size());
        store(second);
        assertEquals(1, node.raft.log.unstable().size());
        store(third);
        assertEquals(0, node.raft.log.unstable().size());
        assertEquals(original, taken(MessageType.STORAGE_APPLY).entries());
    }

    @Test
    void anAcknowledgementWaitsForTheDisk() throws Exception {
        var entry = List.of(new Entry(2, 2, EntryType.NORMAL, new byte[] {1}));
        node.step(Messages.append(3, 1, 2, new EntryId(1, 1), entry, 1));
        var messages = node.ready().messages();
        assertEquals(1, messages.size());
        var answer = messages.getFirst().responses().getFirst();
        assertEquals(MessageType.APP_RESP, answer.type());
        assertEquals(2, answer.index());
    }

    @Test
    void aVoteWaitsForTheDisk() throws Exception {
        var request =
                Messages.voteRequest(MessageType.VOTE, 3, 1, 2, new EntryId(1, 1), new byte[0]);
        node.step(request);
        var messages = node.ready().messages();
        assertEquals(1, messages.size());
        assertEquals(1, messages.getFirst().vote());
        assertEquals(MessageType.VOTE_RESP, messages.getFirst().responses().getFirst().type());
    }
}
