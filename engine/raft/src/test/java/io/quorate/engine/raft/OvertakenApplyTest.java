package io.quorate.engine.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Random;

/** A snapshot arrives while older entries wait to be applied: the two storages know no order. */
class OvertakenApplyTest {
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
}
