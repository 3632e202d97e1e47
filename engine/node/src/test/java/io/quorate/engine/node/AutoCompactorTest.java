package io.quorate.engine.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.engine.node.Upkeep.AutoCompaction;
import io.quorate.engine.state.EtcdError;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Each tick is the test's. The numbers are what etcd's loops give for the same ticks. */
class AutoCompactorTest {
    private final List<String> compactions = new ArrayList<>();
    private long revision = 1;
    private long tick;
    private boolean leading = true;
    private CompletableFuture<Object> outcome = CompletableFuture.completedFuture(null);

    private final AutoCompactor.Replica replica =
            new AutoCompactor.Replica(
                    () -> revision,
                    () -> leading,
                    to -> {
                        compactions.add(tick + ":" + to);
                        return outcome;
                    });

    private AutoCompactor periodic(Duration period) {
        return new PeriodicCompactor(new AutoCompaction.Periodic(period), replica, () -> 0);
    }

    /** At tick n the revision is n * 100 + 1. */
    private void ticks(AutoCompactor compactor, int count) {
        for (int i = 0; i < count; i++) {
            tick++;
            revision = tick * 100 + 1;
            compactor.tick();
        }
    }

    @Test
    @Tag("SE-60")
    void aShortPeriodIsKeptAndCompactedEachTime() {
        AutoCompactor compactor = periodic(Duration.ofMinutes(5));
        assertEquals(Duration.ofSeconds(30), compactor.interval());
        ticks(compactor, 31);
        assertEquals(List.of("10:1", "20:901", "30:1901"), compactions);
    }

    @Test
    @Tag("SE-60")
    void aLongPeriodIsCompactedByTheHour() {
        AutoCompactor compactor = periodic(Duration.ofMinutes(100));
        assertEquals(Duration.ofMinutes(6), compactor.interval());
        ticks(compactor, 40);
        assertEquals(List.of("17:1", "27:1001", "37:2001"), compactions);
    }

    @Test
    @Tag("SE-60")
    void aFailureIsTriedAgainAtTheNextTick() {
        AutoCompactor compactor = periodic(Duration.ofMinutes(5));
        outcome = CompletableFuture.failedFuture(EtcdError.TIMEOUT.exception());
        ticks(compactor, 11);
        outcome = CompletableFuture.completedFuture(null);
        ticks(compactor, 11);
        assertEquals(List.of("10:1", "11:1", "12:101", "22:1101"), compactions);
    }

    @Test
    @Tag("SE-64")
    void theSameRevisionIsNotCompactedToTwice() {
        AutoCompactor compactor = periodic(Duration.ofMinutes(5));
        for (int i = 0; i < 40; i++) {
            compactor.tick();
        }
        assertEquals(List.of("0:1"), compactions);
    }

    @Test
    @Tag("SE-64")
    void whatSomebodyElseCompactedIsDone() {
        AutoCompactor compactor = periodic(Duration.ofMinutes(5));
        outcome = CompletableFuture.failedFuture(EtcdError.COMPACTED.exception());
        ticks(compactor, 19);
        assertEquals(List.of("10:1"), compactions);
    }

    @Test
    void nothingBeginsWhileOneRuns() {
        AutoCompactor compactor = periodic(Duration.ofMinutes(5));
        outcome = new CompletableFuture<>();
        ticks(compactor, 14);
        outcome.complete(null);
        ticks(compactor, 10);
        assertEquals(List.of("10:1", "24:1301"), compactions);
    }

    @Test
    @Tag("SE-63")
    void aFollowerOnlyWatchesAndANewLeaderGoesOn() {
        AutoCompactor compactor = periodic(Duration.ofMinutes(5));
        leading = false;
        ticks(compactor, 25);
        leading = true;
        ticks(compactor, 1);
        assertEquals(List.of("26:1501"), compactions);
    }

    @Test
    @Tag("SE-61")
    void revisionsAreKeptInTheirNumber() {
        AutoCompactor compactor =
                new RevisionCompactor(new AutoCompaction.Revisions(250), replica, () -> 0);
        assertEquals(Duration.ofMinutes(5), compactor.interval());
        ticks(compactor, 4);
        assertEquals(List.of("3:51", "4:151"), compactions);
        compactor.tick();
        assertEquals(2, compactions.size(), "nothing was written since");
    }

    @Test
    @Tag("SE-62")
    void nothingToKeepIsNoSetting() {
        assertThrows(
                IllegalArgumentException.class, () -> new AutoCompaction.Periodic(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> new AutoCompaction.Revisions(0));
    }
}
