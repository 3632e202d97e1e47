package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.node.Upkeep.AutoCompaction;
import io.quorate.engine.node.Upkeep.CompactionPace;
import io.quorate.engine.node.Upkeep.CorruptCheck;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Result;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A compaction whose pauses end when the test says so. */
class CompactionPauseTest {
    private static final Duration PAUSE = Duration.ofMillis(10);
    private static final int ROWS = 10;
    private static final int VERSIONS = 5 * ROWS;

    private final BlockingQueue<Pause> pauses = new LinkedBlockingQueue<>();
    private TestMember member;

    @AfterEach
    void stop() {
        member.close();
    }

    @Test
    @Tag("SE-12")
    @Tag("FL-94")
    void commandsAreAppliedWhileACompactionPauses() throws InterruptedException {
        start(PAUSE);
        CompletableFuture<Result> compaction = compactAll();
        int steps = 0;
        while (!compaction.isDone()) {
            Pause pause = pauses.poll(10, TimeUnit.MILLISECONDS);
            if (pause == null) {
                continue;
            }
            steps++;
            await(member.put("other", "v"));
            assertFalse(compaction.isDone(), "it went on before the end of its pause");
            assertNull(pauses.peek());
            assertTrue(pause.nanos >= PAUSE.toNanos(), pause.toString());
            pause.end.run();
        }
        assertTrue(steps >= VERSIONS / ROWS, steps + " pauses");
        assertNotNull(member.get("k"));
    }

    @Test
    @Tag("FL-94")
    void withoutAPauseItGoesOnAtOnce() {
        start(Duration.ZERO);
        await(compactAll());
        assertEquals(0, pauses.size());
    }

    private void start(Duration pause) {
        var upkeep =
                new Upkeep(
                        0,
                        new AutoCompaction.Off(),
                        CorruptCheck.OFF,
                        new CompactionPace(ROWS, pause),
                        Upkeep.DEFAULT_SLOW_APPLY);
        member =
                new TestMember(
                                TestMember.CONFIG.with(upkeep),
                                new SimulatedLog(),
                                new SimulatedStore(),
                                new Pausing(Workers.threads()))
                        .ready();
    }

    private CompletableFuture<Result> compactAll() {
        for (int version = 1; version <= VERSIONS; version++) {
            await(member.put("k", "v" + version));
        }
        long revision = member.node.state().revision();
        return member.node.propose(new Command.Compact(revision, true));
    }

    private record Pause(long nanos, Runnable end) {}

    private final class Pausing implements Workers {
        private final Workers threads;

        Pausing(Workers threads) {
            this.threads = threads;
        }

        @Override
        public Worker start(String name, Loop loop) {
            return threads.start(name, loop);
        }

        @Override
        public void execute(String name, Runnable task) {
            threads.execute(name, task);
        }

        @Override
        public void executeAfter(long nanos, String name, Runnable task) {
            pauses.add(new Pause(nanos, task));
        }
    }
}
