package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.EtcdError;
import io.quorate.engine.state.Result;
import io.quorate.spi.storage.Identity;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

final class PublicationTest {
    private final Deque<CompletableFuture<Result>> proposals = new ArrayDeque<>();
    private final Publication publication =
            new Publication(
                    new Identity(1, 2),
                    TestMember.CONFIG,
                    Duration.ofSeconds(7),
                    command -> {
                        proposals.add(new CompletableFuture<>());
                        return proposals.getLast();
                    },
                    () -> false);

    /** A member with much to apply refused itself, asked again at once, and never got to apply. */
    @Test
    void aRefusedProposalIsMadeAgainWithTheNextTick() {
        publication.versionKnown().complete(null);
        publication.begin();
        publication.tick();
        assertEquals(1, proposals.size(), "one is under way");
        proposals.getLast().completeExceptionally(EtcdError.TOO_MANY_REQUESTS.exception());
        assertEquals(1, proposals.size());
        assertFalse(publication.done().isDone());
        publication.tick();
        publication.tick();
        assertEquals(2, proposals.size());
        proposals.getLast().complete(null);
        assertTrue(publication.done().isDone());
    }
}
