package io.quorate.backend.xodus;

import io.quorate.spi.storage.Applied;

import jetbrains.exodus.ByteIterable;

import java.util.ArrayList;
import java.util.List;

/**
 * Fills a new environment with a whole state, by many transactions: one alone would have to fit
 * into the heap. Used by one thread, which nobody interrupts.
 */
final class StateFeed {
    private static final long BATCH_BYTES = 2 << 20;
    private static final int BATCH_ENTRIES = 5000;

    private final Database database;
    private final List<Entry> batch = new ArrayList<>();
    private long batchBytes;
    private StateMeta meta = StateMeta.EMPTY;

    private record Entry(ByteIterable key, byte[] value) {}

    StateFeed(Database database) {
        this.database = database;
    }

    Database database() {
        return database;
    }

    void put(ByteIterable key, byte[] value) {
        batch.add(new Entry(key, value));
        batchBytes += key.getLength() + value.length;
        if (batchBytes >= BATCH_BYTES || batch.size() >= BATCH_ENTRIES) flush(Applied.NONE);
    }

    private void flush(Applied at) {
        StateMeta[] after = new StateMeta[1];
        database.update(transaction -> {
            StateWriter change = new StateWriter(database, transaction, meta);
            for (Entry entry : batch) change.put(entry.key, entry.value);
            after[0] = change.finish(at);
        });
        meta = after[0];
        batch.clear();
        batchBytes = 0;
    }

    /** Writes the rest and makes it all durable; nothing refers to it yet. */
    StateMeta finish(Applied at) {
        flush(at);
        database.force();
        return meta;
    }

    /** Forgets everything. */
    void discard() {
        database.close();
        database.delete();
    }
}
