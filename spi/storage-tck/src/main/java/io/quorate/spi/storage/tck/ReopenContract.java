package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.HardState;
import io.quorate.spi.storage.Identity;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What a durable backend finds when it is opened again, after a close and after a kill. */
public abstract class ReopenContract {
    private static final int KILLS = 5;

    @TempDir Path directory;

    /** The provider under test: public, with a public constructor, as the child names its class. */
    protected abstract StorageProvider provider();

    /** Settings that make files of the log small. */
    protected abstract Map<String, String> smallLogFiles();

    /** Settings that make files of the state small. */
    protected abstract Map<String, String> smallStateFiles();

    private RaftLog openLog() {
        require(Part.LOG);
        return provider().openLog(StorageTesting.env(directory).with(smallLogFiles()));
    }

    private StateStore openState() {
        require(Part.STATE);
        return provider().openState(StorageTesting.env(directory).with(smallStateFiles()));
    }

    /** A test of a half that the provider does not have is not run. */
    private void require(Part part) {
        assumeTrue(provider().parts().contains(part), () -> "holds no " + part);
    }

    @Test
    void logIsTheSameAfterReopeningInAllOrders() {
        require(Part.LOG);
        Seeds.each(
                3,
                seed -> {
                    Random random = new Random(seed);
                    LogModel model = null;
                    for (int life = 0; life < 12; life++) {
                        RaftLog log = openLog();
                        try {
                            if (model == null) model = LogModel.of(log);
                            assertEquals("", model.difference(log));
                            assertEquals(log.lastIndex(), log.durableIndex());
                            model = LogModel.of(log);
                            int steps = random.nextInt(30);
                            for (int i = 0; i < steps; i++) model = model.randomStep(random, log);
                        } finally {
                            log.close();
                        }
                    }
                });
    }

    @Test
    void identityHardStateAndBaseSurviveWithoutEntries() {
        RaftLog log = openLog();
        log.initialize(new Identity(17, -18));
        log.append(List.of(), new HardState(3, 2, 0)).join();
        log.reset(44, 3);
        log.close();
        log = openLog();
        assertEquals(new Identity(17, -18), log.identity());
        assertEquals(new HardState(3, 2, 44), log.hardState());
        assertEquals(44, log.baseIndex());
        assertEquals(3, log.baseTerm());
        assertEquals(44, log.lastIndex());
        log.close();
    }

    @Test
    void closeWaitsForWhatWasAppended() {
        RaftLog log = openLog();
        for (int i = 1; i <= 200; i++) {
            log.append(List.of(RaftLogContract.entry(i, 1, 500)), null);
        }
        log.close();
        log = openLog();
        assertEquals(200, log.lastIndex());
        log.close();
    }

    @Test
    void reopeningDoesNotGrowTheFiles() throws IOException {
        RaftLog log = openLog();
        log.append(RaftLogContract.entries(1, 50, 1), new HardState(1, 0, 50)).join();
        log.close();
        openLog().close();
        long before = diskBytes();
        for (int i = 0; i < 30; i++) openLog().close();
        assertEquals(before, diskBytes());
    }

    private long diskBytes() throws IOException {
        long sum = 0;
        try (var files = Files.walk(directory)) {
            for (Path path : files.filter(Files::isRegularFile).toList()) sum += Files.size(path);
        }
        return sum;
    }

    @Test
    void stateComesBackAtLeastAsForced() {
        Seeds.each(
                2,
                seed -> {
                    Random random = new Random(seed);
                    StateModel forced = null;
                    for (int life = 0; life < 6; life++) {
                        StateStore store = openState();
                        try {
                            if (forced != null) {
                                assertEquals("", forced.difference(store));
                                store.verify();
                            }
                            StateModel model = StateModel.of(store);
                            for (int i = 0; i < 60; i++) model = model.randomStep(random, store);
                            Applied at =
                                    new Applied(
                                            model.applied().index() + 1, model.applied().term());
                            store.commit(new WriteBatch(), at, Durability.FORCE).join();
                            forced = new StateModel(at, model.spaces());
                        } finally {
                            store.close();
                        }
                    }
                });
    }

    @Test
    void abandonedInstallIsGone() throws IOException {
        StateStore store = openState();
        store.commit(one("a"), new Applied(1, 1), Durability.FORCE).join();
        long before = diskBytes();
        // Not closed by us: the store's close is what a crash would leave out.
        var install = store.beginInstall(new Applied(50, 2));
        byte[] value = new byte[100_000];
        for (int i = 0; i < 40; i++) {
            install.put(
                    StateStoreContract.KEYS, StateStoreContract.bytes("%03d".formatted(i)), value);
        }
        store.close();
        store = openState();
        assertEquals(new Applied(1, 1), store.applied());
        // Four megabytes were fed; a few files of notes may have come with the second open.
        assertTrue(diskBytes() <= before + 200_000, diskBytes() + " bytes after " + before);
        store.close();
    }

    private static WriteBatch one(String key) {
        WriteBatch batch = new WriteBatch();
        byte[] bytes = StateStoreContract.bytes(key);
        batch.put(StateStoreContract.KEYS, bytes, bytes);
        return batch;
    }

    @Test
    void secondOpenIsRefusedByName() {
        RaftLog log = openLog();
        StorageException.Locked locked = assertThrows(StorageException.Locked.class, this::openLog);
        assertTrue(locked.getMessage().contains(directory.toString()), locked.getMessage());
        log.close();
        openLog().close();
    }

    @Test
    void secondOpenOfTheStateIsRefusedByName() {
        StateStore store = openState();
        StorageException.Locked locked =
                assertThrows(StorageException.Locked.class, this::openState);
        assertTrue(locked.getMessage().contains(directory.toString()), locked.getMessage());
        store.close();
        openState().close();
    }

    @Test
    void theOtherHalfsDirectoryIsRefused() {
        require(Part.STATE);
        openLog().close();
        assertThrows(StorageException.Foreign.class, this::openState);
    }

    // ---- kill -9 of a child process ----

    @Test
    @Tag("T1")
    void acknowledgedEntriesSurviveAKill() throws Exception {
        require(Part.LOG);
        Random random = new Random();
        long acknowledged = 0;
        for (int i = 0; i < Seeds.scaled(KILLS); i++) {
            Path here = directory;
            KilledChild child = KilledChild.start(provider(), "log", here, smallLogFiles());
            assertThrows(StorageException.Locked.class, this::openLog);
            acknowledged = Math.max(acknowledged, child.killAfter(1 + random.nextInt(400)));
            RaftLog log = openLog();
            assertTrue(log.lastIndex() >= acknowledged, log.lastIndex() + " of " + acknowledged);
            assertTrue(acknowledged > 0);
            long from = log.baseIndex() + 1;
            for (LogEntry entry : log.read(from, log.lastIndex() + 1, Long.MAX_VALUE)) {
                assertArrayEquals(KilledChild.data(entry.index()), entry.data());
            }
            // A unit is an entry and its hard state: both or none.
            assertEquals(log.lastIndex(), log.hardState().vote());
            log.close();
        }
    }

    @Test
    @Tag("T1")
    void forcedCommitsSurviveAKill() throws Exception {
        require(Part.STATE);
        Random random = new Random();
        long acknowledged = 0;
        for (int i = 0; i < Seeds.scaled(KILLS); i++) {
            KilledChild child =
                    KilledChild.start(provider(), "state", directory, smallStateFiles());
            acknowledged = Math.max(acknowledged, child.killAfter(1 + random.nextInt(60)));
            StateStore store = openState();
            long found = store.applied().index();
            assertTrue(found >= acknowledged, found + " of " + acknowledged);
            store.verify();
            try (ReadView view = store.view()) {
                for (long n = 1; n <= found; n++) {
                    byte[] key = KilledChild.key(n);
                    assertArrayEquals(KilledChild.data(n), view.get(StateStoreContract.KEYS, key));
                }
                assertEquals(null, view.get(StateStoreContract.KEYS, KilledChild.key(found + 1)));
            }
            store.close();
        }
    }
}
