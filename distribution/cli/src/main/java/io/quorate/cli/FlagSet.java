package io.quorate.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The flags that a command takes, and how words become values: pflag's rules. {@code --name=value},
 * {@code --name value}, {@code -n value}, {@code -nvalue}, {@code -abc} for switches, flags and
 * arguments in any order, nothing after {@code --} is a flag.
 */
final class FlagSet {
    private final Map<String, Flag> byName = new HashMap<>();
    private final Map<String, Flag> byLetter = new HashMap<>();

    FlagSet(List<Flag> flags) {
        for (Flag flag : flags) {
            byName.putIfAbsent(flag.name(), flag);
            if (!flag.letter().isEmpty()) byLetter.putIfAbsent(flag.letter(), flag);
        }
    }

    Optional<Flag> get(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    Optional<Flag> letter(String letter) {
        return Optional.ofNullable(byLetter.get(letter));
    }

    /** Reads the words into values, on top of the initial ones. */
    FlagValues parse(List<String> words) throws UsageException {
        FlagValues.Builder values = new FlagValues.Builder(byName.values());
        int at = 0;
        while (at < words.size()) {
            String word = words.get(at++);
            if (word.length() < 2 || word.charAt(0) != '-') {
                values.argument(word);
            } else if (word.equals("--")) {
                words.subList(at, words.size()).forEach(values::argument);
                break;
            } else if (word.startsWith("--")) {
                at = parseName(values, word, words, at);
            } else {
                at = parseLetters(values, word.substring(1), words, at);
            }
        }
        return values.build();
    }

    private int parseName(FlagValues.Builder values, String word, List<String> words, int at)
            throws UsageException {
        String rest = word.substring(2);
        if (rest.startsWith("-") || rest.startsWith("=")) {
            throw new UsageException("bad flag syntax: " + word);
        }
        int equals = rest.indexOf('=');
        String name = equals < 0 ? rest : rest.substring(0, equals);
        Flag flag = byName.get(name);
        if (flag == null) throw new UsageException("unknown flag: --" + name);
        if (equals >= 0) {
            values.set(flag, rest.substring(equals + 1));
        } else if (flag.type() == FlagType.BOOL) {
            values.set(flag, "true");
        } else if (at < words.size()) {
            values.set(flag, words.get(at));
            return at + 1;
        } else {
            throw new UsageException("flag needs an argument: --" + name);
        }
        return at;
    }

    private int parseLetters(FlagValues.Builder values, String letters, List<String> words, int at)
            throws UsageException {
        for (int i = 0; i < letters.length(); i++) {
            String left = letters.substring(i);
            Flag flag = byLetter.get(left.substring(0, 1));
            if (flag == null) {
                throw new UsageException("unknown shorthand flag: " + rune(left) + " in -" + left);
            }
            if (left.length() > 2 && left.charAt(1) == '=') {
                values.set(flag, left.substring(2));
                return at;
            }
            if (flag.type() == FlagType.BOOL) {
                values.set(flag, "true");
            } else if (left.length() > 1) {
                values.set(flag, left.substring(1));
                return at;
            } else if (at < words.size()) {
                values.set(flag, words.get(at));
                return at + 1;
            } else {
                throw new UsageException("flag needs an argument: " + rune(left) + " in -" + left);
            }
        }
        return at;
    }

    private static String rune(String left) {
        return "'" + Bytes.ofText(left.substring(0, 1)) + "'";
    }

    /** The words that are neither flags nor their values, up to {@code --}. */
    List<String> withoutFlags(List<String> words) {
        List<String> left = new ArrayList<>();
        int at = 0;
        while (at < words.size()) {
            String word = words.get(at++);
            if (word.equals("--")) break;
            if (takesNextWord(word)) {
                // A last word is the flag's value, and nothing is left behind it.
                if (words.size() - at <= 1) break;
                at++;
            } else if (!word.isEmpty() && !word.startsWith("-")) {
                left.add(word);
            }
        }
        return left;
    }

    /** The words without the first {@code unwanted} that is neither flag nor value. */
    List<String> without(List<String> words, String unwanted) {
        for (int at = 0; at < words.size(); at++) {
            String word = words.get(at);
            if (word.equals("--")) break;
            if (takesNextWord(word)) {
                at++;
            } else if (word.equals(unwanted)) {
                List<String> left = new ArrayList<>(words);
                left.remove(at);
                return left;
            }
        }
        return words;
    }

    /** Unknown flags count as such that take a value. */
    private boolean takesNextWord(String word) {
        if (!word.startsWith("-") || word.contains("=")) return false;
        if (word.startsWith("--")) {
            return get(word.substring(2)).map(flag -> flag.type() != FlagType.BOOL).orElse(true);
        }
        return word.length() == 2
                && letter(word.substring(1)).map(flag -> flag.type() != FlagType.BOOL).orElse(true);
    }
}
