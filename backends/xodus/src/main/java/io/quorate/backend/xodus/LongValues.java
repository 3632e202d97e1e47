package io.quorate.backend.xodus;

import static io.quorate.backend.xodus.Database.bytes;
import static io.quorate.backend.xodus.Database.iterable;

import io.quorate.spi.storage.StorageException;

import jetbrains.exodus.ByteIterable;
import jetbrains.exodus.env.Store;
import jetbrains.exodus.env.Transaction;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Values of any length in a store whose values must fit into one file of the environment. A short
 * value stands behind a tag byte; of a long one stands a reference, and its pieces are in a store
 * of their own. Stateless: a long value is named by its owner, who never gives a name twice.
 */
final class LongValues {
    private static final byte SHORT = 0;
    private static final byte LONG = 1;
    private static final int REFERENCE_BYTES = 1 + 4 + 8;

    private final Store blobs;
    private final int chunkBytes;

    LongValues(Store blobs, int chunkBytes) {
        this.blobs = blobs;
        this.chunkBytes = chunkBytes;
    }

    /** Sets up reading in a transaction that several threads will share. */
    void prepare(Transaction transaction) {
        blobs.count(transaction);
    }

    boolean isLong(byte[] value) {
        return value.length > chunkBytes;
    }

    /**
     * What to store for a value, whose pieces are stored if it is long.
     *
     * @param name used for long values only
     */
    ByteIterable encode(Transaction transaction, byte[] value, long name) {
        if (!isLong(value)) {
            byte[] stored = new byte[1 + value.length];
            stored[0] = SHORT;
            System.arraycopy(value, 0, stored, 1, value.length);
            return iterable(stored);
        }
        for (int piece = 0, at = 0; at < value.length; piece++, at += chunkBytes) {
            int end = Math.min(value.length, at + chunkBytes);
            byte[] bytes = Arrays.copyOfRange(value, at, end);
            blobs.put(transaction, key(name, piece), iterable(bytes));
        }
        ByteBuffer reference = ByteBuffer.allocate(REFERENCE_BYTES);
        reference.put(LONG).putInt(value.length).putLong(name);
        return iterable(reference.array());
    }

    byte[] decode(Transaction transaction, ByteIterable stored) {
        byte[] bytes = stored.getBytesUnsafe();
        if (bytes[0] == SHORT) return Arrays.copyOfRange(bytes, 1, stored.getLength());
        ByteBuffer reference = ByteBuffer.wrap(bytes, 1, REFERENCE_BYTES - 1);
        byte[] value = new byte[reference.getInt()];
        long name = reference.getLong();
        for (int piece = 0, at = 0; at < value.length; piece++) {
            ByteIterable part = blobs.get(transaction, key(name, piece));
            if (part == null) {
                throw new StorageException.Corruption("a long value lacks its pieces", null);
            }
            byte[] found = bytes(part);
            System.arraycopy(found, 0, value, at, found.length);
            at += found.length;
        }
        return value;
    }

    /** The first bytes of a value, which has that many. */
    byte[] head(Transaction transaction, ByteIterable stored, int count) {
        byte[] bytes = stored.getBytesUnsafe();
        if (bytes[0] == SHORT) return Arrays.copyOfRange(bytes, 1, 1 + count);
        long name = ByteBuffer.wrap(bytes).getLong(5);
        ByteIterable part = blobs.get(transaction, key(name, 0));
        if (part == null) {
            throw new StorageException.Corruption("a long value lacks its pieces", null);
        }
        return Arrays.copyOf(part.getBytesUnsafe(), count);
    }

    /** Length of the value behind what is stored. */
    int length(ByteIterable stored) {
        byte[] bytes = stored.getBytesUnsafe();
        if (bytes[0] == SHORT) return stored.getLength() - 1;
        return ByteBuffer.wrap(bytes, 1, 4).getInt();
    }

    /** Removes the pieces of a value that is replaced or deleted. */
    void forget(Transaction transaction, ByteIterable stored) {
        byte[] bytes = stored.getBytesUnsafe();
        if (bytes[0] == SHORT) return;
        ByteBuffer reference = ByteBuffer.wrap(bytes, 1, REFERENCE_BYTES - 1);
        int length = reference.getInt();
        long name = reference.getLong();
        for (int piece = 0; (long) piece * chunkBytes < length; piece++) {
            blobs.delete(transaction, key(name, piece));
        }
    }

    private static ByteIterable key(long name, int piece) {
        return iterable(ByteBuffer.allocate(12).putLong(name).putInt(piece).array());
    }
}
