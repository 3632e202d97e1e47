package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.engine.state.KvHash;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;

@Tag("PE-03")
final class AskedHashesTest {
    /** Ids are unsigned, and so larger than what a long holds. */
    @Test
    void aHashIsReadBesideFieldsThatNobodyKnowsYet() throws IOException {
        String answer =
                """
                {"header":{"cluster_id":14841639068965178418,"revision":9,"raft_term":2},
                "hash":4294967295,"compact_revision":-1,"hash_revision":7,"more":[{"hash":1}]}
                """;
        assertEquals(new KvHash(-1, -1, 7, 9), AskedHashes.hash(answer));
    }

    @Test
    void whatIsNoHashIsNotTakenForOne() {
        assertThrows(IOException.class, () -> AskedHashes.hash("{\"hash\":1}"));
        assertThrows(IOException.class, () -> AskedHashes.hash("{\"hash\":\"x\"}"));
        assertThrows(IOException.class, () -> AskedHashes.hash("404 page not found"));
    }
}
