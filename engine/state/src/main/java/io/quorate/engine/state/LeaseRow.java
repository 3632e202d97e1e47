package io.quorate.engine.state;

import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.WriteBatch;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A lease as etcd keeps it: the id as 8 bytes big-endian, to the wire form of leasepb.Lease: ID 1,
 * TTL 2, RemainingTTL 3, zero fields left out.
 */
final class LeaseRow {
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final int VARINT_MAX = 10;
    private static final int ID = 1 << 3;
    private static final int TTL = 2 << 3;
    private static final int REMAINING = 3 << 3;

    private LeaseRow() {}

    static void put(Lease lease, WriteBatch batch) {
        batch.put(Keyspaces.LEASE, key(lease.id()), encode(lease));
    }

    static void delete(long id, WriteBatch batch) {
        batch.delete(Keyspaces.LEASE, key(id));
    }

    static byte[] key(long id) {
        byte[] key = new byte[8];
        LONG.set(key, 0, id);
        return key;
    }

    static byte[] encode(Lease lease) {
        byte[] row = new byte[3 * (1 + VARINT_MAX)];
        int end = field(row, 0, ID, lease.id());
        end = field(row, end, TTL, lease.ttl());
        end = field(row, end, REMAINING, lease.remaining());
        return Arrays.copyOf(row, end);
    }

    /**
     * @throws StorageException.Corruption when it is not the row of this lease
     */
    static Lease decode(byte[] key, byte[] row) {
        long[] fields = new long[4];
        int at = 0;
        try {
            while (at < row.length) {
                int field = row[at] >>> 3;
                if ((row[at++] & 7) != 0 || field < 1 || field > 3) throw malformed(key);
                long number = 0;
                int shift = 0;
                byte next;
                do {
                    next = row[at++];
                    number |= (long) (next & 0x7f) << shift;
                    shift += 7;
                } while (next < 0 && shift < 70);
                fields[field] = number;
            }
        } catch (ArrayIndexOutOfBoundsException e) {
            throw malformed(key);
        }
        Lease lease = new Lease(fields[1], fields[2], fields[3]);
        if (key.length != 8 || (long) LONG.get(key, 0) != lease.id() || lease.id() == 0)
            throw malformed(key);
        return lease;
    }

    private static int field(byte[] row, int at, int tag, long number) {
        if (number == 0) return at;
        row[at++] = (byte) tag;
        while ((number & ~0x7fL) != 0) {
            row[at++] = (byte) (number | 0x80);
            number >>>= 7;
        }
        row[at++] = (byte) number;
        return at;
    }

    private static StorageException malformed(byte[] key) {
        return new StorageException.Corruption(
                "keyspace lease, row "
                        + HexFormat.of().formatHex(key)
                        + ": not a leasepb.Lease; restore this member from a snapshot or from its"
                        + " peers",
                null);
    }
}
