package io.quorate.cli;

import java.util.List;

/**
 * A flag of a command.
 *
 * @param name what stands after {@code --}
 * @param letter the letter after {@code -}, or an empty text
 * @param type what values it takes
 * @param initial the value when it is not given, as its text
 * @param usage one line for the help
 * @param choices what the shell completes as its value; may be empty
 * @param hidden whether the help leaves it out
 */
public record Flag(
        String name,
        String letter,
        FlagType type,
        String initial,
        String usage,
        List<String> choices,
        boolean hidden) {

    /** A flag without a letter or choices. */
    public static Flag of(String name, FlagType type, String initial, String usage) {
        return new Flag(name, "", type, initial, usage, List.of(), false);
    }

    /** A text that is empty when not given. */
    public static Flag text(String name, String usage) {
        return of(name, FlagType.STRING, "", usage);
    }

    /** A switch that is off when not given. */
    public static Flag toggle(String name, String usage) {
        return of(name, FlagType.BOOL, "false", usage);
    }

    /** A whole number that is 0 when not given. */
    public static Flag number(String name, String usage) {
        return of(name, FlagType.INT, "0", usage);
    }

    /** The same flag with a letter. */
    public Flag withLetter(String value) {
        return new Flag(name, value, type, initial, usage, choices, hidden);
    }

    /** The same flag with values for the shell to complete. */
    public Flag withChoices(String... values) {
        return new Flag(name, letter, type, initial, usage, List.of(values), hidden);
    }

    /** The same flag, left out of the help or shown. */
    public Flag withHidden(boolean value) {
        return new Flag(name, letter, type, initial, usage, choices, value);
    }
}
