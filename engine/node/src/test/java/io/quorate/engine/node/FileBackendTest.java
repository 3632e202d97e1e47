package io.quorate.engine.node;

import static io.quorate.engine.node.TestMember.await;
import static io.quorate.engine.node.TestMember.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.backend.file.FileStorageProvider;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Result;
import io.quorate.spi.storage.RaftLog;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** The same member over real files. */
class FileBackendTest {
    private static final Map<String, String> SMALL_SEGMENTS = Map.of("segment-bytes", "1048576");

    private final FileStorageProvider provider = new FileStorageProvider();

    @TempDir private Path directory;

    @Test
    void aRestartFindsWhatWasAcknowledged() throws IOException {
        long applied;
        try (var first = start(TestMember.CONFIG).ready()) {
            List<CompletableFuture<Result>> writes = new ArrayList<>();
            for (int i = 0; i < 2_000; i++) {
                writes.add(first.put("k" + i % 100, "v" + i));
            }
            writes.forEach(TestMember::await);
            applied = first.node.appliedIndex();
        }
        try (var second = start(TestMember.CONFIG)) {
            assertTrue(second.node.appliedIndex() >= applied, "the state needed no replay");
            second.ready();
            assertEquals("v1999", text(second.get("k99").value()));
            assertEquals(2_001, second.node.state().revision());
            assertEquals(100, second.all().count());
        }
    }

    @Test
    void aMemberThatIsKilledFindsWhatWasAcknowledged() throws IOException {
        var random = new Random(7);
        int written = 0;
        for (int life = 0; life < 8; life++) {
            NodeConfig config = TestMember.checkpointEvery(50, 10);
            var member = start(config).ready();
            for (int i = 0; i < written; i++) {
                assertEquals("v" + i, text(member.get("k" + i).value()), "life " + life);
            }
            int target = written + random.nextInt(200);
            while (written < target) {
                await(member.put("k" + written, "v" + written));
                written++;
            }
            // The end without the orderly part: no last checkpoint, no hard state.
            member.node.fail(new AssertionError("killed"));
            member.close();
            assertEquals("killed", await(member.failure).getMessage());
        }
        try (var last = start(TestMember.CONFIG).ready()) {
            assertEquals(written, last.all().count());
            assertEquals(written + 1, last.node.state().revision());
        }
    }

    @Test
    void endlessWritesKeepTheDiskBounded() throws IOException {
        String value = "x".repeat(10_000);
        long bound = 24 << 20;
        try (var member = start(TestMember.checkpointEvery(500, 100)).ready()) {
            for (int round = 0; round < 40; round++) {
                List<CompletableFuture<Result>> writes = new ArrayList<>();
                for (int i = 0; i < 200; i++) {
                    writes.add(member.put("k" + i % 10, value));
                }
                writes.forEach(TestMember::await);
                // All revisions but the last ones go, so that what grows is the log alone.
                long revision = member.node.state().revision();
                await(member.node.propose(new Command.Compact(revision, true)));
            }
            assertTrue(member.node.appliedIndex() > 8_000);
        }
        try (RaftLog log = provider.openLog(TestStorage.env(part("log"), SMALL_SEGMENTS))) {
            assertTrue(log.lastIndex() - log.baseIndex() < 1_500);
            assertTrue(log.sizeOnDisk() < bound, () -> log.sizeOnDisk() + " bytes of log");
        }
    }

    private TestMember start(NodeConfig config) throws IOException {
        return new TestMember(
                config,
                provider.openLog(TestStorage.env(part("log"), SMALL_SEGMENTS)),
                provider.openState(TestStorage.env(part("state"))));
    }

    private Path part(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }
}
