package io.quorate.engine.state;

import io.quorate.spi.storage.StorageException;

import java.util.Arrays;

/**
 * An alarm as the key of its row, in the wire form of etcdserverpb.AlarmMember: memberID 1, alarm
 * 2, zero fields left out. The row's value is empty, as in etcd's bucket.
 */
final class AlarmCodec {
    private static final int MEMBER = 1 << 3;
    private static final int TYPE = 2 << 3;
    private static final int VARINT_MAX = 10;

    private AlarmCodec() {}

    static byte[] encode(Alarm alarm) {
        byte[] row = new byte[2 + 2 * VARINT_MAX];
        int at = put(row, 0, MEMBER, alarm.memberId());
        return Arrays.copyOf(row, put(row, at, TYPE, alarm.type()));
    }

    /**
     * @throws StorageException.Corruption when it is not what {@link #encode} writes
     */
    static Alarm decode(byte[] row) {
        long member = 0;
        int type = 0;
        int[] at = {0};
        while (at[0] < row.length) {
            switch (row[at[0]++]) {
                case MEMBER -> member = varint(row, at);
                case TYPE -> type = (int) varint(row, at);
                default -> throw malformed();
            }
        }
        return new Alarm(member, type);
    }

    private static int put(byte[] row, int at, int tag, long number) {
        if (number == 0) return at;
        row[at++] = (byte) tag;
        for (; (number & ~0x7fL) != 0; number >>>= 7) row[at++] = (byte) (number | 0x80);
        row[at++] = (byte) number;
        return at;
    }

    private static long varint(byte[] row, int[] at) {
        long number = 0;
        for (int shift = 0; shift < 64 && at[0] < row.length; shift += 7) {
            byte next = row[at[0]++];
            number |= (long) (next & 0x7f) << shift;
            if (next >= 0) return number;
        }
        throw malformed();
    }

    private static StorageException malformed() {
        return new StorageException.Corruption(
                "keyspace alarm: a row is not an etcdserverpb.AlarmMember; restore this member from"
                        + " a snapshot or from its peers",
                null);
    }
}
