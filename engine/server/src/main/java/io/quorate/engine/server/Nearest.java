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

    /** Inserted, deleted, replaced and swapped characters (optimal string alignment). */
    private static int distance(String left, String right) {
        int[][] edits = new int[left.length() + 1][right.length() + 1];
        for (int i = 0; i <= left.length(); i++) edits[i][0] = i;
        for (int j = 0; j <= right.length(); j++) edits[0][j] = j;
        for (int i = 1; i <= left.length(); i++) {
            for (int j = 1; j <= right.length(); j++) {
                boolean same = left.charAt(i - 1) == right.charAt(j - 1);
                int change = Math.min(edits[i - 1][j], edits[i][j - 1]) + 1;
                edits[i][j] = Math.min(change, edits[i - 1][j - 1] + (same ? 0 : 1));
                boolean swapped =
                        i > 1
                                && j > 1
                                && left.charAt(i - 1) == right.charAt(j - 2)
                                && left.charAt(i - 2) == right.charAt(j - 1);
                if (swapped) edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
            }
        }
        return edits[left.length()][right.length()];
    }
}
