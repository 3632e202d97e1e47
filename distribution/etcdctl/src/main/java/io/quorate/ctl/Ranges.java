package io.quorate.ctl;

import com.google.protobuf.ByteString;

import io.quorate.cli.Bytes;

import java.nio.charset.StandardCharsets;

/** Keys and the ends of ranges of keys. */
final class Ranges {
    /** As an end: all keys from the first one on. As a key: the smallest one. */
    static final ByteString ZERO = ByteString.copyFrom(new byte[] {0});

    private Ranges() {}

    static ByteString key(String bytes) {
        return ByteString.copyFrom(Bytes.toArray(bytes));
    }

    static String text(ByteString key) {
        return key.toString(StandardCharsets.ISO_8859_1);
    }

    /** The first key behind all keys that begin with {@code prefix}; {@link #ZERO} for none. */
    static ByteString prefixEnd(ByteString prefix) {
        for (int i = prefix.size() - 1; i >= 0; i--) {
            int last = prefix.byteAt(i) & 0xff;
            if (last < 0xff) {
                byte[] end = prefix.substring(0, i + 1).toByteArray();
                end[i] = (byte) (last + 1);
                return ByteString.copyFrom(end);
            }
        }
        return ZERO;
    }
}
