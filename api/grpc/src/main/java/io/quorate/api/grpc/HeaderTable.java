package io.quorate.api.grpc;

/**
 * HPACK's table of known header fields: the 61 static ones (RFC 7541 Appendix A) followed by those
 * the peer added, newest first. Never larger than the size given: the oldest go first.
 *
 * <p>Not thread-safe: one reader thread.
 */
final class HeaderTable {
    private static final int ENTRY_OVERHEAD = 32;

    /** Name, value, name, value ... of indexes 1 to 61. */
    private static final String[] STATIC = {
        ":authority",
        "",
        ":method",
        "GET",
        ":method",
        "POST",
        ":path",
        "/",
        ":path",
        "/index.html",
        ":scheme",
        "http",
        ":scheme",
        "https",
        ":status",
        "200",
        ":status",
        "204",
        ":status",
        "206",
        ":status",
        "304",
        ":status",
        "400",
        ":status",
        "404",
        ":status",
        "500",
        "accept-charset",
        "",
        "accept-encoding",
        "gzip, deflate",
        "accept-language",
        "",
        "accept-ranges",
        "",
        "accept",
        "",
        "access-control-allow-origin",
        "",
        "age",
        "",
        "allow",
        "",
        "authorization",
        "",
        "cache-control",
        "",
        "content-disposition",
        "",
        "content-encoding",
        "",
        "content-language",
        "",
        "content-length",
        "",
        "content-location",
        "",
        "content-range",
        "",
        "content-type",
        "",
        "cookie",
        "",
        "date",
        "",
        "etag",
        "",
        "expect",
        "",
        "expires",
        "",
        "from",
        "",
        "host",
        "",
        "if-match",
        "",
        "if-modified-since",
        "",
        "if-none-match",
        "",
        "if-range",
        "",
        "if-unmodified-since",
        "",
        "last-modified",
        "",
        "link",
        "",
        "location",
        "",
        "max-forwards",
        "",
        "proxy-authenticate",
        "",
        "proxy-authorization",
        "",
        "range",
        "",
        "referer",
        "",
        "refresh",
        "",
        "retry-after",
        "",
        "server",
        "",
        "set-cookie",
        "",
        "strict-transport-security",
        "",
        "transfer-encoding",
        "",
        "user-agent",
        "",
        "vary",
        "",
        "via",
        "",
        "www-authenticate",
        ""
    };

    private static final int STATIC_ENTRIES = STATIC.length / 2;

    private final int maxBytesAllowed;
    private int maxBytes;
    private int bytes;

    /** A ring of name, value pairs; {@link #newest} is the slot of the youngest. */
    private String[] ring = new String[32];

    private int newest;
    private int entries;

    /**
     * @param maxBytes the SETTINGS_HEADER_TABLE_SIZE we announced, in HPACK's count (name + value +
     *     32)
     */
    HeaderTable(int maxBytes) {
        this.maxBytesAllowed = maxBytes;
        this.maxBytes = maxBytes;
    }

    String name(long index) throws ConnectionException {
        return at(index, 0);
    }

    String value(long index) throws ConnectionException {
        return at(index, 1);
    }

    private String at(long index, int part) throws ConnectionException {
        if (index < 1 || index > STATIC_ENTRIES + entries) {
            throw new ConnectionException(
                    ErrorCode.COMPRESSION_ERROR, "no header table entry " + index);
        }
        if (index <= STATIC_ENTRIES) {
            return STATIC[2 * ((int) index - 1) + part];
        }
        int slots = ring.length / 2;
        int slot = Math.floorMod(newest - ((int) index - STATIC_ENTRIES - 1), slots);
        return ring[2 * slot + part];
    }

    /** Adds a field; one larger than the table empties it (RFC 7541 §4.4). */
    void add(String name, String value) {
        int size = name.length() + value.length() + ENTRY_OVERHEAD;
        evictTo(maxBytes - size);
        if (size > maxBytes) {
            return;
        }
        int slots = ring.length / 2;
        if (entries == slots) {
            ring = doubled();
            newest = entries - 1;
            slots *= 2;
        }
        newest = (newest + 1) % slots;
        ring[2 * newest] = name;
        ring[2 * newest + 1] = value;
        entries++;
        bytes += size;
    }

    /** The peer's encoder uses a smaller or larger table from here on (RFC 7541 §6.3). */
    void resize(long newMax) throws ConnectionException {
        if (newMax > maxBytesAllowed) {
            throw new ConnectionException(
                    ErrorCode.COMPRESSION_ERROR,
                    "header table of " + newMax + " bytes, at most " + maxBytesAllowed);
        }
        maxBytes = (int) newMax;
        evictTo(maxBytes);
    }

    int bytes() {
        return bytes;
    }

    private void evictTo(int target) {
        int slots = ring.length / 2;
        while (entries > 0 && bytes > target) {
            int oldest = Math.floorMod(newest - (entries - 1), slots);
            bytes -= ring[2 * oldest].length() + ring[2 * oldest + 1].length() + ENTRY_OVERHEAD;
            ring[2 * oldest] = null;
            ring[2 * oldest + 1] = null;
            entries--;
        }
    }

    private String[] doubled() {
        String[] larger = new String[ring.length * 2];
        int slots = ring.length / 2;
        for (int i = 0; i < entries; i++) {
            int slot = Math.floorMod(newest - (entries - 1) + i, slots);
            larger[2 * i] = ring[2 * slot];
            larger[2 * i + 1] = ring[2 * slot + 1];
        }
        return larger;
    }
}
