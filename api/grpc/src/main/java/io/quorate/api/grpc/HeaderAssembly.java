package io.quorate.api.grpc;

import java.util.Arrays;

/**
 * Joins HEADERS and CONTINUATION frames to one header block (RFC 9113 §6.10). Bounded in bytes and
 * in fragments, so that neither a long block nor a stream of empty CONTINUATION frames
 * ("CONTINUATION flood") costs more than one block. Not thread-safe: the reader thread.
 */
final class HeaderAssembly {
    /** A list of the largest size in frames of 16 KiB needs few; senders do not make tiny ones. */
    private static final int MAX_FRAGMENTS = 64;

    private final int maxBytes;
    private byte[] block = new byte[0];
    private int length;
    private int fragments;
    private int stream;
    private boolean endStream;

    HeaderAssembly(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** True between a HEADERS without END_HEADERS and the frame that has it. */
    boolean open() {
        return stream != 0;
    }

    int stream() {
        return stream;
    }

    boolean endStream() {
        return endStream;
    }

    byte[] block() {
        return block;
    }

    int length() {
        return length;
    }

    void begin(int id, boolean end, byte[] from, int offset, int n) throws ConnectionException {
        stream = id;
        endStream = end;
        length = 0;
        fragments = 0;
        add(from, offset, n);
    }

    void add(byte[] from, int offset, int n) throws ConnectionException {
        if (++fragments > MAX_FRAGMENTS || length + n > maxBytes) {
            throw new ConnectionException(ErrorCode.ENHANCE_YOUR_CALM, "header block too large");
        }
        if (block.length < length + n) {
            block = Arrays.copyOf(block, Math.max(block.length * 2, length + n));
        }
        System.arraycopy(from, offset, block, length, n);
        length += n;
    }

    /** The block has been decoded. */
    void done() {
        stream = 0;
        block = new byte[0];
        length = 0;
    }
}
