package io.quorate.engine.state;

import io.quorate.spi.storage.StorageException;

import java.util.Arrays;

/**
 * Rows in the wire form of mvccpb.KeyValue: key 1, create_revision 2, mod_revision 3, version 4,
 * value 5, lease 6, zero fields left out, fields ascending; byte for byte what protobuf writes.
 *
 * <p>An instance reads one row at a time and keeps where its fields stand, so that nobody copies
 * what he does not want. Used by one thread.
 */
final class RowCodec {
    private static final byte[] NONE = new byte[0];

    private static final int KEY = 1 << 3 | 2;
    private static final int CREATED = 2 << 3;
    private static final int MODIFIED = 3 << 3;
    private static final int VERSION = 4 << 3;
    private static final int VALUE = 5 << 3 | 2;
    private static final int LEASE = 6 << 3;

    private byte[] row;
    private int at;
    private int keyFrom;
    private int keyTo;
    private int valueFrom;
    private int valueTo;
    private long created;
    private long modified;
    private long version;
    private long lease;

    static byte[] encode(
            byte[] key, long created, long modified, long version, byte[] value, long lease) {
        int size =
                bytesSize(key)
                        + numberSize(created)
                        + numberSize(modified)
                        + numberSize(version)
                        + bytesSize(value)
                        + numberSize(lease);
        byte[] row = new byte[size];
        int at = putBytes(row, 0, KEY, key);
        at = putNumber(row, at, CREATED, created);
        at = putNumber(row, at, MODIFIED, modified);
        at = putNumber(row, at, VERSION, version);
        at = putBytes(row, at, VALUE, value);
        putNumber(row, at, LEASE, lease);
        return row;
    }

    /** The record of a tombstone: the key alone. */
    static byte[] tombstone(byte[] key) {
        return encode(key, 0, 0, 0, NONE, 0);
    }

    static KeyValue decode(byte[] row) {
        return new RowCodec().read(row).keyValue();
    }

    /** As {@link #decode(byte[])}, with the key of the index instead of a copy. */
    static KeyValue decode(IndexEntry entry, byte[] row) {
        RowCodec codec = new RowCodec().read(row);
        return new KeyValue(
                entry.key, entry.created, entry.main, entry.version, codec.value(), codec.lease);
    }

    /**
     * Finds the fields of a row; fields that we do not know are passed over.
     *
     * @throws StorageException.Corruption when it is not a KeyValue
     */
    RowCodec read(byte[] bytes) {
        row = bytes;
        at = keyFrom = keyTo = valueFrom = valueTo = 0;
        created = modified = version = lease = 0;
        try {
            while (at < row.length) readField((int) readVarint());
        } catch (ArrayIndexOutOfBoundsException e) {
            throw malformed();
        }
        return this;
    }

    private void readField(int tag) {
        switch (tag) {
            case KEY -> {
                keyTo = skipBytes();
                keyFrom = at;
                at = keyTo;
            }
            case VALUE -> {
                valueTo = skipBytes();
                valueFrom = at;
                at = valueTo;
            }
            case CREATED -> created = readVarint();
            case MODIFIED -> modified = readVarint();
            case VERSION -> version = readVarint();
            case LEASE -> lease = readVarint();
            default -> skipUnknown(tag & 7);
        }
    }

    private void skipUnknown(int wireType) {
        switch (wireType) {
            case 0 -> readVarint();
            case 1 -> at += 8;
            case 2 -> at = skipBytes();
            case 5 -> at += 4;
            default -> throw malformed();
        }
        if (at > row.length) throw malformed();
    }

    /** Reads a length; leaves {@code at} on the first byte and answers the place after the last. */
    private int skipBytes() {
        long length = readVarint();
        if (length < 0 || length > row.length - at) throw malformed();
        return at + (int) length;
    }

    private long readVarint() {
        long number = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = row[at++];
            number |= (long) (next & 0x7f) << shift;
            if (next >= 0) return number;
        }
        throw malformed();
    }

    private static StorageException malformed() {
        return new StorageException.Corruption(
                "keyspace key: a row is not an mvccpb.KeyValue; restore this member from a snapshot"
                        + " or from its peers",
                null);
    }

    long created() {
        return created;
    }

    long version() {
        return version;
    }

    long lease() {
        return lease;
    }

    byte[] key() {
        return Arrays.copyOfRange(row, keyFrom, keyTo);
    }

    byte[] value() {
        return valueFrom == valueTo ? NONE : Arrays.copyOfRange(row, valueFrom, valueTo);
    }

    int compareValue(byte[] other) {
        return Arrays.compareUnsigned(row, valueFrom, valueTo, other, 0, other.length);
    }

    private KeyValue keyValue() {
        return new KeyValue(key(), created, modified, version, value(), lease);
    }

    private static int bytesSize(byte[] bytes) {
        return bytes.length == 0 ? 0 : 1 + varintSize(bytes.length) + bytes.length;
    }

    private static int numberSize(long number) {
        return number == 0 ? 0 : 1 + varintSize(number);
    }

    private static int varintSize(long number) {
        return (70 - Long.numberOfLeadingZeros(number | 1)) / 7;
    }

    private static int putBytes(byte[] row, int at, int tag, byte[] bytes) {
        if (bytes.length == 0) return at;
        row[at] = (byte) tag;
        int start = putVarint(row, at + 1, bytes.length);
        System.arraycopy(bytes, 0, row, start, bytes.length);
        return start + bytes.length;
    }

    private static int putNumber(byte[] row, int at, int tag, long number) {
        if (number == 0) return at;
        row[at] = (byte) tag;
        return putVarint(row, at + 1, number);
    }

    private static int putVarint(byte[] row, int at, long number) {
        while ((number & ~0x7fL) != 0) {
            row[at++] = (byte) (number | 0x80);
            number >>>= 7;
        }
        row[at++] = (byte) number;
        return at;
    }
}
