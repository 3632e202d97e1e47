package io.quorate.api.grpc;

import java.nio.charset.StandardCharsets;

/**
 * HTTP/2 frame layout: types, flags, settings ids, and the small frames built whole (RFC 9113 §4,
 * §6).
 */
final class Frames {
    static final int HEADER_BYTES = 9;

    /** The largest payload every endpoint must take, and the only one we announce. */
    static final int DEFAULT_MAX_FRAME = 16_384;

    static final int DEFAULT_WINDOW = 65_535;
    static final int MAX_STREAM_ID = Integer.MAX_VALUE;

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PUSH_PROMISE = 5;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int FLAG_ACK = 1;
    static final int FLAG_END_STREAM = 1;
    static final int FLAG_END_HEADERS = 4;
    static final int FLAG_PADDED = 8;
    static final int FLAG_PRIORITY = 32;

    static final int SETTING_HEADER_TABLE_SIZE = 1;
    static final int SETTING_ENABLE_PUSH = 2;
    static final int SETTING_MAX_CONCURRENT_STREAMS = 3;
    static final int SETTING_INITIAL_WINDOW_SIZE = 4;
    static final int SETTING_MAX_FRAME_SIZE = 5;
    static final int SETTING_MAX_HEADER_LIST_SIZE = 6;

    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private Frames() {}

    /** What a client sends before its first frame (RFC 9113 §3.4); not to be changed by callers. */
    static byte[] preface() {
        return PREFACE;
    }

    /** Writes a 9-byte frame header at {@code at}. */
    static void putHeader(byte[] to, int at, int length, int type, int flags, int stream) {
        to[at] = (byte) (length >> 16);
        to[at + 1] = (byte) (length >> 8);
        to[at + 2] = (byte) length;
        to[at + 3] = (byte) type;
        to[at + 4] = (byte) flags;
        putInt(to, at + 5, stream);
    }

    static void putInt(byte[] to, int at, int value) {
        to[at] = (byte) (value >> 24);
        to[at + 1] = (byte) (value >> 16);
        to[at + 2] = (byte) (value >> 8);
        to[at + 3] = (byte) value;
    }

    static int getInt(byte[] from, int at) {
        return (from[at] & 255) << 24
                | (from[at + 1] & 255) << 16
                | (from[at + 2] & 255) << 8
                | from[at + 3] & 255;
    }

    static int getLength(byte[] from, int at) {
        return (from[at] & 255) << 16 | (from[at + 1] & 255) << 8 | from[at + 2] & 255;
    }

    static byte[] windowUpdate(int stream, int increment) {
        return withInt(WINDOW_UPDATE, stream, increment);
    }

    static byte[] resetStream(int stream, ErrorCode code) {
        return withInt(RST_STREAM, stream, code.ordinal());
    }

    private static byte[] withInt(int type, int stream, int value) {
        byte[] frame = new byte[HEADER_BYTES + 4];
        putHeader(frame, 0, 4, type, 0, stream);
        putInt(frame, HEADER_BYTES, value);
        return frame;
    }

    static byte[] settingsAck() {
        byte[] frame = new byte[HEADER_BYTES];
        putHeader(frame, 0, 0, SETTINGS, FLAG_ACK, 0);
        return frame;
    }

    /** A SETTINGS frame of alternating ids and values. */
    static byte[] settings(int... idsAndValues) {
        int count = idsAndValues.length / 2;
        byte[] frame = new byte[HEADER_BYTES + 6 * count];
        putHeader(frame, 0, 6 * count, SETTINGS, 0, 0);
        for (int i = 0, at = HEADER_BYTES; i < count; i++, at += 6) {
            frame[at] = (byte) (idsAndValues[2 * i] >> 8);
            frame[at + 1] = (byte) idsAndValues[2 * i];
            putInt(frame, at + 2, idsAndValues[2 * i + 1]);
        }
        return frame;
    }

    static byte[] ping(boolean ack, long payload) {
        byte[] frame = new byte[HEADER_BYTES + 8];
        putHeader(frame, 0, 8, PING, ack ? FLAG_ACK : 0, 0);
        putInt(frame, HEADER_BYTES, (int) (payload >> 32));
        putInt(frame, HEADER_BYTES + 4, (int) payload);
        return frame;
    }

    static byte[] goAway(int lastStream, ErrorCode code, String debug) {
        byte[] text = debug.getBytes(StandardCharsets.UTF_8);
        byte[] frame = new byte[HEADER_BYTES + 8 + text.length];
        putHeader(frame, 0, 8 + text.length, GOAWAY, 0, 0);
        putInt(frame, HEADER_BYTES, lastStream);
        putInt(frame, HEADER_BYTES + 4, code.ordinal());
        System.arraycopy(text, 0, frame, HEADER_BYTES + 8, text.length);
        return frame;
    }
}
