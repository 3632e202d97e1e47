package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.raft.ConfState;
import io.quorate.engine.raft.Entry;
import io.quorate.engine.raft.EntryType;
import io.quorate.engine.raft.HardState;
import io.quorate.engine.raft.LogStorage;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

class RaftLogStorageTest {
    private static final OutgoingSnapshots NO_SNAPSHOTS =
            new OutgoingSnapshots(() -> {
                throw new AssertionError("nobody asked for a snapshot");
            });

    private final SimulatedLog log = new SimulatedLog();
    private final RaftLogStorage storage =
            new RaftLogStorage(log, 0, ConfState.EMPTY, NO_SNAPSHOTS);

    @Test
    void aCommitIndexAloneIsNotWorthAWrite() {
        storage.append(entries(1, 3, 1), new HardState(1, 7, 0));
        assertTrue(storage.append(List.of(), new HardState(1, 7, 3)).isDone());
        assertEquals(0, log.hardState().commit());
        storage.append(entries(4, 4, 1), null);
        assertEquals(3, log.hardState().commit(), "it travelled with the next unit");
        storage.append(List.of(), new HardState(1, 7, 4));
        storage.saveCommit();
        assertEquals(4, log.hardState().commit());
        assertEquals(List.of(3, 1, 0), log.unitSizes());
        storage.append(List.of(), new HardState(2, 7, 4));
        assertEquals(2, log.hardState().term(), "a term or a vote is worth one");
    }

    @Test
    void whatTheStateAppliedIsCommittedWhateverTheLogSays() {
        storage.append(entries(1, 9, 1), new HardState(1, 7, 2));
        var restarted = new RaftLogStorage(log, 5, ConfState.EMPTY, NO_SNAPSHOTS);
        assertEquals(new HardState(1, 7, 5), restarted.initialState().hardState());
    }

    @Test
    void recentEntriesAreTheVeryObjectsAppended() throws Exception {
        List<Entry> appended = entries(1, 3000, 1);
        storage.append(appended, null);
        List<Entry> read = storage.entries(1000, 2501, Long.MAX_VALUE);
        assertEquals(1501, read.size());
        assertSame(appended.get(999), read.getFirst());
        storage.applied(2000);
        assertEquals(appended.get(999).index(), storage.entries(1000, 1001, 1).getFirst().index());
        assertSame(appended.get(2000), storage.entries(2001, 2002, 1).getFirst());
    }

    @Test
    void aReplacedSuffixIsGone() throws Exception {
        storage.append(entries(1, 10, 1), null);
        storage.append(entries(6, 7, 2), null);
        assertEquals(7, storage.lastIndex());
        assertEquals(1, storage.term(5));
        assertEquals(2, storage.term(7));
        assertThrows(LogStorage.UnavailableException.class, () -> storage.term(8));
        assertThrows(
                LogStorage.UnavailableException.class, () -> storage.entries(6, 9, Long.MAX_VALUE));
    }

    @Test
    void aReadIsLimitedByBytesButNeverEmpty() throws Exception {
        storage.append(entries(1, 10, 1), null);
        assertEquals(1, storage.entries(1, 11, 0).size());
        assertEquals(2, storage.entries(1, 11, 2).size());
        storage.applied(10);
        assertEquals(2, storage.entries(1, 11, 2).size(), "from disk alike");
    }

    @Test
    void compactedEntriesAreNamedAsSuch() throws Exception {
        storage.append(entries(1, 10, 1), new HardState(1, 7, 10));
        storage.applied(10);
        storage.compact(4);
        assertEquals(5, storage.firstIndex());
        assertEquals(1, storage.term(4));
        assertThrows(LogStorage.CompactedException.class, () -> storage.term(3));
        assertThrows(
                LogStorage.CompactedException.class, () -> storage.entries(4, 6, Long.MAX_VALUE));
        assertEquals(6, storage.entries(5, 11, Long.MAX_VALUE).size());
    }

    private static List<Entry> entries(long first, long last, long term) {
        return new ArrayList<>(
                LongStream.rangeClosed(first, last)
                        .mapToObj(i -> new Entry(term, i, EntryType.NORMAL, new byte[] {(byte) i}))
                        .toList());
    }
}
