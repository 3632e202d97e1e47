package io.quorate.backend.xodus;

import static io.quorate.backend.xodus.Database.bytes;
import static io.quorate.backend.xodus.Database.iterable;

import io.quorate.spi.storage.Applied;

import jetbrains.exodus.ByteIterable;
import jetbrains.exodus.env.Transaction;

import java.nio.ByteBuffer;

/**
 * What is committed together with each batch.
 *
 * @param applied the batch's position
 * @param liveBytes length of all keys and values
 * @param nextName name of the next long value
 */
record StateMeta(Applied applied, long liveBytes, long nextName) {
    static final StateMeta EMPTY = new StateMeta(Applied.NONE, 0, 1);
    private static final ByteIterable KEY = iterable(new byte[] {1});

    static StateMeta read(Database database, Transaction transaction) {
        ByteIterable found = database.meta().get(transaction, KEY);
        if (found == null) return EMPTY;
        ByteBuffer value = ByteBuffer.wrap(bytes(found));
        Applied applied = new Applied(value.getLong(), value.getLong());
        return new StateMeta(applied, value.getLong(), value.getLong());
    }

    void write(Database database, Transaction transaction) {
        ByteBuffer value = ByteBuffer.allocate(32);
        value.putLong(applied.index()).putLong(applied.term()).putLong(liveBytes).putLong(nextName);
        database.meta().put(transaction, KEY, iterable(value.array()));
    }
}
