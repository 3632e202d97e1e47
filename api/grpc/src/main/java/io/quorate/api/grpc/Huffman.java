package io.quorate.api.grpc;

/**
 * Decodes the Huffman code of HPACK (RFC 7541 §5.2, Appendix B).
 *
 * <p>The code is canonical: codes of one length are consecutive numbers in the order of their
 * symbols, and go on from those of the next shorter length. So the lengths alone define it, and a
 * symbol is found by comparing the next bits with the first code of each length.
 */
final class Huffman {
    private static final int EOS = 256;
    private static final int LONGEST = 30;

    /** Bits of the code of each symbol 0 to 255; the 257th is EOS. */
    private static final byte[] LENGTHS = {
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30
    };

    /** Symbols in the order of their codes. */
    private static final short[] SYMBOLS = new short[LENGTHS.length];

    /** Where the codes of a length start in {@link #SYMBOLS}. */
    private static final int[] FIRST_SYMBOL = new int[LONGEST + 1];

    /** One more than the last code of a length, left-aligned in 32 bits (as a long). */
    private static final long[] LIMIT = new long[LONGEST + 1];

    private static final int[] FIRST_CODE = new int[LONGEST + 1];

    static {
        int code = 0;
        int next = 0;
        for (int length = 1; length <= LONGEST; length++) {
            code <<= 1;
            FIRST_CODE[length] = code;
            FIRST_SYMBOL[length] = next;
            for (int symbol = 0; symbol < LENGTHS.length; symbol++) {
                if (LENGTHS[symbol] == length) {
                    SYMBOLS[next++] = (short) symbol;
                    code++;
                }
            }
            LIMIT[length] = (long) code << 32 - length;
        }
    }

    private Huffman() {}

    /**
     * Decodes {@code length} bytes into {@code to}, which must have room for {@code 8 * length /
     * 5}.
     *
     * @return the number of bytes decoded
     * @throws ConnectionException COMPRESSION_ERROR for an EOS symbol or padding that is not the
     *     start of EOS or is longer than 7 bits (RFC 7541 §5.2)
     */
    static int decode(byte[] from, int offset, int length, byte[] to) throws ConnectionException {
        long bits = 0;
        int count = 0;
        int at = offset;
        int end = offset + length;
        int written = 0;
        while (true) {
            while (count <= 32 && at < end) {
                bits |= (from[at++] & 255L) << 56 - count;
                count += 8;
            }
            if (count < 5) {
                break;
            }
            long window = bits >>> 32;
            int codeBits = 5;
            while (codeBits <= LONGEST && window >= LIMIT[codeBits]) {
                codeBits++;
            }
            if (codeBits > count || codeBits > LONGEST) {
                break;
            }
            int code = (int) (window >>> 32 - codeBits);
            int symbol = SYMBOLS[FIRST_SYMBOL[codeBits] + code - FIRST_CODE[codeBits]];
            if (symbol == EOS) {
                throw malformed();
            }
            to[written++] = (byte) symbol;
            bits <<= codeBits;
            count -= codeBits;
        }
        boolean padding = count < 8 && bits == (count == 0 ? 0 : -1L << 64 - count);
        if (!padding) {
            throw malformed();
        }
        return written;
    }

    private static ConnectionException malformed() {
        return new ConnectionException(ErrorCode.COMPRESSION_ERROR, "malformed Huffman string");
    }
}
