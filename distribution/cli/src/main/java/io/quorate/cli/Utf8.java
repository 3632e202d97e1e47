package io.quorate.cli;

/** Where the characters of UTF-8 are in a byte string. */
final class Utf8 {
    private Utf8() {}

    /** The length in bytes, 1 to 4, of the character at {@code at}; 0 where no valid one is. */
    static int length(String bytes, int at) {
        int first = bytes.charAt(at);
        if (first < 0x80) return 1;
        int length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : 2;
        if (first < 0xc2 || first >= 0xf5 || at + length > bytes.length()) return 0;
        for (int i = 1; i < length; i++) {
            if ((bytes.charAt(at + i) & 0xc0) != 0x80 || bytes.charAt(at + i) > 0xff) return 0;
        }
        int second = bytes.charAt(at + 1);
        boolean overlong = first == 0xe0 && second < 0xa0 || first == 0xf0 && second < 0x90;
        boolean outside = first == 0xed && second >= 0xa0 || first == 0xf4 && second >= 0x90;
        return overlong || outside ? 0 : length;
    }

    /** How many characters a byte string has; a byte that is none counts as one. */
    static int count(String bytes) {
        int count = 0;
        for (int at = 0; at < bytes.length(); count++) at += Math.max(1, length(bytes, at));
        return count;
    }
}
