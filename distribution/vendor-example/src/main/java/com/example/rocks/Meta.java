package com.example.rocks;

import io.quorate.spi.storage.Applied;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * What is written together with each batch, under a key before all others.
 *
 * @param applied the batch's position
 * @param liveBytes length of all keys and values
 */
record Meta(Applied applied, long liveBytes) {
    static final byte[] KEY = {0};
    static final Meta EMPTY = new Meta(Applied.NONE, 0);
    private static final int BYTES = 24;

    byte[] encoded() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES + 4);
        bytes.putLong(applied.index()).putLong(applied.term()).putLong(liveBytes);
        return bytes.putInt(crc(bytes.array())).array();
    }

    static Meta decode(byte[] encodedOrNull) {
        if (encodedOrNull == null) return EMPTY;
        ByteBuffer bytes = ByteBuffer.wrap(encodedOrNull);
        return new Meta(new Applied(bytes.getLong(), bytes.getLong()), bytes.getLong());
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(Arrays.copyOf(bytes, BYTES));
        return (int) crc.getValue();
    }
}
