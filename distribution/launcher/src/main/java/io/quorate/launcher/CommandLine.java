package io.quorate.launcher;

import io.quorate.launcher.Flag.Type;
import io.quorate.launcher.GoValues.BadValue;

import java.util.List;
import java.util.Optional;

/**
 * Reads arguments as Go's {@code flag} package does: one dash or two, the value after {@code =} or
 * as the next argument, switches without a value, and the first argument without a dash, or {@code
 * --}, ends the flags.
 */
final class CommandLine {
    private CommandLine() {}

    /**
     * Flags of the arguments, checked one by one; the first bad one ends the reading.
     *
     * @throws UsageException for a flag that is unknown or has a bad value
     */
    static Arguments parse(List<String> arguments) {
        Values values = new Values();
        int at = 0;
        while (at < arguments.size()) {
            String argument = arguments.get(at);
            if (argument.length() < 2 || argument.charAt(0) != '-') break;
            at++;
            if (argument.equals("--")) break;
            String body = argument.substring(argument.startsWith("--") ? 2 : 1);
            if (body.startsWith("-") || body.startsWith("=")) {
                throw new UsageException("bad flag syntax: " + argument);
            }
            int equals = body.indexOf('=');
            String name = equals < 0 ? body : body.substring(0, equals);
            Optional<Flag> known = Flags.find(name);
            if (known.isEmpty()) {
                if (name.equals("h") || name.equals("help")) return Arguments.forHelp();
                throw unknown(name);
            }
            Flag flag = known.get();
            if (equals >= 0) {
                set(values, flag, body.substring(equals + 1));
            } else if (flag.type().isSwitch()) {
                set(values, flag, "true");
            } else if (at < arguments.size()) {
                set(values, flag, arguments.get(at));
                at++;
            } else {
                throw new UsageException("flag needs an argument: -" + name);
            }
        }
        return new Arguments(
                values,
                at < arguments.size() ? Optional.of(arguments.get(at)) : Optional.empty(),
                false);
    }

    private static void set(Values values, Flag flag, String text) {
        try {
            values.set(flag, text);
        } catch (BadValue e) {
            String kind =
                    flag.type() == Type.BOOL ? "invalid boolean value \"" : "invalid value \"";
            String link = flag.type() == Type.BOOL ? "\" for -" : "\" for flag -";
            throw new UsageException(kind + text + link + flag.name() + ": " + e.getMessage());
        }
    }

    private static UsageException unknown(String name) {
        String hint = Flags.hint(name);
        return new UsageException(
                "flag provided but not defined: -" + name + (hint.isEmpty() ? "" : "\n" + hint));
    }

    /**
     * @param positional the first argument that is no flag
     * @param help whether help was asked for; nothing else counts then
     */
    record Arguments(Values values, Optional<String> positional, boolean help) {
        private static Arguments forHelp() {
            return new Arguments(new Values(), Optional.empty(), true);
        }
    }

    /** A command line that cannot be read: the process says why, shows how, and ends with 2. */
    static final class UsageException extends RuntimeException {
        private static final long serialVersionUID = 1;

        UsageException(String message) {
            super(message);
        }
    }
}
