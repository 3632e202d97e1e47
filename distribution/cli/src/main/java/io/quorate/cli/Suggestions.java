package io.quorate.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a mistyped command may have meant. */
final class Suggestions {
    private static final int DISTANCE_MAX = 2;

    private Suggestions() {}

    /** The names that begin so or differ in two letters at most, in the order of the commands. */
    static List<String> of(String typed, List<Command> commands) {
        String word = typed.toLowerCase(Locale.ROOT);
        List<String> near = new ArrayList<>();
        for (Command command : commands) {
            String name = command.name().toLowerCase(Locale.ROOT);
            if (distance(word, name) <= DISTANCE_MAX || name.startsWith(word)) {
                near.add(command.name());
            }
        }
        return near;
    }

    /** Levenshtein's edit distance. */
    static int distance(String from, String to) {
        int[] previous = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) previous[j] = j;
        for (int i = 1; i <= from.length(); i++) {
            int[] current = new int[to.length() + 1];
            current[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                current[j] =
                        from.charAt(i - 1) == to.charAt(j - 1)
                                ? previous[j - 1]
                                : 1
                                        + Math.min(
                                                previous[j - 1],
                                                Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[to.length()];
    }
}
