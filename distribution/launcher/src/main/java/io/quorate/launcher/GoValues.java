package io.quorate.launcher;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Locale;

/**
 * Values in the text forms of Go's {@code flag}, {@code strconv} and {@code time} packages, with
 * their error words: scripts and tests of etcd's users match those.
 */
final class GoValues {
    static final String PARSE_ERROR = "parse error";
    static final String OUT_OF_RANGE = "value out of range";

    private static final BigInteger UINT64_MAX = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);
    private static final BigInteger INT64_MAX = BigInteger.valueOf(Long.MAX_VALUE);
    private static final BigInteger INT64_MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigDecimal NANOS_MAX = new BigDecimal(Long.MAX_VALUE);

    private GoValues() {}

    static boolean bool(String text) {
        return switch (text) {
            case "1", "t", "T", "TRUE", "true", "True" -> true;
            case "0", "f", "F", "FALSE", "false", "False" -> false;
            default -> throw new BadValue(PARSE_ERROR);
        };
    }

    /** An unsigned number of 64 bits, as its value or, above 2^63, refused as out of our range. */
    static long unsigned(String text) {
        if (text.startsWith("-") || text.startsWith("+")) throw new BadValue(PARSE_ERROR);
        BigInteger number = integer(text);
        if (number.compareTo(UINT64_MAX) > 0) throw new BadValue(OUT_OF_RANGE);
        if (number.compareTo(INT64_MAX) > 0) throw new BadValue(OUT_OF_RANGE);
        return number.longValueExact();
    }

    static long signed(String text) {
        boolean negative = text.startsWith("-");
        boolean sign = negative || text.startsWith("+");
        BigInteger number = integer(sign ? text.substring(1) : text);
        if (negative) number = number.negate();
        if (number.compareTo(INT64_MAX) > 0 || number.compareTo(INT64_MIN) < 0) {
            throw new BadValue(OUT_OF_RANGE);
        }
        return number.longValueExact();
    }

    /** Digits with Go's prefixes 0x, 0o, 0b and 0, and underscores after a prefix. */
    private static BigInteger integer(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        int radix = 10;
        String digits = lower;
        if (lower.startsWith("0x")) {
            radix = 16;
        } else if (lower.startsWith("0o")) {
            radix = 8;
        } else if (lower.startsWith("0b")) {
            radix = 2;
        } else if (lower.startsWith("0") && lower.length() > 1) {
            radix = 8;
            digits = lower.substring(1);
        }
        if (lower.length() > 1 && Character.isLetter(lower.charAt(1)) && radix != 10) {
            digits = lower.substring(2);
        }
        if (radix != 10) digits = digits.replace("_", "");
        if (digits.isEmpty() || digits.startsWith("-") || digits.startsWith("+")) {
            throw new BadValue(PARSE_ERROR);
        }
        try {
            return new BigInteger(digits, radix);
        } catch (NumberFormatException e) {
            throw new BadValue(PARSE_ERROR);
        }
    }

    /**
     * A duration such as {@code 1h30m}, {@code 1.5s} or {@code -100ms}; {@code 0} needs no unit.
     */
    static Duration duration(String text) {
        boolean negative = text.startsWith("-");
        String rest = negative || text.startsWith("+") ? text.substring(1) : text;
        if (rest.equals("0")) return Duration.ZERO;
        if (rest.isEmpty()) throw new BadValue(PARSE_ERROR);
        BigDecimal nanos = BigDecimal.ZERO;
        int at = 0;
        while (at < rest.length()) {
            int unit = at;
            while (unit < rest.length() && isNumeric(rest.charAt(unit))) unit++;
            int end = unit;
            while (end < rest.length() && !isNumeric(rest.charAt(end))) end++;
            nanos =
                    nanos.add(
                            amount(rest.substring(at, unit))
                                    .multiply(unit(rest.substring(unit, end))));
            at = end;
        }
        if (nanos.compareTo(NANOS_MAX) > 0) throw new BadValue(PARSE_ERROR);
        Duration duration = Duration.ofNanos(nanos.longValue());
        return negative ? duration.negated() : duration;
    }

    private static boolean isNumeric(char c) {
        return c >= '0' && c <= '9' || c == '.';
    }

    private static BigDecimal amount(String digits) {
        boolean digit = digits.chars().anyMatch(c -> c != '.');
        if (!digit || digits.chars().filter(c -> c == '.').count() > 1) {
            throw new BadValue(PARSE_ERROR);
        }
        String whole = digits.startsWith(".") ? "0" + digits : digits;
        return new BigDecimal(whole.endsWith(".") ? whole + "0" : whole);
    }

    private static BigDecimal unit(String name) {
        return BigDecimal.valueOf(
                switch (name) {
                    case "ns" -> 1L;
                    case "us", "µs", "μs" -> 1_000L;
                    case "ms" -> 1_000_000L;
                    case "s" -> 1_000_000_000L;
                    case "m" -> 60_000_000_000L;
                    case "h" -> 3_600_000_000_000L;
                    default -> throw new BadValue(PARSE_ERROR);
                });
    }

    /** A duration as Go prints it: {@code 1m0s}, {@code 100ms}, {@code 1.5s}, {@code 0s}. */
    static String print(Duration duration) {
        if (duration.isZero()) return "0s";
        String sign = duration.isNegative() ? "-" : "";
        long nanos = Math.abs(duration.toNanos());
        if (nanos < 1_000) return sign + nanos + "ns";
        if (nanos < 1_000_000) return sign + decimal(nanos, 3) + "µs";
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

    /** A text that is not a value of its type; the message is Go's. */
    static final class BadValue extends RuntimeException {
        private static final long serialVersionUID = 1;

        BadValue(String message) {
            super(message, null, false, false);
        }
    }
}
