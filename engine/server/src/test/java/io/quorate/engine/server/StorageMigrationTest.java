package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

class StorageMigrationTest {
    private static final Keyspace KEYS = new Keyspace(1, "key");

    @TempDir Path directory;

    private static ServerConfig.Storage plugins(String log, String state) {
        return new ServerConfig.Storage(log, state, Map.of(), Optional.empty());
    }

    private static <T> T open(Path where, String plugin, Part part, Class<T> type)
            throws IOException {
        Files.createDirectories(where);
        var provider = PluginRegistry.load(Optional.empty()).find(plugin, part).provider();
        var env =
                new Stores.Env(
                        where,
                        new io.quorate.spi.plugin.Settings(plugin, Map.of()),
                        Runnable::run,
                        (timing, nanos) -> {},
                        failure -> {});
        return type.cast(part == Part.LOG ? provider.openLog(env) : provider.openState(env));
    }

    private void writeMember(Path dataDir, String plugin) throws IOException {
        RaftLog log = open(ServerConfig.logDir(dataDir), plugin, Part.LOG, RaftLog.class);
        log.initialize(new Identity(7, 8));
        for (long i = 1; i <= 40; i++) {
            byte[] data = new byte[(int) (1 + i * 5000 % 90_000)];
            data[0] = (byte) i;
            log.append(List.of(new LogEntry(i, 1 + i / 20, 0, data)), new HardState(3, 8, i - 1));
        }
        log.append(List.of(), new HardState(3, 8, 40)).join();
        log.compact(12);
        log.close();
        StateStore state =
                open(ServerConfig.stateDir(dataDir), plugin, Part.STATE, StateStore.class);
        for (int i = 0; i < 300; i++) {
            WriteBatch batch = new WriteBatch();
            byte[] key = "k%04d".formatted(i).getBytes();
            batch.put(KEYS, key, new byte[i * 10]);
            batch.put(new Keyspace(255, "last"), key, key);
            state.commit(batch, new Applied(i + 1, 2), Durability.LAZY);
        }
        state.commit(new WriteBatch(), new Applied(301, 2), Durability.FORCE).join();
        state.close();
    }

    @Test
    void aMemberMovesToOtherPluginsAndBackWithTheSameDigests() throws IOException {
        Path first = directory.resolve("a");
        Path second = directory.resolve("b");
        Path third = directory.resolve("c");
        writeMember(first, "file");
        var there =
                StorageMigration.run(
                        new StorageMigration.Request(
                                first, Optional.empty(), second, plugins("xodus", "xodus")));
        var back =
                StorageMigration.run(
                        new StorageMigration.Request(
                                second, Optional.empty(), third, plugins("file", "xodus")));
        assertEquals(600, there.rows());
        assertEquals(28, there.entries());
        assertEquals(there, back);
        RaftLog log = open(ServerConfig.logDir(third), "file", Part.LOG, RaftLog.class);
        assertEquals(new Identity(7, 8), log.identity());
        assertEquals(12, log.baseIndex());
        assertEquals(new HardState(3, 8, 40), log.hardState());
        assertEquals(3, log.term(40));
        log.close();
        StateStore state =
                open(ServerConfig.stateDir(third), "xodus", Part.STATE, StateStore.class);
        assertEquals(new Applied(301, 2), state.applied());
        try (ReadView view = state.view()) {
            assertArrayEquals(new byte[2990], view.get(KEYS, "k0299".getBytes()));
        }
        state.close();
    }

    @Test
    void aRunningMemberAndAFullDirectoryAreRefused() throws IOException {
        Path first = directory.resolve("a");
        writeMember(first, "file");
        var request =
                new StorageMigration.Request(
                        first, Optional.empty(), directory.resolve("b"), plugins("xodus", "file"));
        RaftLog running = open(ServerConfig.logDir(first), "file", Part.LOG, RaftLog.class);
        assertThrows(StorageException.Locked.class, () -> StorageMigration.run(request));
        running.close();
        StorageMigration.run(request);
        assertTrue(
                assertThrows(ConfigException.class, () -> StorageMigration.run(request))
                        .getMessage()
                        .contains("is not empty"));
    }

    @Test
    void aPluginThatKeepsNothingIsRefused() throws IOException {
        Path first = directory.resolve("a");
        writeMember(first, "file");
        var request =
                new StorageMigration.Request(
                        first,
                        Optional.empty(),
                        directory.resolve("b"),
                        plugins("memory", "xodus"));
        assertThrows(ConfigException.class, () -> StorageMigration.run(request));
        assertTrue(Files.notExists(directory.resolve("b")));
    }
}
