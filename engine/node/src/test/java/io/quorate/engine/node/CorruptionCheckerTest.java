package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.engine.node.PeerHashes.Answered;
import io.quorate.engine.node.PeerHashes.PeerHash;
import io.quorate.engine.node.PeerHashes.Unanswered;
import io.quorate.engine.state.KvHash;
import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** Member 1 compares itself with others that say what the test tells them to. */
class CorruptionCheckerTest {
    private static final KvHash HASH = new KvHash(7, 3, 10, 10);

    private final Deque<KvHash> own = new ArrayDeque<>();
    private final List<KvHash> remembered = new ArrayList<>();
    private final List<Long> asked = new ArrayList<>();
    private final List<Long> accused = new ArrayList<>();
    private Map<Long, List<PeerHash>> answers = Map.of();

    private final CorruptionChecker checker =
            new CorruptionChecker(
                    1,
                    new CorruptionChecker.Replica(
                            revision -> own.size() > 1 ? own.poll() : own.peek(),
                            () -> remembered,
                            () -> {}),
                    revision -> {
                        asked.add(revision);
                        return answers.getOrDefault(revision, List.of());
                    },
                    accused::add);

    private void peers(long revision, PeerHash... peers) {
        answers = Map.of(revision, List.of(peers));
    }

    @Test
    @Tag("SE-66")
    void aMemberThatDiffersAtTheSameRevisionsDoesNotStart() {
        own.add(HASH);
        checker.initialCheck();
        peers(10, new Answered(2, new KvHash(8, 4, 10, 10)), new Unanswered(3, "future"));
        checker.initialCheck();
        peers(10, new Answered(2, HASH), new Answered(3, new KvHash(8, 3, 10, 12)));
        assertThrows(StorageException.Corruption.class, checker::initialCheck);
        assertEquals(List.of(), accused);
    }

    @Test
    @Tag("SE-65")
    void equalMembersAreNotAccused() {
        own.add(HASH);
        peers(
                10,
                new Answered(2, HASH),
                new Answered(3, new KvHash(9, 2, 10, 10)),
                new Unanswered(4, "no route"));
        checker.periodicCheck();
        assertEquals(List.of(), accused);
    }

    @Test
    @Tag("SE-65")
    void theFirstGuiltyMemberIsAccused() {
        own.add(HASH);
        peers(
                10,
                new Answered(2, HASH),
                new Answered(3, new KvHash(8, 3, 10, 10)),
                new Answered(4, new KvHash(8, 3, 10, 10)));
        checker.periodicCheck();
        assertEquals(List.of(3L), accused);
    }

    @Test
    @Tag("SE-65")
    void aFollowerAheadOfItsLeaderIsAccused() {
        own.add(HASH);
        peers(10, new Answered(2, new KvHash(7, 3, 10, 11)));
        checker.periodicCheck();
        peers(10, new Answered(3, new KvHash(7, 4, 10, 10)));
        checker.periodicCheck();
        assertEquals(List.of(2L, 3L), accused);
    }

    @Test
    @Tag("SE-65")
    void aLeaderThatContradictsItselfAccusesItself() {
        own.add(HASH);
        own.add(new KvHash(8, 3, 10, 10));
        checker.periodicCheck();
        assertEquals(List.of(1L), accused);
    }

    private void remember(KvHash... hashes) {
        remembered.addAll(List.of(hashes));
    }

    @Test
    @Tag("SE-67")
    void theNewestHashThatAllAnswerSettlesTheCheck() {
        KvHash older = new KvHash(5, 3, 8, 10);
        remember(older, HASH);
        answers =
                Map.of(
                        10L,
                        List.of(new Answered(2, HASH), new Unanswered(3, "future")),
                        8L,
                        List.of(new Answered(2, older), new Answered(3, older)));
        checker.compactionCheck();
        assertEquals(List.of(10L, 8L), asked);
        checker.compactionCheck();
        assertEquals(List.of(10L, 8L, 10L), asked, "8 is known to be good");
        assertEquals(List.of(), accused);
    }

    @Test
    @Tag("SE-67")
    void whoDiffersFromTheMajorityIsAccused() {
        remember(HASH);
        KvHash wrong = new KvHash(8, 3, 10, 10);
        peers(10, new Answered(2, HASH), new Answered(3, wrong));
        checker.compactionCheck();
        assertEquals(List.of(3L), accused);
        accused.clear();
        peers(10, new Answered(2, wrong), new Answered(3, wrong));
        checker.compactionCheck();
        assertEquals(List.of(1L), accused);
    }

    @Test
    @Tag("SE-67")
    void withoutAMajorityTheWholeClusterIs() {
        remember(HASH);
        peers(10, new Answered(2, new KvHash(8, 3, 10, 10)));
        checker.compactionCheck();
        assertEquals(List.of(0L), accused);
    }

    @Test
    @Tag("SE-67")
    void aHashUnderAnotherCompactRevisionSaysNothing() {
        remember(HASH);
        peers(10, new Answered(2, new KvHash(8, 2, 10, 10)));
        checker.compactionCheck();
        assertEquals(List.of(), accused);
    }
}
