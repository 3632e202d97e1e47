package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Install;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The laws of {@link StateStore} inside one life of a store. A provider subclasses this. */
public abstract class StateStoreContract {
    static final Keyspace KEYS = new Keyspace(0, "key");
    static final Keyspace META = new Keyspace(1, "meta");
    static final Keyspace LAST = new Keyspace(255, "last");
    static final List<Keyspace> KEYSPACES = List.of(KEYS, META, LAST);
    private static final long WAIT_SECONDS = 60;

    @TempDir Path directory;
    private StateStore store;
    private long index;

    /** The provider under test. */
    protected abstract StorageProvider provider();

    /** Settings that make files small, so that a test sees many of them. */
    protected Map<String, String> smallFiles() {
        return Map.of();
    }

    @BeforeEach
    void openStore() {
        store = provider().openState(StorageTesting.env(directory).with(smallFiles()));
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] key(int... values) {
        byte[] key = new byte[values.length];
        for (int i = 0; i < values.length; i++) key[i] = (byte) values[i];
        return key;
    }

    private void commit(WriteBatch batch) {
        store.commit(batch, new Applied(++index, 1), Durability.LAZY).join();
    }

    private void force() {
        store.commit(new WriteBatch(), new Applied(++index, 1), Durability.FORCE)
                .orTimeout(WAIT_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    private static WriteBatch put(Keyspace keyspace, byte[] key, byte[] value) {
        WriteBatch batch = new WriteBatch();
        batch.put(keyspace, key, value);
        return batch;
    }

    private static List<byte[]> keys(
            ReadView view, Keyspace keyspace, byte[] from, byte[] to, boolean descending) {
        List<byte[]> keys = new ArrayList<>();
        try (Cursor cursor = view.cursor(keyspace, from, to, descending)) {
            while (cursor.next()) {
                keys.add(cursor.key());
                assertArrayEquals(view.get(keyspace, cursor.key()), cursor.value());
            }
        }
        return keys;
    }

    private static void assertKeys(List<byte[]> expected, List<byte[]> found) {
        assertEquals(expected.size(), found.size());
        for (int i = 0; i < expected.size(); i++) assertArrayEquals(expected.get(i), found.get(i));
    }

    @Test
    void newStoreIsEmpty() {
        assertEquals(Applied.NONE, store.applied());
        assertEquals(Applied.NONE, store.durableApplied());
        assertEquals(0, store.sizeInUse());
        try (ReadView view = store.view()) {
            assertNull(view.get(KEYS, bytes("a")));
            assertFalse(view.cursor(KEYS, null, null, false).next());
        }
    }

    @Test
    void orderIsUnsignedLexicographic() {
        List<byte[]> ordered =
                List.of(
                        key(),
                        key(0),
                        key(0, 0),
                        key(0, 255),
                        key(1),
                        key(127),
                        key(128),
                        key(128, 0),
                        key(255),
                        key(255, 0),
                        key(255, 255));
        List<byte[]> shuffled = new ArrayList<>(ordered);
        java.util.Collections.shuffle(shuffled, new Random(1));
        for (byte[] key : shuffled) commit(put(KEYS, key, key));
        for (int round = 0; round < 2; round++) {
            try (ReadView view = store.view()) {
                assertKeys(ordered, keys(view, KEYS, null, null, false));
                assertKeys(ordered.reversed(), keys(view, KEYS, null, null, true));
                assertKeys(ordered.subList(2, 6), keys(view, KEYS, key(0, 0), key(128), false));
                assertKeys(
                        ordered.subList(2, 6).reversed(),
                        keys(view, KEYS, key(0, 0), key(128), true));
                assertKeys(List.of(), keys(view, KEYS, key(128), key(0), false));
            }
            force();
        }
    }

    @Test
    void emptyValuesAreValues() {
        commit(put(KEYS, bytes("k"), new byte[0]));
        force();
        try (ReadView view = store.view()) {
            assertArrayEquals(new byte[0], view.get(KEYS, bytes("k")));
        }
    }

    @Test
    void largeKeysAndValuesFit() {
        byte[] key = new byte[32 << 10];
        byte[] value = new byte[8 << 20];
        new Random(3).nextBytes(value);
        commit(put(KEYS, key, value));
        force();
        try (ReadView view = store.view()) {
            assertArrayEquals(value, view.get(KEYS, key));
        }
    }

    @Test
    void laterOperationsOfABatchWin() {
        WriteBatch batch = new WriteBatch();
        batch.put(KEYS, bytes("a"), bytes("1"));
        batch.delete(KEYS, bytes("a"));
        batch.put(KEYS, bytes("a"), bytes("2"));
        batch.put(KEYS, bytes("b"), bytes("1"));
        batch.delete(KEYS, bytes("b"));
        batch.put(META, bytes("m"), bytes("1"));
        batch.clear(META);
        batch.put(META, bytes("n"), bytes("2"));
        commit(batch);
        try (ReadView view = store.view()) {
            assertArrayEquals(bytes("2"), view.get(KEYS, bytes("a")));
            assertNull(view.get(KEYS, bytes("b")));
            assertNull(view.get(META, bytes("m")));
            assertArrayEquals(bytes("2"), view.get(META, bytes("n")));
        }
    }

    @Test
    void clearHidesWhatOlderFilesHold() {
        for (Keyspace keyspace : KEYSPACES) commit(put(keyspace, bytes("old"), bytes("1")));
        force();
        WriteBatch batch = new WriteBatch();
        batch.clear(KEYS);
        batch.put(KEYS, bytes("new"), bytes("2"));
        commit(batch);
        for (int round = 0; round < 3; round++) {
            try (ReadView view = store.view()) {
                assertNull(view.get(KEYS, bytes("old")));
                assertKeys(List.of(bytes("new")), keys(view, KEYS, null, null, false));
                assertKeys(List.of(bytes("old")), keys(view, LAST, null, null, true));
            }
            if (round == 0) force();
            if (round == 1) store.defragment();
        }
    }

    @Test
    void positionsMustNotGoBack() {
        commit(put(KEYS, bytes("a"), bytes("1")));
        commit(put(KEYS, bytes("a"), bytes("2")));
        assertThrows(
                IllegalArgumentException.class,
                () -> store.commit(new WriteBatch(), new Applied(1, 1), Durability.LAZY));
        assertEquals(new Applied(2, 1), store.applied());
    }

    @Test
    void forceMakesThePositionDurable() {
        commit(put(KEYS, bytes("a"), bytes("1")));
        force();
        assertEquals(new Applied(2, 1), store.durableApplied());
        assertEquals(new Applied(2, 1), store.applied());
    }

    @Test
    void viewsSeeOneMoment() {
        commit(put(KEYS, bytes("a"), bytes("1")));
        try (ReadView before = store.view()) {
            commit(put(KEYS, bytes("a"), bytes("2")));
            commit(put(KEYS, bytes("b"), bytes("2")));
            force();
            WriteBatch clear = new WriteBatch();
            clear.clear(KEYS);
            commit(clear);
            force();
            store.defragment();
            try (Install install = store.beginInstall(new Applied(++index, 2))) {
                install.put(KEYS, bytes("z"), bytes("9"));
                install.commit();
            }
            store.defragment();
            assertEquals(new Applied(1, 1), before.applied());
            assertArrayEquals(bytes("1"), before.get(KEYS, bytes("a")));
            assertKeys(List.of(bytes("a")), keys(before, KEYS, null, null, false));
        }
        try (ReadView after = store.view()) {
            assertKeys(List.of(bytes("z")), keys(after, KEYS, null, null, false));
        }
    }

    @Test
    void aThousandViewsStayOpen() {
        List<ReadView> views = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            commit(put(KEYS, bytes("k"), bytes("" + i)));
            views.add(store.view());
            if (i % 100 == 0) force();
        }
        for (int i = 0; i < 1000; i++) {
            assertArrayEquals(bytes("" + i), views.get(i).get(KEYS, bytes("k")));
            views.get(i).close();
        }
    }

    @Test
    void viewsCloseFromAnyThreadAndThenRefuse() {
        commit(put(KEYS, bytes("a"), bytes("1")));
        force();
        ReadView view = store.view();
        Cursor cursor = view.cursor(KEYS, null, null, false);
        CompletableFuture.runAsync(view::close).orTimeout(WAIT_SECONDS, TimeUnit.SECONDS).join();
        view.close();
        assertThrows(StorageException.Closed.class, () -> view.get(KEYS, bytes("a")));
        assertThrows(StorageException.Closed.class, cursor::next);
    }

    /** More than any cache holds under {@link #smallFiles}, so that all threads read files. */
    @Test
    void manyThreadsReadWhileCommitsGoOn() {
        int rows = 20_000;
        for (int from = 0; from < rows; from += 1000) {
            WriteBatch batch = new WriteBatch();
            for (int i = from; i < from + 1000; i++) batch.put(KEYS, number(i), valueOf(i));
            commit(batch);
        }
        force();
        List<CompletableFuture<Void>> readers = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            Random random = new Random(thread);
            CompletableFuture<Void> done = new CompletableFuture<>();
            readers.add(done);
            Thread.ofPlatform()
                    .start(() -> {
                        try {
                            for (int i = 0; i < 3000; i++) readSome(random.nextInt(rows));
                            done.complete(null);
                        } catch (Throwable e) {
                            done.completeExceptionally(e);
                        }
                    });
        }
        // Commits go on, so that views are of many moments, and are made while others begin.
        CompletableFuture<Void> all =
                CompletableFuture.allOf(readers.toArray(CompletableFuture[]::new));
        for (int i = 0; !all.isDone(); i++) commit(put(META, number(i % 100), valueOf(i)));
        for (CompletableFuture<Void> reader : readers) {
            reader.orTimeout(WAIT_SECONDS, TimeUnit.SECONDS).join();
        }
    }

    private void readSome(int row) {
        try (ReadView view = store.view();
                Cursor cursor = view.cursor(KEYS, number(row), number(row + 3), false)) {
            assertArrayEquals(valueOf(row), view.get(KEYS, number(row)));
            assertTrue(cursor.next());
            assertArrayEquals(number(row), cursor.key());
            assertArrayEquals(valueOf(row), cursor.value());
        }
    }

    private static byte[] number(int row) {
        return bytes("%08d".formatted(row));
    }

    private static byte[] valueOf(int row) {
        byte[] value = new byte[100 + row % 50];
        new Random(row).nextBytes(value);
        return value;
    }

    @Test
    void sizeInUseFollowsWhatIsLive() {
        Random random = new Random(5);
        for (int i = 0; i < 200; i++) {
            byte[] value = new byte[1000];
            random.nextBytes(value);
            commit(put(KEYS, bytes("%05d".formatted(i)), value));
        }
        force();
        long full = store.sizeInUse();
        assertTrue(full >= 200 * 1000, "in use " + full);
        for (int i = 0; i < 180; i++) {
            WriteBatch batch = new WriteBatch();
            batch.delete(KEYS, bytes("%05d".formatted(i)));
            commit(batch);
        }
        long left = store.sizeInUse();
        assertTrue(left < full / 5, left + " in use of " + full);
        store.defragment();
        assertEquals(left, store.sizeInUse());
        assertTrue(store.sizeOnDisk() < full / 2, store.sizeOnDisk() + " on disk of " + full);
        store.verify();
    }

    @Test
    void overwritingDoesNotGrowWhatIsInUse() {
        for (int i = 0; i < 50; i++) {
            commit(put(META, bytes("same"), new byte[500]));
            if (i % 10 == 0) force();
        }
        assertTrue(store.sizeInUse() < 1000, "in use " + store.sizeInUse());
    }

    @Test
    void installReplacesEverythingAtOnce() {
        for (Keyspace keyspace : KEYSPACES) commit(put(keyspace, bytes("old"), bytes("1")));
        force();
        try (Install install = store.beginInstall(new Applied(900, 7))) {
            for (int i = 0; i < 5000; i++)
                install.put(KEYS, bytes("%05d".formatted(i)), bytes("v" + i));
            install.put(LAST, bytes("x"), bytes("y"));
            try (ReadView view = store.view()) {
                assertArrayEquals(bytes("1"), view.get(KEYS, bytes("old")));
            }
            install.commit();
        }
        assertEquals(new Applied(900, 7), store.applied());
        assertEquals(new Applied(900, 7), store.durableApplied());
        try (ReadView view = store.view()) {
            assertNull(view.get(KEYS, bytes("old")));
            assertNull(view.get(META, bytes("old")));
            assertArrayEquals(bytes("v4999"), view.get(KEYS, bytes("04999")));
            assertEquals(5000, keys(view, KEYS, null, null, false).size());
        }
        store.commit(put(KEYS, bytes("zz"), bytes("1")), new Applied(901, 7), Durability.FORCE)
                .orTimeout(WAIT_SECONDS, TimeUnit.SECONDS)
                .join();
        store.verify();
    }

    @Test
    void installWithoutCommitLeavesNoTrace() {
        commit(put(KEYS, bytes("old"), bytes("1")));
        try (Install install = store.beginInstall(new Applied(900, 7))) {
            install.put(KEYS, bytes("new"), bytes("2"));
            assertThrows(
                    IllegalStateException.class, () -> store.beginInstall(new Applied(901, 7)));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> install.put(KEYS, bytes("new"), bytes("not ascending")));
        }
        assertEquals(new Applied(1, 1), store.applied());
        try (ReadView view = store.view()) {
            assertArrayEquals(bytes("1"), view.get(KEYS, bytes("old")));
            assertNull(view.get(KEYS, bytes("new")));
        }
        store.beginInstall(new Applied(902, 7)).close();
    }

    @Test
    void commitByAnInterruptedThreadIsDurableOrFails() {
        Thread.currentThread().interrupt();
        try {
            CompletableFuture<Void> future =
                    store.commit(
                            put(KEYS, bytes("a"), bytes("1")),
                            new Applied(++index, 1),
                            Durability.FORCE);
            assertTrue(Thread.interrupted());
            future.orTimeout(WAIT_SECONDS, TimeUnit.SECONDS).join();
        } finally {
            Thread.interrupted();
        }
        Thread.currentThread().interrupt();
        try (ReadView view = store.view()) {
            assertArrayEquals(bytes("1"), view.get(KEYS, bytes("a")));
        }
        assertTrue(Thread.interrupted());
    }

    @Test
    void callsAfterCloseAreRefused() {
        store.close();
        store.close();
        assertThrows(StorageException.Closed.class, () -> store.view());
        assertThrows(StorageException.Closed.class, () -> store.applied());
        assertThrows(
                StorageException.Closed.class,
                () -> store.commit(new WriteBatch(), new Applied(1, 1), Durability.LAZY));
    }

    @Test
    void randomUseAgreesWithATreeMap() {
        Seeds.each(
                4,
                seed -> {
                    Random random = new Random(seed);
                    StateModel model = StateModel.of(store);
                    for (int step = 0; step < 400; step++) {
                        model = model.randomStep(random, store);
                        if (step % 10 == 0) model.assertMatches(store, random);
                    }
                    model.assertMatches(store, random);
                    store.verify();
                });
    }
}
