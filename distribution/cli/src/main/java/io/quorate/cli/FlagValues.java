package io.quorate.cli;

import io.quorate.cli.GoText.BadValue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The values of a command's flags, given or initial, and its arguments. */
public final class FlagValues {
    private final Map<String, Value> values;
    private final List<String> arguments;

    private record Value(Flag flag, String text, List<String> list, boolean given) {}

    private FlagValues(Map<String, Value> values, List<String> arguments) {
        this.values = values;
        this.arguments = arguments;
    }

    /** Reads words by themselves, without a command. */
    public static FlagValues parse(List<Flag> flags, List<String> words) throws UsageException {
        return new FlagSet(flags).parse(words);
    }

    /** What is no flag, in order. */
    public List<String> arguments() {
        return arguments;
    }

    /** Whether the command line or the environment gave a value. */
    public boolean given(String name) {
        return value(name).given();
    }

    /** Whether the command has such a flag. */
    public boolean has(String name) {
        return values.containsKey(name);
    }

    /** The value as text, in the form Go prints it. */
    public String text(String name) {
        return value(name).text();
    }

    public boolean on(String name) {
        return text(name).equals("true");
    }

    public long number(String name) {
        Value value = value(name);
        return value.flag().type() == FlagType.UINT
                ? Long.parseUnsignedLong(value.text())
                : Long.parseLong(value.text());
    }

    public Duration duration(String name) {
        try {
            return GoText.parseDuration(text(name));
        } catch (BadValue e) {
            throw new IllegalStateException(name + " was not checked when it was set", e);
        }
    }

    public List<String> list(String name) {
        return value(name).list();
    }

    private Value value(String name) {
        Value value = values.get(name);
        if (value == null) throw new IllegalArgumentException("no flag --" + name);
        return value;
    }

    /** The same values with those that the environment sets. */
    FlagValues with(Map<Flag, String> more) throws UsageException {
        Map<String, Value> merged = new HashMap<>(values);
        for (Map.Entry<Flag, String> entry : more.entrySet()) {
            merged.put(entry.getKey().name(), parsed(entry.getKey(), entry.getValue(), null));
        }
        return new FlagValues(merged, arguments);
    }

    private static Value parsed(Flag flag, String text, Value before) throws UsageException {
        try {
            if (flag.type() != FlagType.STRINGS) {
                return new Value(flag, flag.type().canonical(text), List.of(), true);
            }
            List<String> list = new ArrayList<>();
            if (before != null && before.given()) list.addAll(before.list());
            list.addAll(flag.type().list(text));
            return new Value(flag, "[" + String.join(",", list) + "]", list, true);
        } catch (BadValue e) {
            String name =
                    flag.letter().isEmpty()
                            ? "--" + flag.name()
                            : "-" + flag.letter() + ", --" + flag.name();
            throw new UsageException(
                    "invalid argument "
                            + GoText.quote(text)
                            + " for "
                            + GoText.quote(name)
                            + " flag: "
                            + e.getMessage());
        }
    }

    /** Collects values while words are read. */
    static final class Builder {
        private final Map<String, Value> values = new HashMap<>();
        private final List<String> arguments = new ArrayList<>();

        Builder(Collection<Flag> flags) {
            for (Flag flag : flags) values.put(flag.name(), initial(flag));
        }

        private static Value initial(Flag flag) {
            if (flag.type() != FlagType.STRINGS) {
                return new Value(flag, flag.initial(), List.of(), false);
            }
            List<String> list =
                    flag.initial().isEmpty() ? List.of() : List.of(flag.initial().split(","));
            return new Value(flag, "[" + flag.initial() + "]", list, false);
        }

        void set(Flag flag, String text) throws UsageException {
            values.put(flag.name(), parsed(flag, text, values.get(flag.name())));
        }

        void argument(String word) {
            arguments.add(word);
        }

        FlagValues build() {
            return new FlagValues(values, List.copyOf(arguments));
        }
    }
}
