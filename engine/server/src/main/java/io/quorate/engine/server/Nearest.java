package io.quorate.engine.server;

import java.util.Collection;
import java.util.Optional;

/** Finds what was probably meant by a name that does not exist. */
public final class Nearest {
    private Nearest() {}

    /**
     * The candidate that is the fewest edits away, when that is few enough for a slip of the
     * fingers; the first of several.
     */
    public static Optional<String> find(String name, Collection<String> candidates) {
        String best = null;
        int least = Math.max(1, name.length() / 4) + 1;
        for (String candidate : candidates) {
            int distance = distance(name, candidate);
            if (distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return Optional.ofNullable(best);
    }

    /** Levenshtein's distance: inserted, deleted and replaced characters. */
    private static int distance(String left, String right) {
        int[] row = new int[right.length() + 1];
        for (int j = 0; j < row.length; j++) row[j] = j;
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replace = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replace, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[right.length()];
    }
}
