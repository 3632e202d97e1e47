package io.quorate.api.grpc;

/**
 * Cuts a byte stream into frames. Bytes may arrive in any split; whole frames are handed on
 * straight from the caller's array, only a frame cut by the end of an array is copied. Not
 * thread-safe: one reader thread.
 *
 * <p>Holds at most one frame: 9 + 16 384 bytes.
 */
final class FrameReader {
    /** Takes frames; the payload array is the reader's, valid during the call only. */
    interface Handler {
        /**
         * One frame, payload {@code [offset, offset + length)}.
         *
         * @return false to stop reading: the rest of the bytes is not looked at
         */
        boolean frame(int type, int flags, int stream, byte[] payload, int offset, int length)
                throws ConnectionException;
    }

    private final Handler handler;
    private final byte[] preface;
    private int prefaceSeen;
    private byte[] held = new byte[Frames.HEADER_BYTES];
    private int heldBytes;
    private boolean stopped;

    /**
     * @param preface bytes that must come before the first frame; may be empty
     */
    FrameReader(byte[] preface, Handler handler) {
        this.preface = preface;
        this.handler = handler;
    }

    /**
     * Takes the next bytes.
     *
     * @throws ConnectionException PROTOCOL_ERROR for a wrong preface, FRAME_SIZE_ERROR for a frame
     *     over 16 384 bytes, or what the handler throws
     */
    void receive(byte[] bytes, int offset, int length) throws ConnectionException {
        int end = offset + length;
        int at = skipPreface(bytes, offset, end);
        if (heldBytes > 0) {
            at = completeHeldFrame(bytes, at, end);
        }
        while (!stopped && end - at >= Frames.HEADER_BYTES) {
            int frameBytes = frameBytes(bytes, at);
            if (end - at < frameBytes) {
                break;
            }
            deliver(bytes, at, frameBytes);
            at += frameBytes;
        }
        if (!stopped && at < end) {
            hold(bytes, at, end - at);
        }
    }

    /** True when the handler asked to stop. */
    boolean stopped() {
        return stopped;
    }

    private int skipPreface(byte[] bytes, int at, int end) throws ConnectionException {
        while (prefaceSeen < preface.length && at < end) {
            if (bytes[at++] != preface[prefaceSeen++]) {
                throw new ConnectionException(
                        ErrorCode.PROTOCOL_ERROR, "not an HTTP/2 connection preface");
            }
        }
        return at;
    }

    private int completeHeldFrame(byte[] bytes, int at, int end) throws ConnectionException {
        int from = at;
        if (heldBytes < Frames.HEADER_BYTES) {
            int n = Math.min(Frames.HEADER_BYTES - heldBytes, end - from);
            hold(bytes, from, n);
            from += n;
            if (heldBytes < Frames.HEADER_BYTES) {
                return from;
            }
        }
        int frameBytes = frameBytes(held, 0);
        int n = Math.min(frameBytes - heldBytes, end - from);
        hold(bytes, from, n);
        if (heldBytes == frameBytes) {
            heldBytes = 0;
            deliver(held, 0, frameBytes);
        }
        return from + n;
    }

    private void hold(byte[] bytes, int at, int length) {
        if (held.length < heldBytes + length) {
            // Either a header or a whole frame: two sizes, so the array is not grown byte by byte.
            byte[] larger = new byte[Frames.HEADER_BYTES + Frames.DEFAULT_MAX_FRAME];
            System.arraycopy(held, 0, larger, 0, heldBytes);
            held = larger;
        }
        System.arraycopy(bytes, at, held, heldBytes, length);
        heldBytes += length;
    }

    private static int frameBytes(byte[] bytes, int at) throws ConnectionException {
        int length = Frames.getLength(bytes, at);
        if (length > Frames.DEFAULT_MAX_FRAME) {
            throw new ConnectionException(
                    ErrorCode.FRAME_SIZE_ERROR,
                    "frame of " + length + " bytes, at most " + Frames.DEFAULT_MAX_FRAME);
        }
        return Frames.HEADER_BYTES + length;
    }

    private void deliver(byte[] bytes, int at, int frameBytes) throws ConnectionException {
        stopped =
                !handler.frame(
                        bytes[at + 3] & 255,
                        bytes[at + 4] & 255,
                        Frames.getInt(bytes, at + 5) & 0x7fffffff,
                        bytes,
                        at + Frames.HEADER_BYTES,
                        frameBytes - Frames.HEADER_BYTES);
    }
}
