package io.quorate.ctl;

import io.quorate.cli.Exit;
import io.quorate.cli.GoText;
import io.quorate.cli.GoText.BadValue;

import java.util.ArrayList;
import java.util.List;

/** The words of a line that a command reads: {@code watch -i} and {@code txn}. */
final class Words {
    private Words() {}

    /**
     * Splits a line at white space. A word in double quotes may hold spaces and Go's escapes, one
     * in single quotes anything but single quotes.
     *
     * @throws Exit with code 3 for a double quoted word with a bad escape
     */
    static List<String> split(String line) {
        List<String> words = new ArrayList<>();
        int at = 0;
        while (at < line.length()) {
            char c = line.charAt(at);
            int end = c == '"' ? doubleQuoted(line, at) : c == '\'' ? singleQuoted(line, at) : -1;
            if (end > 0) {
                String word = line.substring(at, end);
                words.add(c == '"' ? unquoted(word) : word.substring(1, word.length() - 1));
                at = end;
            } else if (c == '"' || c == '\'' || isSpace(c)) {
                // A quote that never ends is left out, as white space is.
                at++;
            } else {
                int wordEnd = at + 1;
                while (wordEnd < line.length() && !isSpace(line.charAt(wordEnd))) wordEnd++;
                words.add(line.substring(at, wordEnd));
                at = wordEnd;
            }
        }
        return words;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
    }

    private static int doubleQuoted(String line, int from) {
        for (int at = from + 1; at < line.length(); at++) {
            if (line.charAt(at) == '\\') at++;
            else if (line.charAt(at) == '"') return at + 1;
        }
        return -1;
    }

    private static int singleQuoted(String line, int from) {
        return line.indexOf('\'', from + 1) + 1;
    }

    private static String unquoted(String word) {
        try {
            return GoText.unquote(word);
        } catch (BadValue e) {
            throw new Exit(Exit.INVALID_INPUT, e.getMessage());
        }
    }
}
