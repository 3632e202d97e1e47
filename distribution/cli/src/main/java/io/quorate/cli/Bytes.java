package io.quorate.cli;

import java.nio.charset.StandardCharsets;

/**
 * Byte strings: the tools keep keys, values, arguments and output as Strings that hold one byte in
 * each character (ISO-8859-1). Like Go's strings they carry any bytes unharmed, whatever the locale
 * says, from the command line to the server and back to the terminal.
 */
public final class Bytes {
    private Bytes() {}

    /** The byte string of these bytes. */
    public static String of(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** The byte string of an ordinary text, in UTF-8. */
    public static String ofText(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) return of(text.getBytes(StandardCharsets.UTF_8));
        }
        return text;
    }

    /** The bytes that a byte string holds. */
    public static byte[] toArray(String bytes) {
        return bytes.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The ordinary text whose UTF-8 a byte string holds; what is no UTF-8 becomes U+FFFD. */
    public static String toText(String bytes) {
        return new String(toArray(bytes), StandardCharsets.UTF_8);
    }
}
