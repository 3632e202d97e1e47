package io.quorate.backend.xodus;

import java.util.Arrays;

/**
 * The terms of a log as runs of entries of one term, which are few: terms never fall. Immutable.
 *
 * @param starts index of the first entry of each run, ascending
 * @param terms term of each run
 */
record TermRuns(long[] starts, long[] terms) {
    static final TermRuns EMPTY = new TermRuns(new long[0], new long[0]);

    /** Term of an entry, which is in one of the runs. */
    long at(long index) {
        int found = Arrays.binarySearch(starts, index);
        return terms[found >= 0 ? found : -found - 2];
    }

    /** With entries from {@code index} on of this term, in place of those that were there. */
    TermRuns with(long index, long term) {
        int kept = Arrays.binarySearch(starts, index);
        if (kept < 0) kept = -kept - 1;
        if (kept > 0 && terms[kept - 1] == term) {
            return kept == starts.length
                    ? this
                    : new TermRuns(Arrays.copyOf(starts, kept), Arrays.copyOf(terms, kept));
        }
        long[] newStarts = Arrays.copyOf(starts, kept + 1);
        long[] newTerms = Arrays.copyOf(terms, kept + 1);
        newStarts[kept] = index;
        newTerms[kept] = term;
        return new TermRuns(newStarts, newTerms);
    }

    /** Without the runs that end before {@code index}. */
    TermRuns from(long index) {
        int found = Arrays.binarySearch(starts, index);
        int first = found >= 0 ? found : Math.max(0, -found - 2);
        if (first == 0) return this;
        return new TermRuns(
                Arrays.copyOfRange(starts, first, starts.length),
                Arrays.copyOfRange(terms, first, terms.length));
    }
}
