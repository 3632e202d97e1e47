package io.quorate.api.tls;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** Writes ASN.1 in its distinguished encoding (X.690), as far as keys and certificates need it. */
final class Der {
    private static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'");
    private static final DateTimeFormatter GENERALIZED =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'");

    /** RFC 5280 §4.1.2.5: from this year on times are written with four digits. */
    private static final int FIRST_LONG_YEAR = 2050;

    private Der() {}

    static byte[] sequence(byte[]... parts) {
        return tagged(0x30, parts);
    }

    static byte[] set(byte[]... parts) {
        return tagged(0x31, parts);
    }

    static byte[] integer(BigInteger value) {
        return tagged(2, value.toByteArray());
    }

    static byte[] octets(byte[] value) {
        return tagged(4, value);
    }

    /** A bit string of whole bytes. */
    static byte[] bits(byte[] value) {
        return tagged(3, new byte[] {0}, value);
    }

    /** A bit string that ends with {@code unused} zero bits that do not count. */
    static byte[] bits(int unused, int value) {
        return tagged(3, new byte[] {(byte) unused, (byte) value});
    }

    static byte[] yes() {
        return new byte[] {1, 1, (byte) 0xff};
    }

    static byte[] utf8(String text) {
        return tagged(12, text.getBytes(StandardCharsets.UTF_8));
    }

    /** An object identifier such as {@code 2.5.29.17}. */
    static byte[] oid(String dotted) {
        String[] arcs = dotted.split("\\.");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(40 * Integer.parseInt(arcs[0]) + Integer.parseInt(arcs[1]));
        for (int i = 2; i < arcs.length; i++) base128(Integer.parseInt(arcs[i]), out);
        return tagged(6, out.toByteArray());
    }

    private static void base128(int value, ByteArrayOutputStream out) {
        int shift = 28;
        while (shift > 0 && value >>> shift == 0) shift -= 7;
        for (; shift > 0; shift -= 7) out.write(value >>> shift & 0x7f | 0x80);
        out.write(value & 0x7f);
    }

    static byte[] time(ZonedDateTime time) {
        ZonedDateTime utc = time.withZoneSameInstant(ZoneOffset.UTC);
        boolean shortYear = utc.getYear() < FIRST_LONG_YEAR;
        String text = (shortYear ? UTC : GENERALIZED).format(utc);
        return tagged(shortYear ? 0x17 : 0x18, text.getBytes(StandardCharsets.US_ASCII));
    }

    /** A tag, the length of the parts, the parts. */
    static byte[] tagged(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) length += part.length;
        ByteArrayOutputStream out = new ByteArrayOutputStream(length + 5);
        out.write(tag);
        if (length < 128) {
            out.write(length);
        } else if (length < 256) {
            out.write(0x81);
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        }
        for (byte[] part : parts) out.writeBytes(part);
        return out.toByteArray();
    }
}
