package io.quorate.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

final class BenchedStorageTest {
    @TempDir private Path folder;

    @Test
    void aRunWhoseStorageFailedBehindItsBackEndsWithThatFailure() {
        BenchedStorage storage = BenchedStorage.named("file", Map.of(), folder);
        var first = new StorageException.Fatal("cannot write /data/1: I/O error", null);
        var second = new StorageException.Fatal("cannot merge /data/2", null);
        storage.report(first);
        storage.report(second);
        var thrown = assertThrows(IllegalStateException.class, storage::close);
        assertSame(first, thrown.getCause());
        assertEquals(List.of(second), List.of(first.getSuppressed()));
        assertTrue(thrown.getMessage().contains("cannot write /data/1"), thrown.getMessage());
    }

    @Test
    void aRunWithoutFailuresEndsQuietly() {
        try (BenchedStorage storage = BenchedStorage.named("file", Map.of(), folder)) {
            var log = storage.openLog();
            log.append(List.of(), new HardState(1, 0, 0)).join();
            log.close();
            assertEquals(1, storage.logForces());
        }
    }

    @Test
    void aPluginThatIsNotThereIsToldWithThoseThatAre() {
        var thrown =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> BenchedStorage.named("floppy", Map.of(), folder));
        assertTrue(thrown.getMessage().contains("\"floppy\"; found: file"), thrown.getMessage());
    }
}
