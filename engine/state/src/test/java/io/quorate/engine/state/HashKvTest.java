package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;

/** The numbers are those that etcd 3.7.3 gave for the same commands. */
class HashKvTest {
    private final Story story = new Story();

    @AfterEach
    void close() {
        story.close();
    }

    private void assertHash(long hash, long compactRevision, long hashRevision, long asked) {
        KvHash got = story.state.hashKv(asked);
        assertEquals(hash, Integer.toUnsignedLong(got.hash()));
        assertEquals(compactRevision, got.compactRevision());
        assertEquals(hashRevision, got.hashRevision());
        assertEquals(story.state.revision(), got.revision());
    }

    @Test
    @Tag("SE-14")
    @Tag("SE-10")
    void etcdGivesTheSameHashes() {
        assertHash(1084519789L, -1, 1, 0);
        story.put("a", "1");
        story.put("b", "2");
        assertHash(1827592406L, -1, 3, 0);
        story.put("a", "3");
        story.delete("b");
        assertHash(1125682900L, -1, 5, 0);
        assertHash(1827592406L, -1, 3, 3);
        story.compact(5);
        assertHash(3184071396L, 5, 5, 0);
        story.finishCompaction();
        assertHash(3184071396L, 5, 5, 0);
        story.put("c", "1");
        story.put("c", "2");
        story.delete("c");
        story.compact(8);
        story.finishCompaction();
        assertHash(3184071396L, 8, 8, 0);
        story.put("d", "1");
        assertHash(1616693441L, 8, 9, 0);
        story.restart();
        assertHash(1616693441L, 8, 9, 0);
    }

    @Test
    @Tag("SE-67")
    @Tag("MA-12")
    void aCompactionsHashIsRemembered() {
        story.put("a", "1");
        story.put("b", "2");
        story.put("a", "3");
        story.delete("b");
        story.compact(5);
        story.finishCompaction();
        assertHash(1125682900L, -1, 5, 5);
        assertHash(3184071396L, 5, 5, 0);
        story.put("c", "1");
        story.put("c", "2");
        story.delete("c");
        story.compact(8);
        story.finishCompaction();
        assertHash(1270076687L, 5, 8, 8);
        assertHash(3184071396L, 8, 8, 0);
        assertHash(1125682900L, -1, 5, 5);
        story.put("d", "1");
        story.apply(Requests.delete("a", "z"));
        story.put("e", "1");
        story.compact(10);
        story.finishCompaction();
        assertHash(3825190130L, 8, 10, 10);
        assertHash(2315740253L, 10, 11, 11);
        story.delete("e");
        story.compact(12);
        story.finishCompaction();
        assertHash(276972710L, 10, 12, 12);
        assertHash(1084519789L, 12, 12, 0);
        assertEquals(
                List.of(5L, 8L, 10L, 12L),
                story.state.compactionHashes().stream().map(KvHash::hashRevision).toList());
    }

    @Test
    @Tag("MA-12")
    void nothingIsBeforeTheFirstRevision() {
        story.put("a", "1");
        story.compact(2);
        assertHash(1084519789L, 2, -5, -5);
    }

    @Test
    @Tag("SE-67")
    void onlyTheLastTenHashesAreKept() {
        for (int i = 0; i < 12; i++) {
            story.put("a", "1");
            story.compact(story.state.revision());
            story.finishCompaction();
        }
        assertEquals(
                List.of(4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L, 13L),
                story.state.compactionHashes().stream().map(KvHash::hashRevision).toList());
    }

    /** What the unfinished one left behind would be in the hash of this member alone. */
    @Test
    @Tag("SE-67")
    void aCompactionUponAnUnfinishedOneHasNoHash() {
        for (int i = 0; i < 9; i++) story.put("a", "1");
        story.compact(5);
        story.commit();
        story.state.compactStep(1);
        story.compact(8);
        story.finishCompaction();
        assertEquals(
                List.of(5L),
                story.state.compactionHashes().stream().map(KvHash::hashRevision).toList());

        story.compact(9);
        story.restart();
        story.finishCompaction();
        assertEquals(List.of(), story.state.compactionHashes());
        story.compact(10);
        story.finishCompaction();
        assertEquals(
                List.of(10L),
                story.state.compactionHashes().stream().map(KvHash::hashRevision).toList());
    }

    @Test
    @Tag("MA-11")
    void theHashOfTheStoreCoversMoreThanKeys() {
        story.put("a", "1");
        story.commit();
        StoreHash before = story.state.hash();
        assertEquals(new StoreHash(before.hash(), 2), before);
        story.state.putMeta("term", new byte[] {1});
        story.commit();
        assertEquals(before, story.state.hash());
        story.apply(new Command.RaiseAlarm(new Alarm(1, Alarm.NOSPACE)));
        story.commit();
        assertNotEquals(before, story.state.hash());
    }

    @Test
    void onlyReadableRevisionsHaveAHash() {
        story.put("a", "1");
        story.put("a", "2");
        story.compact(3);
        assertError(EtcdError.COMPACTED, 2);
        assertError(EtcdError.FUTURE_REVISION, 4);
    }

    private void assertError(EtcdError error, long revision) {
        var refused = assertThrows(EtcdException.class, () -> story.state.hashKv(revision));
        assertEquals(error, refused.error());
    }
}
