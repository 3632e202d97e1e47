package io.quorate.backend.xodus;

import static io.quorate.backend.xodus.Database.iterable;

import io.quorate.spi.storage.Applied;
import io.quorate.spi.storage.Keyspace;
import io.quorate.spi.storage.WriteBatch;

import jetbrains.exodus.ByteIterable;
import jetbrains.exodus.env.Cursor;
import jetbrains.exodus.env.Transaction;

import java.util.ArrayList;
import java.util.List;

/** Changes the data of a state inside one transaction and counts what is live. */
final class StateWriter {
    private static final int CLEAR_STEP = 1000;

    private final Database database;
    private final Transaction transaction;
    private long liveBytes;
    private long nextName;

    StateWriter(Database database, Transaction transaction, StateMeta before) {
        this.database = database;
        this.transaction = transaction;
        liveBytes = before.liveBytes();
        nextName = before.nextName();
    }

    /** The state's key as Xodus has it: the keyspaces share one store. */
    static ByteIterable key(Keyspace keyspace, byte[] key) {
        byte[] stored = new byte[1 + key.length];
        stored[0] = (byte) keyspace.id();
        System.arraycopy(key, 0, stored, 1, key.length);
        return iterable(stored);
    }

    void apply(WriteBatch batch) {
        for (WriteBatch.Op op : batch.ops()) {
            switch (op) {
                case WriteBatch.Put(var keyspace, var key, var value) ->
                        put(key(keyspace, key), value);
                case WriteBatch.Delete(var keyspace, var key) -> delete(key(keyspace, key));
                case WriteBatch.Clear(var keyspace) -> clear(keyspace);
            }
        }
    }

    void put(ByteIterable key, byte[] value) {
        forget(key, database.data().get(transaction, key));
        LongValues values = database.values();
        long name = values.isLong(value) ? nextName++ : 0;
        database.data().put(transaction, key, values.encode(transaction, value, name));
        liveBytes += key.getLength() - 1 + value.length;
    }

    private void delete(ByteIterable key) {
        ByteIterable old = database.data().get(transaction, key);
        if (old == null) return;
        forget(key, old);
        database.data().delete(transaction, key);
    }

    private void forget(ByteIterable key, ByteIterable old) {
        if (old == null) return;
        liveBytes -= key.getLength() - 1 + database.values().length(old);
        database.values().forget(transaction, old);
    }

    private void clear(Keyspace keyspace) {
        List<ByteIterable> keys;
        do {
            keys = firstKeys(keyspace);
            keys.forEach(this::delete);
        } while (keys.size() == CLEAR_STEP);
    }

    private List<ByteIterable> firstKeys(Keyspace keyspace) {
        List<ByteIterable> keys = new ArrayList<>();
        try (Cursor cursor = database.data().openCursor(transaction)) {
            boolean found = cursor.getSearchKeyRange(key(keyspace, new byte[0])) != null;
            while (found && keys.size() < CLEAR_STEP) {
                byte[] key = Database.bytes(cursor.getKey());
                if (key[0] != (byte) keyspace.id()) break;
                keys.add(iterable(key));
                found = cursor.getNext();
            }
        }
        return keys;
    }

    /** Writes the position and the counts, the last step of a transaction. */
    StateMeta finish(Applied at) {
        StateMeta after = new StateMeta(at, liveBytes, nextName);
        after.write(database, transaction);
        return after;
    }
}
