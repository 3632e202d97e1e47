package io.quorate.transport.link;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The two directions of a connection as frames. Each side first writes {@link #PREFACE}; then
 * frames follow:
 *
 * <pre>
 * int   bytes of the payload
 * byte  kind, the ordinal of {@link Kind}
 * int   CRC-32C of the kind and the payload
 * ...   payload
 * </pre>
 *
 * One thread reads and one at a time writes.
 */
final class Wire {
    /**
     * In the shape of a bad HTTP request, so that a server that speaks HTTP answers it at once and
     * is found out by its answer.
     */
    static final byte[] PREFACE = "QUORATE-PEER/1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** Payload of a frame before the peer is known. */
    static final int HELLO_BYTES_MAX = 64 << 10;

    /** Payload of any frame. */
    static final int FRAME_BYTES_MAX = 512 << 20;

    private static final int BUFFER_BYTES = 64 << 10;
    private static final Kind[] KINDS = Kind.values();
    private static final byte[] NOTHING = {};

    private final DataInputStream in;
    private final DataOutputStream out;
    private final byte[] skipped = new byte[1 << 10];
    private final CRC32C readSum = new CRC32C();
    private final CRC32C writeSum = new CRC32C();

    Wire(InputStream in, OutputStream out) {
        this.in = new DataInputStream(new BufferedInputStream(in, BUFFER_BYTES));
        this.out = new DataOutputStream(new BufferedOutputStream(out, BUFFER_BYTES));
    }

    /** What a frame is. The order is the number on the wire. */
    enum Kind {
        /** {@link Hello}; the first frame of who connects. */
        HELLO,
        /** Answer to HELLO: let in. Payload: the version. */
        WELCOME,
        /** Answer to HELLO: {@link Refused}. */
        REFUSED,
        MESSAGE,
        /** Eight bytes that come back in a PONG. */
        PING,
        PONG,
        SNAPSHOT_HEADER,
        SNAPSHOT_CHUNK,
        SNAPSHOT_END,
        /** The sender gave up; a text. */
        SNAPSHOT_ABORT,
        /** The receiver has all of it. */
        SNAPSHOT_TAKEN,
        /** The receiver does not want it; a text. */
        SNAPSHOT_REFUSED
    }

    record Frame(Kind kind, byte[] payload) {
        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }
    }

    /**
     * Reads the preface of the other side.
     *
     * @throws Carrier.OtherProtocolException when its first bytes are no preface at all
     */
    void readPreface() throws IOException {
        byte[] head = in.readNBytes(Carrier.HEAD_BYTES);
        if (head.length < Carrier.HEAD_BYTES) {
            throw new EOFException("the connection was closed before its first bytes");
        }
        if (!isHead(head)) throw new Carrier.OtherProtocolException(head);
        byte[] rest = in.readNBytes(PREFACE.length - Carrier.HEAD_BYTES);
        if (!Arrays.equals(rest, 0, rest.length, PREFACE, Carrier.HEAD_BYTES, PREFACE.length)) {
            throw new IOException("the peer speaks another version of this protocol");
        }
    }

    /** Whether a connection that begins so carries frames of this kind, with nothing below. */
    static boolean isHead(byte[] head) {
        return Arrays.equals(head, 0, Carrier.HEAD_BYTES, PREFACE, 0, Carrier.HEAD_BYTES);
    }

    /** Throws away what comes; false at the end. */
    boolean skip() throws IOException {
        return in.read(skipped) >= 0;
    }

    void writePreface() throws IOException {
        out.write(PREFACE);
    }

    Frame read(int bytesMax) throws IOException {
        int length = in.readInt();
        int kind = in.readUnsignedByte();
        int sum = in.readInt();
        if (length < 0 || length > bytesMax || kind >= KINDS.length) {
            throw new IOException(
                    "a frame of kind "
                            + kind
                            + " and "
                            + length
                            + " bytes is not part of the protocol");
        }
        byte[] payload = length == 0 ? NOTHING : in.readNBytes(length);
        if (payload.length < length) throw new EOFException("the connection ended inside a frame");
        readSum.reset();
        readSum.update(kind);
        readSum.update(payload, 0, length);
        if ((int) readSum.getValue() != sum) {
            throw new IOException("a frame was damaged on its way; its checksum does not match");
        }
        return new Frame(KINDS[kind], payload);
    }

    /** Writes into the buffer; {@link #flush} sends. Not safe for two threads at once. */
    void write(Kind kind, byte[] payload, int length) throws IOException {
        writeSum.reset();
        writeSum.update(kind.ordinal());
        writeSum.update(payload, 0, length);
        out.writeInt(length);
        out.writeByte(kind.ordinal());
        out.writeInt((int) writeSum.getValue());
        out.write(payload, 0, length);
    }

    void write(Kind kind, byte[] payload) throws IOException {
        write(kind, payload, payload.length);
    }

    void write(Kind kind) throws IOException {
        write(kind, NOTHING);
    }

    void write(Kind kind, String text) throws IOException {
        write(kind, text.getBytes(StandardCharsets.UTF_8));
    }

    void flush() throws IOException {
        out.flush();
    }

    /** A payload of several fields. */
    static byte[] bytes(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream data = new DataOutputStream(bytes)) {
            fields.writeTo(data);
        } catch (IOException e) {
            throw new AssertionError("memory does not fail", e);
        }
        return bytes.toByteArray();
    }

    static DataInputStream fields(byte[] payload) {
        return new DataInputStream(new ByteArrayInputStream(payload));
    }

    /** Writes the fields of a payload. */
    interface Fields {
        void writeTo(DataOutputStream out) throws IOException;
    }
}
