package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

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
