package io.quorate.cli;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Values in the text forms of Go's {@code strconv}, {@code time} and {@code fmt}, with their error
 * words: scripts of etcd's users read and match them. All texts are byte strings, see {@link
 * Bytes}.
 */
public final class GoText {
    private static final BigInteger UINT64_MAX = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);
    private static final BigInteger INT64_MAX = BigInteger.valueOf(Long.MAX_VALUE);
    private static final BigInteger INT64_MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigDecimal NANOS_MAX = new BigDecimal(Long.MAX_VALUE);
    private static final String SYNTAX = "invalid syntax";
    private static final String RANGE = "value out of range";
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private GoText() {}

    /** A text that is not a value of its type; the message is Go's. */
    public static final class BadValue extends Exception {
        private static final long serialVersionUID = 1;

        BadValue(String message) {
            super(message, null, false, false);
        }
    }

    /** {@code strconv.ParseBool}. */
    public static boolean parseBool(String text) throws BadValue {
        return switch (text) {
            case "1", "t", "T", "TRUE", "true", "True" -> true;
            case "0", "f", "F", "FALSE", "false", "False" -> false;
            default -> throw bad("ParseBool", text, SYNTAX);
        };
    }

    /**
     * {@code strconv.ParseInt} with 64 bits.
     *
     * @param radix 2 to 36, or 0 to take it from the prefix (0x, 0o, 0b, 0)
     */
    public static long parseInt(String text, int radix) throws BadValue {
        boolean negative = text.startsWith("-");
        boolean sign = negative || text.startsWith("+");
        BigInteger number = integer("ParseInt", text, sign ? text.substring(1) : text, radix);
        if (negative) number = number.negate();
        if (number.compareTo(INT64_MAX) > 0 || number.compareTo(INT64_MIN) < 0) {
            throw bad("ParseInt", text, RANGE);
        }
        return number.longValue();
    }

    /** {@code strconv.ParseUint} with 64 bits; the result's bits are unsigned. */
    public static long parseUint(String text, int radix) throws BadValue {
        BigInteger number = integer("ParseUint", text, text, radix);
        if (number.compareTo(UINT64_MAX) > 0) throw bad("ParseUint", text, RANGE);
        return number.longValue();
    }

    private static BadValue bad(String function, String text, String why) {
        return new BadValue("strconv." + function + ": parsing " + quote(text) + ": " + why);
    }

    private static BigInteger integer(String function, String whole, String text, int radix)
            throws BadValue {
        String digits = text;
        int base = radix;
        if (radix == 0) {
            base = prefixRadix(text);
            if (base != 10) digits = text.substring(base == 8 && !hasLetter(text) ? 1 : 2);
            if (base != 10) digits = withoutUnderscores(function, whole, digits);
        }
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if (c >= 0x80 || Character.digit(c, base) < 0) throw bad(function, whole, SYNTAX);
        }
        if (digits.isEmpty()) throw bad(function, whole, SYNTAX);
        return new BigInteger(digits, base);
    }

    private static boolean hasLetter(String text) {
        return text.length() > 1 && Character.isLetter(text.charAt(1));
    }

    private static int prefixRadix(String text) {
        if (text.length() < 2 || text.charAt(0) != '0') return 10;
        return switch (text.charAt(1)) {
            case 'x', 'X' -> 16;
            case 'b', 'B' -> 2;
            default -> 8;
        };
    }

    /** An underscore may stand between digits only. */
    private static String withoutUnderscores(String function, String whole, String digits)
            throws BadValue {
        if (digits.contains("__") || digits.endsWith("_")) throw bad(function, whole, SYNTAX);
        return digits.replace("_", "");
    }

    /** {@code time.ParseDuration}: {@code 1h30m}, {@code 1.5s}, {@code -100ms}, {@code 0}. */
    public static Duration parseDuration(String text) throws BadValue {
        String invalid = "time: invalid duration " + quote(text);
        boolean negative = text.startsWith("-");
        String rest = negative || text.startsWith("+") ? text.substring(1) : text;
        if (rest.equals("0")) return Duration.ZERO;
        if (rest.isEmpty()) throw new BadValue(invalid);
        BigDecimal nanos = BigDecimal.ZERO;
        int at = 0;
        while (at < rest.length()) {
            int unit = at;
            while (unit < rest.length() && isNumeric(rest.charAt(unit))) unit++;
            int end = unit;
            while (end < rest.length() && !isNumeric(rest.charAt(end))) end++;
            String digits = rest.substring(at, unit);
            if (!isDecimal(digits)) throw new BadValue(invalid);
            nanos =
                    nanos.add(
                            new BigDecimal("0" + digits + (digits.endsWith(".") ? "0" : ""))
                                    .multiply(unit(rest.substring(unit, end), text)));
            at = end;
        }
        if (nanos.compareTo(NANOS_MAX) > 0) throw new BadValue(invalid);
        Duration duration = Duration.ofNanos(nanos.longValue());
        return negative ? duration.negated() : duration;
    }

    private static boolean isNumeric(char c) {
        return c >= '0' && c <= '9' || c == '.';
    }

    private static boolean isDecimal(String digits) {
        return digits.chars().anyMatch(c -> c != '.')
                && digits.chars().filter(c -> c == '.').count() <= 1;
    }

    private static BigDecimal unit(String name, String text) throws BadValue {
        return BigDecimal.valueOf(
                switch (Bytes.toText(name)) {
                    case "ns" -> 1L;
                    case "us", "µs", "μs" -> 1_000L;
                    case "ms" -> 1_000_000L;
                    case "s" -> 1_000_000_000L;
                    case "m" -> 60_000_000_000L;
                    case "h" -> 3_600_000_000_000L;
                    case "" -> throw new BadValue("time: missing unit in duration " + quote(text));
                    default ->
                            throw new BadValue(
                                    "time: unknown unit "
                                            + quote(name)
                                            + " in duration "
                                            + quote(text));
                });
    }

    /** A duration as Go prints it: {@code 1m0s}, {@code 100ms}, {@code 1.5s}, {@code 0s}. */
    public static String duration(Duration duration) {
        if (duration.isZero()) return "0s";
        String sign = duration.isNegative() ? "-" : "";
        long nanos = Math.abs(duration.toNanos());
        if (nanos < 1_000) return sign + nanos + "ns";
        if (nanos < 1_000_000) return sign + decimal(nanos, 3) + Bytes.ofText("µs");
        if (nanos < 1_000_000_000) return sign + decimal(nanos, 6) + "ms";
        long minutes = nanos / 60_000_000_000L;
        String seconds = decimal(nanos % 60_000_000_000L, 9) + "s";
        if (minutes == 0) return sign + seconds;
        String hours = minutes >= 60 ? minutes / 60 + "h" : "";
        return sign + hours + minutes % 60 + "m" + seconds;
    }

    private static String decimal(long value, int scale) {
        BigDecimal number = BigDecimal.valueOf(value, scale).stripTrailingZeros();
        return number.signum() == 0 ? "0" : number.toPlainString();
    }

    /** One record of comma separated values, a field may stand in double quotes. */
    static List<String> parseCsv(String text) throws BadValue {
        List<String> fields = new ArrayList<>();
        if (text.isEmpty()) return fields;
        int at = 0;
        while (true) {
            if (at < text.length() && text.charAt(at) == '"') {
                StringBuilder field = new StringBuilder();
                at = quotedField(text, at + 1, field);
                fields.add(field.toString());
            } else {
                int end = text.indexOf(',', at);
                String field = text.substring(at, end < 0 ? text.length() : end);
                int quote = field.indexOf('"');
                if (quote >= 0) throw csvError(at + quote + 1, "bare \" in non-quoted-field");
                fields.add(field);
                at = end < 0 ? text.length() : end;
            }
            if (at >= text.length()) return fields;
            at++;
        }
    }

    private static int quotedField(String text, int from, StringBuilder field) throws BadValue {
        int at = from;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c != '"') {
                field.append(c);
            } else if (at == text.length() || text.charAt(at) == ',') {
                return at;
            } else if (text.charAt(at) == '"') {
                field.append('"');
                at++;
            } else {
                throw csvError(at, "extraneous or missing \" in quoted-field");
            }
        }
        throw csvError(text.length() + 1, "extraneous or missing \" in quoted-field");
    }

    private static BadValue csvError(int column, String why) {
        return new BadValue("parse error on line 1, column " + column + ": " + why);
    }

    /** {@code %016x}. */
    public static String hex16(long value) {
        String digits = Long.toHexString(value);
        return "0".repeat(16 - digits.length()) + digits;
    }

    /** {@code %q}: in double quotes, what cannot be printed as an escape. */
    public static String quote(String bytes) {
        StringBuilder out = new StringBuilder(bytes.length() + 2).append('"');
        int at = 0;
        while (at < bytes.length()) {
            char c = bytes.charAt(at);
            if (c < 0x80) {
                quoteAscii(out, c);
                at++;
            } else {
                int length = Utf8.length(bytes, at);
                if (length == 0) {
                    hexEscape(out, "\\x", c, 2);
                    at++;
                } else {
                    quoteRune(out, bytes.substring(at, at + length));
                    at += length;
                }
            }
        }
        return out.append('"').toString();
    }

    private static void quoteAscii(StringBuilder out, char c) {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case 7 -> out.append("\\a");
            case '\b' -> out.append("\\b");
            case '\f' -> out.append("\\f");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case 11 -> out.append("\\v");
            default -> {
                if (c < ' ' || c == 0x7f) hexEscape(out, "\\x", c, 2);
                else out.append(c);
            }
        }
    }

    private static void quoteRune(StringBuilder out, String utf8) {
        int rune = Bytes.toText(utf8).codePointAt(0);
        if (isPrint(rune)) out.append(utf8);
        else if (rune >= 0x10000) hexEscape(out, "\\U", rune, 8);
        else hexEscape(out, "\\u", rune, 4);
    }

    private static void hexEscape(StringBuilder out, String prefix, int value, int digits) {
        out.append(prefix);
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
            out.append(HEX[value >>> shift & 15]);
        }
    }

    /** Letters, marks, numbers, punctuation and symbols; of the spaces only the ASCII one. */
    private static boolean isPrint(int rune) {
        return switch (Character.getType(rune)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.SPACE_SEPARATOR,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    false;
            default -> true;
        };
    }

    /**
     * {@code strconv.Unquote} of a text in double quotes or backquotes.
     *
     * @throws BadValue where it is no such text
     */
    public static String unquote(String text) throws BadValue {
        int end = text.length() - 1;
        if (end < 1 || text.charAt(0) != text.charAt(end)) throw new BadValue(SYNTAX);
        String inner = text.substring(1, end);
        if (text.charAt(0) == '`') {
            if (inner.indexOf('`') >= 0) throw new BadValue(SYNTAX);
            return inner.replace("\r", "");
        }
        if (text.charAt(0) != '"' || inner.indexOf('\n') >= 0) throw new BadValue(SYNTAX);
        StringBuilder out = new StringBuilder(inner.length());
        int at = 0;
        while (at < inner.length()) {
            char c = inner.charAt(at++);
            if (c == '"') throw new BadValue(SYNTAX);
            if (c != '\\') out.append(c);
            else at = unescape(inner, at, out);
        }
        return out.toString();
    }

    private static int unescape(String text, int at, StringBuilder out) throws BadValue {
        if (at == text.length()) throw new BadValue(SYNTAX);
        char c = text.charAt(at);
        switch (c) {
            case 'a' -> out.append('\u0007');
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'n' -> out.append('\n');
            case 'r' -> out.append('\r');
            case 't' -> out.append('\t');
            case 'v' -> out.append('\u000b');
            case '\\', '"' -> out.append(c);
            case 'x' -> {
                out.append((char) digits(text, at + 1, 2, 16));
                return at + 3;
            }
            case 'u', 'U' -> {
                int count = c == 'u' ? 4 : 8;
                int rune = digits(text, at + 1, count, 16);
                if (!Character.isValidCodePoint(rune) || rune >= 0xd800 && rune < 0xe000) {
                    throw new BadValue(SYNTAX);
                }
                out.append(Bytes.ofText(Character.toString(rune)));
                return at + 1 + count;
            }
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                int value = digits(text, at, 3, 8);
                if (value > 255) throw new BadValue(SYNTAX);
                out.append((char) value);
                return at + 3;
            }
            default -> throw new BadValue(SYNTAX);
        }
        return at + 1;
    }

    private static int digits(String text, int from, int count, int radix) throws BadValue {
        if (from + count > text.length()) throw new BadValue(SYNTAX);
        int value = 0;
        for (int i = from; i < from + count; i++) {
            int digit = Character.digit(text.charAt(i), radix);
            if (digit < 0) throw new BadValue(SYNTAX);
            value = value * radix + digit;
        }
        return value;
    }

    /** A number of bytes for people, in powers of 1000: {@code 20 kB}, {@code 2.1 GB}. */
    public static String size(long bytes) {
        if (Long.compareUnsigned(bytes, 10) < 0) return bytes + " B";
        double value =
                bytes >= 0 ? bytes : new BigInteger(Long.toUnsignedString(bytes)).doubleValue();
        String[] units = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
        int exponent = (int) Math.floor(Math.log(value) / Math.log(1000));
        double scaled = Math.floor(value / Math.pow(1000, exponent) * 10 + 0.5) / 10;
        String number =
                scaled < 10
                        ? BigDecimal.valueOf(scaled).setScale(1).toPlainString()
                        : BigDecimal.valueOf(scaled)
                                .setScale(0, RoundingMode.HALF_EVEN)
                                .toPlainString();
        return number + " " + units[exponent];
    }
}
