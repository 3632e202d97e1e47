package io.quorate.api.grpc;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Builds a header block of literal fields that are never added to the peer's table. Without encoder
 * state, blocks of different streams can be built by their own threads and leave in any order; the
 * few bytes more are small next to a message.
 */
final class HeaderBlock {
    private static final int STATUS_200_INDEXED = 0x88;
    private static final int STATUS_NAME_INDEX = 8;
    private static final int AUTHORITY_NAME_INDEX = 1;
    private static final int PATH_NAME_INDEX = 4;
    private static final int POST_INDEXED = 0x83;
    private static final int SCHEME_HTTP_INDEXED = 0x86;
    private static final int SCHEME_HTTPS_INDEXED = 0x87;

    private byte[] bytes = new byte[96];
    private int length;

    /** Starts a response or a trailers-only answer. */
    HeaderBlock status(int status) {
        if (status == 200) {
            put(STATUS_200_INDEXED);
        } else {
            put(STATUS_NAME_INDEX);
            string(Integer.toString(status));
        }
        return this;
    }

    /** Starts a POST request. */
    HeaderBlock post(boolean tls, String authority, String path) {
        put(POST_INDEXED);
        put(tls ? SCHEME_HTTPS_INDEXED : SCHEME_HTTP_INDEXED);
        put(AUTHORITY_NAME_INDEX);
        string(authority);
        put(PATH_NAME_INDEX);
        string(path);
        return this;
    }

    /** Adds a field; characters outside of ISO 8859-1 become '?'. */
    HeaderBlock add(String name, String value) {
        put(0);
        string(name);
        string(value);
        return this;
    }

    /** Adds an already built block. */
    HeaderBlock add(byte[] block) {
        room(block.length);
        System.arraycopy(block, 0, bytes, length, block.length);
        length += block.length;
        return this;
    }

    byte[] build() {
        return Arrays.copyOf(bytes, length);
    }

    private void string(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.ISO_8859_1);
        int n = encoded.length;
        if (n < 127) {
            put(n);
        } else {
            put(127);
            int rest = n - 127;
            while (rest >= 128) {
                put(rest & 127 | 128);
                rest >>= 7;
            }
            put(rest);
        }
        add(encoded);
    }

    private void put(int b) {
        room(1);
        bytes[length++] = (byte) b;
    }

    private void room(int n) {
        if (length + n > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + n));
        }
    }
}
