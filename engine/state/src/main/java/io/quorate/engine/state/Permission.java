package io.quorate.engine.state;

import java.util.Arrays;

/**
 * A right over keys (SE-95, SE-96).
 *
 * @param type {@link #READ}, {@link #WRITE} or {@link #READWRITE}; any other number is kept, and
 *     allows nothing
 * @param rangeEnd as in {@link RangeQuery}
 */
public record Permission(int type, byte[] key, byte[] rangeEnd) {
    public static final int READ = 0;
    public static final int WRITE = 1;
    public static final int READWRITE = 2;

    boolean allowsReads() {
        return type == READ || type == READWRITE;
    }

    boolean allowsWrites() {
        return type == WRITE || type == READWRITE;
    }

    boolean isOver(byte[] otherKey, byte[] otherEnd) {
        return Arrays.equals(key, otherKey) && Arrays.equals(rangeEnd, otherEnd);
    }

    /** AU-17. */
    boolean hasValidRange() {
        if (key.length == 0) return false;
        boolean open = rangeEnd.length == 1 && rangeEnd[0] == 0;
        return rangeEnd.length == 0 || open || Arrays.compareUnsigned(key, rangeEnd) < 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Permission that
                && type == that.type
                && isOver(that.key, that.rangeEnd);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * type + Arrays.hashCode(key)) + Arrays.hashCode(rangeEnd);
    }
}
