package io.quorate.engine.state;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * A set of keys as ranges that neither overlap nor touch, so that a range lies in the set when it
 * lies in one of them: grants that follow each other add up (SE-95).
 */
final class KeyRanges {
    /** First key to first key after; null for no end. */
    private final TreeMap<byte[], byte[]> ranges = new TreeMap<>(Arrays::compareUnsigned);

    /**
     * @param rangeEnds key and range end of each range, as in {@link RangeQuery}
     */
    KeyRanges(List<Permission> rangeEnds) {
        List<KeyRange> sorted = new ArrayList<>();
        for (Permission of : rangeEnds) {
            KeyRange range = KeyRange.of(of.key(), of.rangeEnd());
            sorted.add(range.single() ? new KeyRange(of.key(), after(of.key()), false) : range);
        }
        sorted.sort(Comparator.comparing(KeyRange::from, Arrays::compareUnsigned));
        KeyRange open = null;
        for (KeyRange next : sorted) {
            // Old etcds took such grants; they allow nothing.
            if (compareEnds(next.from(), next.to()) >= 0) continue;
            if (open != null && compareEnds(next.from(), open.to()) <= 0) {
                boolean longer = compareEnds(next.to(), open.to()) > 0;
                open = new KeyRange(open.from(), longer ? next.to() : open.to(), false);
            } else {
                open = next;
            }
            ranges.put(open.from(), open.to());
        }
    }

    /** Whether all keys of a range are in the set; of a range without keys, its first. */
    boolean contain(byte[] key, byte[] rangeEnd) {
        var candidate = ranges.floorEntry(key);
        if (candidate == null || compareEnds(key, candidate.getValue()) >= 0) return false;
        if (rangeEnd.length == 0) return true;
        byte[] to = rangeEnd.length == 1 && rangeEnd[0] == 0 ? null : rangeEnd;
        return compareEnds(to, candidate.getValue()) <= 0;
    }

    /** Null is after every key. */
    private static int compareEnds(byte[] a, byte[] b) {
        if (a == null || b == null) return Boolean.compare(a == null, b == null);
        return Arrays.compareUnsigned(a, b);
    }

    private static byte[] after(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }
}
