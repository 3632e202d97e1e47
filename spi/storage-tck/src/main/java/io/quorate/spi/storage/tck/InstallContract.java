package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A state far larger than the heap comes in, in a process of its own, and the process is killed on
 * the way: the next open finds the old state or the new one, whole, and no leftovers.
 *
 * <p>{@code -Dstorage.scale=K} makes the state K times as large; 80 of them are the 5 GiB that a
 * release is tested with.
 */
public abstract class InstallContract {
    static final int VALUE_BYTES = 8 << 10;
    static final int HEAP_MIB = 48;
    static final long OLD = 3;
    static final long NEW = 1000;

    @TempDir Path directory;

    /** The provider under test: public, with a public constructor, as the child names its class. */
    protected abstract StorageProvider provider();

    /** Settings that fit a heap of {@value #HEAP_MIB} MiB. */
    protected Map<String, String> smallHeap() {
        return Map.of();
    }

    private static long values() {
        return Seeds.scaled(96 << 20) / VALUE_BYTES;
    }

    private StateStore open() {
        return provider().openState(StorageTesting.env(directory).with(smallHeap()));
    }

    private void writeOld() {
        StateStore store = open();
        for (long i = 1; i <= OLD; i++) {
            WriteBatch batch = new WriteBatch();
            batch.put(StateStoreContract.KEYS, KilledChild.key(i), KilledChild.data(i));
            store.commit(batch, new Applied(i, 1), Durability.FORCE).join();
        }
        store.close();
    }

    static byte[] value(long number) {
        byte[] value = new byte[VALUE_BYTES];
        new Random(number).nextBytes(value);
        return value;
    }

    @Test
    @Tag("T8")
    void aStateLargerThanTheHeapIsInstalled() throws Exception {
        writeOld();
        KilledChild child = start();
        assertEquals(0, child.waitForEnd(), "the child failed: see its errors");
        assertTrue(isNew());
    }

    @Test
    @Tag("T8")
    void aKilledInstallLeavesTheOldStateOrTheNew() throws Exception {
        writeOld();
        long before = diskBytes();
        Random random = new Random();
        for (int i = 0; i < 4; i++) {
            KilledChild child = start();
            // The child prints a line for each hundredth part, one when it commits, and one after.
            child.killAfterLines(1 + random.nextInt(100));
            if (isNew()) return;
            assertTrue(diskBytes() < before + (1 << 20), "leftovers: " + diskBytes());
        }
    }

    private KilledChild start() throws IOException {
        return KilledChild.start(
                provider(), "install:" + values(), directory, smallHeap(), HEAP_MIB);
    }

    private long diskBytes() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    /** Checks every key of whichever state is there. */
    private boolean isNew() {
        StateStore store = open();
        try (ReadView view = store.view();
                Cursor cursor = view.cursor(StateStoreContract.KEYS, null, null, false)) {
            boolean isNew = view.applied().index() >= NEW;
            long count = isNew ? values() : OLD;
            for (long i = 1; i <= count; i++) {
                assertTrue(cursor.next(), "key " + i + " is missing");
                assertArrayEquals(KilledChild.key(i), cursor.key());
                assertArrayEquals(isNew ? value(i) : KilledChild.data(i), cursor.value());
            }
            assertTrue(!cursor.next(), "keys too many");
            return isNew;
        } finally {
            store.close();
        }
    }
}
