package io.quorate.engine.node;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Sizes for people, as etcd's log has them: {@code 512 B}, {@code 20 kB}, {@code 2.1 GB}. */
final class ByteSizes {
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    private ByteSizes() {}

    /**
     * @param bytes 0 or more
     */
    static String text(long bytes) {
        int unit = 0;
        double size = bytes;
        while (size >= 1000 && unit < UNITS.length - 1) {
            size /= 1000;
            unit++;
        }
        double rounded = Math.floor(size * 10 + 0.5) / 10;
        int digits = unit > 0 && rounded < 10 ? 1 : 0;
        // Go prints 20.5 without digits as 20.
        return new BigDecimal(rounded).setScale(digits, RoundingMode.HALF_EVEN).toPlainString()
                + " "
                + UNITS[unit];
    }
}
