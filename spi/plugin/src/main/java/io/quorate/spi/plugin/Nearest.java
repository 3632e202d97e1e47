package io.quorate.spi.plugin;

import java.util.Collection;

/** Finds the name that somebody probably meant. */
public final class Nearest {
    private Nearest() {}

    /**
     * The candidate with the fewest edits from {@code given}; null when none is within a third of
     * its length, at least 1.
     */
    public static String of(String given, Collection<String> candidates) {
        String best = null;
        int fewest = Math.max(1, given.length() / 3) + 1;
        for (String candidate : candidates) {
            int edits = edits(given, candidate);
            if (edits >= fewest) continue;
            fewest = edits;
            best = candidate;
        }
        return best;
    }

    /** Levenshtein distance: insertions, deletions, replacements. */
    private static int edits(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) row[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replace, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
