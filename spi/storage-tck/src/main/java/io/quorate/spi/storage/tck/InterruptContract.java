package io.quorate.spi.storage.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.LogEntry;
import io.quorate.spi.storage.RaftLog;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;
import io.quorate.spi.storage.WriteBatch;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Threads that call the store are interrupted all the time, on real files, whose channels Java
 * closes on an interrupt: what was acknowledged is there after a reopen, and nothing is poisoned.
 */
public abstract class InterruptContract {
    private static final int UNITS = 300;

    @TempDir Path directory;

    /** The provider under test, a durable one. */
    protected abstract StorageProvider provider();

    /** Settings that make files of a half small. */
    protected Map<String, String> small(Part part) {
        return Map.of();
    }

    private StorageTesting env(Part part) {
        return StorageTesting.env(directory).with(small(part));
    }

    /** Interrupts this thread, at no particular moments, as long as the body runs. */
    private static void underFire(Runnable body) throws InterruptedException {
        Thread target = Thread.currentThread();
        AtomicBoolean over = new AtomicBoolean();
        Thread interrupter =
                Thread.ofPlatform()
                        .start(() -> {
                            while (!over.get()) {
                                target.interrupt();
                                Thread.onSpinWait();
                            }
                        });
        try {
            body.run();
        } finally {
            over.set(true);
            while (interrupter.isAlive()) {
                Thread.interrupted();
                try {
                    interrupter.join();
                } catch (InterruptedException e) {
                    // The last shot, which is what this waits out.
                }
            }
            Thread.interrupted();
        }
    }

    @Test
    @Tag("T22")
    void acknowledgedUnitsSurviveInterruptsOfTheAppender() throws InterruptedException {
        Assumptions.assumeTrue(provider().parts().contains(Part.LOG), "holds no log");
        RaftLog log = provider().openLog(env(Part.LOG));
        underFire(() -> {
            for (int i = 1; i <= UNITS; i++) {
                CompletableFuture<Void> future =
                        log.append(java.util.List.of(RaftLogContract.entry(i, 1, 300)), null);
                if (i % 7 == 0) future.join();
                if (i % 50 == 0) {
                    LogEntry read = log.read(i / 2, i / 2 + 1, Long.MAX_VALUE).getFirst();
                    assertArrayEquals(RaftLogContract.entry(i / 2, 1, 300).data(), read.data());
                }
            }
        });
        log.close();
        RaftLog again = provider().openLog(env(Part.LOG));
        assertEquals(UNITS, again.lastIndex());
        again.close();
    }

    @Test
    @Tag("T22")
    void forcedCommitsSurviveInterruptsOfTheCommitter() throws InterruptedException {
        Assumptions.assumeTrue(provider().parts().contains(Part.STATE), "holds no state");
        StateStore store = provider().openState(env(Part.STATE));
        byte[] value = new byte[2000];
        new Random(3).nextBytes(value);
        underFire(() -> {
            for (int i = 1; i <= UNITS; i++) {
                WriteBatch batch = new WriteBatch();
                batch.put(StateStoreContract.KEYS, KilledChild.key(i), value);
                boolean force = i % 20 == 0;
                store.commit(batch, new Applied(i, 1), force ? Durability.FORCE : Durability.LAZY)
                        .join();
                if (i % 30 == 0) {
                    try (ReadView view = store.view()) {
                        byte[] key = KilledChild.key(i / 2);
                        assertArrayEquals(value, view.get(StateStoreContract.KEYS, key));
                    }
                }
            }
        });
        store.close();
        StateStore again = provider().openState(env(Part.STATE));
        assertEquals(UNITS, again.applied().index());
        again.verify();
        again.close();
    }
}
