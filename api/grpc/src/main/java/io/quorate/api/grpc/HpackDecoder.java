package io.quorate.api.grpc;

import java.nio.charset.StandardCharsets;

/**
 * Decodes header blocks (RFC 7541) with a limit on the decoded list.
 *
 * <p>A block of 16 KiB can name a table entry of 4 KiB sixteen thousand times (an "HPACK bomb").
 * Past the limit fields are still decoded, because the table must stay in step with the peer's, but
 * no longer kept; the list comes back marked {@link ReceivedHeaders#tooLarge()}.
 *
 * <p>Not thread-safe: one reader thread.
 */
final class HpackDecoder {
    private static final int FIELD_OVERHEAD = 32;

    private final HeaderTable table;
    private final int maxListBytes;
    private byte[] scratch = new byte[256];

    private byte[] block;
    private int at;
    private int end;

    /**
     * @param tableBytes dynamic table limit, as announced in SETTINGS_HEADER_TABLE_SIZE
     * @param maxListBytes limit of a decoded list: names, values and 32 for each field
     */
    HpackDecoder(int tableBytes, int maxListBytes) {
        this.table = new HeaderTable(tableBytes);
        this.maxListBytes = maxListBytes;
    }

    /**
     * Decodes one whole header block.
     *
     * @throws ConnectionException COMPRESSION_ERROR; the connection cannot go on, the tables differ
     */
    ReceivedHeaders decode(byte[] bytes, int offset, int length) throws ConnectionException {
        block = bytes;
        at = offset;
        end = offset + length;
        ReceivedHeaders headers = new ReceivedHeaders();
        long listBytes = 0;
        boolean fieldSeen = false;
        while (at < end) {
            int first = block[at] & 255;
            if ((first & 0xe0) == 0x20) {
                if (fieldSeen) {
                    throw malformed("table size update after a field");
                }
                table.resize(integer(5));
                continue;
            }
            fieldSeen = true;
            listBytes += field(first, headers, listBytes);
        }
        block = null;
        return headers;
    }

    /** Decodes a field and returns its size in the list. */
    private long field(int first, ReceivedHeaders headers, long listBytes)
            throws ConnectionException {
        String name;
        String value;
        if ((first & 0x80) != 0) {
            long index = integer(7);
            name = table.name(index);
            value = table.value(index);
        } else {
            boolean indexed = (first & 0x40) != 0;
            long index = integer(indexed ? 6 : 4);
            name = index == 0 ? string() : table.name(index);
            value = string();
            if (indexed) {
                table.add(name, value);
            }
        }
        long size = name.length() + value.length() + FIELD_OVERHEAD;
        if (listBytes + size > maxListBytes) {
            headers.markTooLarge();
        } else {
            headers.add(name, value);
        }
        return size;
    }

    private long integer(int prefixBits) throws ConnectionException {
        int mask = (1 << prefixBits) - 1;
        long value = next() & mask;
        if (value < mask) {
            return value;
        }
        for (int shift = 0; shift <= 28; shift += 7) {
            int b = next();
            value += (long) (b & 127) << shift;
            if (b < 128) {
                return value;
            }
        }
        throw malformed("integer too large");
    }

    private String string() throws ConnectionException {
        if (at >= end) {
            throw malformed("cut short");
        }
        boolean huffman = (block[at] & 0x80) != 0;
        long length = integer(7);
        if (length > end - at) {
            throw malformed("cut short");
        }
        int from = at;
        at += (int) length;
        if (!huffman) {
            return new String(block, from, (int) length, StandardCharsets.ISO_8859_1);
        }
        int room = (int) length * 8 / 5 + 1;
        if (scratch.length < room) {
            scratch = new byte[room];
        }
        int decoded = Huffman.decode(block, from, (int) length, scratch);
        String text = new String(scratch, 0, decoded, StandardCharsets.ISO_8859_1);
        if (scratch.length > 8192) {
            scratch = new byte[256];
        }
        return text;
    }

    private int next() throws ConnectionException {
        if (at >= end) {
            throw malformed("cut short");
        }
        return block[at++] & 255;
    }

    private static ConnectionException malformed(String what) {
        return new ConnectionException(ErrorCode.COMPRESSION_ERROR, "header block: " + what);
    }
}
