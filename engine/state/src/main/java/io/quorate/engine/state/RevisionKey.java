package io.quorate.engine.state;

import io.quorate.spi.storage.StorageException;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * The key of a row (DD-06): main revision as 8 bytes big-endian, {@code _}, sub revision as 8 bytes
 * big-endian, and {@code t} when the row is a tombstone. Rows sort by (main, sub) (SE-07).
 */
final class RevisionKey {
    static final int LENGTH = 17;

    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private RevisionKey() {}

    static byte[] of(long main, long sub, boolean tombstone) {
        byte[] key = new byte[tombstone ? LENGTH + 1 : LENGTH];
        LONG.set(key, 0, main);
        key[8] = '_';
        LONG.set(key, 9, sub);
        if (tombstone) key[LENGTH] = 't';
        return key;
    }

    static byte[] of(IndexEntry entry) {
        return of(entry.main, entry.sub, entry.tombstone);
    }

    static long main(byte[] key) {
        boolean shaped = key.length == LENGTH || (key.length == LENGTH + 1 && key[LENGTH] == 't');
        if (!shaped || key[8] != '_' || (long) LONG.get(key, 0) < 0)
            throw new StorageException.Corruption(
                    "keyspace key, row "
                            + HexFormat.of().formatHex(key)
                            + ": not a revision; restore this member from a snapshot or from its"
                            + " peers",
                    null);
        return (long) LONG.get(key, 0);
    }

    static long sub(byte[] key) {
        return (long) LONG.get(key, 9);
    }

    static boolean isTombstone(byte[] key) {
        return key.length > LENGTH;
    }
}
