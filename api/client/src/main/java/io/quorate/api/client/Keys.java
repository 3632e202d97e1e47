package io.quorate.api.client;

import com.google.protobuf.ByteString;

/** Key ranges as the API writes them: from a key up to, and without, a range end. */
public final class Keys {
    private static final ByteString ZERO = ByteString.copyFrom(new byte[1]);

    private Keys() {}

    /** The bytes of a text in UTF-8. */
    public static ByteString of(String text) {
        return ByteString.copyFromUtf8(text);
    }

    /** The {@code key} that a range over a prefix begins with: the empty prefix begins at 0. */
    public static ByteString first(ByteString prefix) {
        return prefix.isEmpty() ? ZERO : prefix;
    }

    /**
     * The {@code range_end} of all keys with a prefix: the prefix with its last byte raised,
     * without the 0xff bytes that cannot be; one 0 byte, "to the end", if nothing is left.
     */
    public static ByteString afterPrefix(ByteString prefix) {
        byte[] end = prefix.toByteArray();
        for (int i = end.length - 1; i >= 0; i--) {
            if (end[i] != (byte) 0xff) {
                end[i]++;
                return ByteString.copyFrom(end, 0, i + 1);
            }
        }
        return ZERO;
    }

    /** The {@code range_end} of all keys from a key on. */
    public static ByteString toTheEnd() {
        return ZERO;
    }
}
