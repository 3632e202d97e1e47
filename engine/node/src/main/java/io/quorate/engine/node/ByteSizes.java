package io.quorate.engine.node;

import java.util.Locale;

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
        boolean fraction = unit > 0 && rounded < 10;
        return String.format(Locale.ROOT, fraction ? "%.1f %s" : "%.0f %s", rounded, UNITS[unit]);
    }
}
