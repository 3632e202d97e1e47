package io.quorate.benchmarks;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Cursor;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.ReadView;
import io.quorate.spi.storage.StateStore;
import io.quorate.spi.storage.StateStore.Durability;
import io.quorate.spi.storage.WriteBatch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * A state store alone, with what a multi-version store does to it: keys are revisions of 17 bytes
 * that only grow, values do not compress, a commit has many rows, every tenth is forced; then a
 * compaction removes nine rows of ten, while others are read and written.
 */
final class StateRun {
    private static final Keyspace ROWS = new Keyspace(0, "key");
    private static final int FORCE_EVERY = 10;
    private static final int SCAN_ROWS = 1_000;
    private static final long READ_NANOS = 10_000_000_000L;
    private static final int KEPT = 10; // one row of so many survives the compaction

    private final StorageOptions options;
    private final Measured measured = new Measured();
    private final SplittableRandom random = new SplittableRandom(7);
    private final byte[] value;
    private long applied;
    private int commits;

    private StateRun(StorageOptions options) {
        this.options = options;
        value = new byte[options.valueBytes() + 8];
        new Random(7).nextBytes(value);
    }

    static Measured run(StorageOptions options) throws IOException {
        Path folder = Files.createTempDirectory(options.directory(), "state-");
        try {
            return new StateRun(options).measure(folder);
        } finally {
            ServerProcess.delete(folder);
        }
    }

    private Measured measure(Path folder) {
        try (var storage = BenchedStorage.named(options.backend(), options.settings(), folder)) {
            measure(storage, folder);
        }
        return measured;
    }

    private void measure(BenchedStorage storage, Path folder) {
        StateStore store = storage.openState();
        fill(store);
        measured.addMebibytes("disk after put MiB", BenchedStorage.bytes(folder));
        measured.addMebibytes("heap MiB", heapBytes());
        gets(store, "random get");
        ranges(store);
        store.close();

        long begin = System.nanoTime();
        store = storage.openState();
        measured.addMillis("open ms", begin);
        begin = System.nanoTime();
        long rows = scan(store, true);
        measured.addRate("full scan rows/s", rows, begin);
        begin = System.nanoTime();
        measured.addRate("keys-only scan rows/s", scan(store, false), begin);

        compaction(store);
        measured.addMebibytes("disk after compaction MiB", BenchedStorage.bytes(folder));
        begin = System.nanoTime();
        store.defragment();
        measured.addMillis("defragment ms", begin);
        measured.addMebibytes("disk after defragment MiB", BenchedStorage.bytes(folder));
        measured.addMebibytes("in use MiB", store.sizeInUse());
        store.close();
        begin = System.nanoTime();
        store = storage.openState();
        measured.addMillis("open after defragment ms", begin);
        store.close();
    }

    private void fill(StateStore store) {
        long begin = System.nanoTime();
        Histogram latencies = new Histogram();
        for (int key = 0; key < options.keys(); key += options.batch()) {
            WriteBatch batch = new WriteBatch();
            int end = Math.min(options.keys(), key + options.batch());
            for (int i = key; i < end; i++) batch.put(ROWS, key(i), value(i));
            long sent = System.nanoTime();
            commit(store, batch);
            latencies.record(System.nanoTime() - sent);
        }
        store.commit(new WriteBatch(), new Applied(applied, 1), Durability.FORCE).join();
        measured.addRate("put rows/s", options.keys(), begin);
        measured.addMicros("put commit", latencies);
    }

    private void commit(StateStore store, WriteBatch batch) {
        boolean force = ++commits % FORCE_EVERY == 0;
        var done =
                store.commit(
                        batch,
                        new Applied(++applied, 1),
                        force ? Durability.FORCE : Durability.LAZY);
        if (force) done.join();
    }

    private void gets(StateStore store, String name) {
        Histogram latencies = new Histogram();
        long begin = System.nanoTime();
        try (ReadView view = store.view()) {
            while (System.nanoTime() - begin < READ_NANOS) {
                int i = random.nextInt(options.keys());
                long sent = System.nanoTime();
                check(i, view.get(ROWS, key(i)));
                latencies.record(System.nanoTime() - sent);
            }
        }
        measured.addRate(name + "/s", latencies.count(), begin);
        measured.addMicros(name, latencies);
    }

    private void check(int i, byte[] found) {
        if (found == null || ByteBuffer.wrap(found).getLong() != i) {
            throw new AssertionError("row " + i + " is not what was put");
        }
    }

    private void ranges(StateStore store) {
        long begin = System.nanoTime();
        long rows = 0;
        try (ReadView view = store.view()) {
            while (System.nanoTime() - begin < READ_NANOS / 2) {
                int from = random.nextInt(Math.max(1, options.keys() - SCAN_ROWS));
                try (Cursor cursor = view.cursor(ROWS, key(from), key(from + SCAN_ROWS), false)) {
                    for (int i = from; cursor.next(); i++, rows++) check(i, cursor.value());
                }
            }
        }
        measured.addRate("range rows/s", rows, begin);
    }

    private static long scan(StateStore store, boolean values) {
        long rows = 0;
        long bytes = 0;
        try (ReadView view = store.view();
                Cursor cursor = view.cursor(ROWS, null, null, false)) {
            while (cursor.next()) {
                rows++;
                bytes += cursor.key().length + (values ? cursor.value().length : 0);
            }
        }
        if (bytes < rows) throw new AssertionError("rows without keys");
        return rows;
    }

    /**
     * Deletes nine rows of ten in commits that put new rows too, while a reader gets what stays.
     */
    private void compaction(StateStore store) {
        Reader reader = new Reader(store);
        Thread thread = Thread.ofPlatform().start(reader);
        Histogram latencies = new Histogram();
        long begin = System.nanoTime();
        long deleted = 0;
        int added = options.keys();
        for (int key = 0; key < options.keys(); ) {
            WriteBatch batch = new WriteBatch();
            for (int n = 0; n < options.batch() && key < options.keys(); key++) {
                if (key % KEPT == 0) continue;
                batch.delete(ROWS, key(key));
                deleted++;
                n++;
            }
            for (int n = 0; n < 10; n++, added++) batch.put(ROWS, key(added), value(added));
            long sent = System.nanoTime();
            commit(store, batch);
            latencies.record(System.nanoTime() - sent);
        }
        store.commit(new WriteBatch(), new Applied(applied, 1), Durability.FORCE).join();
        measured.addRate("compaction rows/s", deleted, begin);
        measured.addMicros("commit in compaction", latencies);
        reader.stop = true;
        join(thread);
        measured.addRate("get in compaction/s", reader.latencies.count(), begin);
        measured.addMicros("get in compaction", reader.latencies);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private final class Reader implements Runnable {
        private final StateStore store;
        private final Histogram latencies = new Histogram();
        private final SplittableRandom random = new SplittableRandom(8);
        private volatile boolean stop;

        Reader(StateStore store) {
            this.store = store;
        }

        @Override
        public void run() {
            while (!stop) {
                int i = random.nextInt(options.keys() / KEPT) * KEPT;
                long sent = System.nanoTime();
                try (ReadView view = store.view()) {
                    check(i, view.get(ROWS, key(i)));
                }
                latencies.record(System.nanoTime() - sent);
            }
        }
    }

    private static byte[] key(int i) {
        return ByteBuffer.allocate(17).putLong(i).put((byte) '_').putLong(0).array();
    }

    private byte[] value(int i) {
        byte[] row = new byte[options.valueBytes()];
        System.arraycopy(value, i % 8, row, 0, row.length);
        // Different everywhere, so that nothing compresses across rows.
        SplittableRandom own = new SplittableRandom(i);
        for (int at = 8; at + 8 <= row.length; at += 8) {
            ByteBuffer.wrap(row).putLong(at, own.nextLong());
        }
        return ByteBuffer.wrap(row).putLong(0, i).array();
    }

    private static long heapBytes() {
        System.gc();
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
