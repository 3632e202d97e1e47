package io.quorate.cli;

import java.util.List;

/** What values a flag takes, in the text forms of Go's pflag. */
public enum FlagType {
    STRING("string"),
    /** Needs no value: {@code --flag} says true. */
    BOOL(""),
    INT("int"),
    UINT("uint"),
    DURATION("duration"),
    /** Texts with commas between them; a flag given again adds to them. */
    STRINGS("strings");

    private final String placeholder;

    FlagType(String placeholder) {
        this.placeholder = placeholder;
    }

    /** The word for a value in the help; empty where none is needed. */
    String placeholder() {
        return placeholder;
    }

    /** The text as it is kept and printed: {@code 0x10} becomes 16, {@code 60s} becomes 1m0s. */
    String canonical(String text) throws GoText.BadValue {
        return switch (this) {
            case STRING -> text;
            case BOOL -> String.valueOf(GoText.parseBool(text));
            case INT -> String.valueOf(GoText.parseInt(text, 0));
            case UINT -> Long.toUnsignedString(GoText.parseUint(text, 0));
            case DURATION -> GoText.duration(GoText.parseDuration(text));
            case STRINGS -> "[" + String.join(",", GoText.parseCsv(text)) + "]";
        };
    }

    boolean isZero(String initial) {
        return switch (this) {
            case STRING -> initial.isEmpty();
            case BOOL -> initial.equals("false");
            case INT, UINT -> initial.equals("0");
            case DURATION -> initial.equals("0s");
            case STRINGS -> initial.isEmpty();
        };
    }

    List<String> list(String text) throws GoText.BadValue {
        return GoText.parseCsv(text);
    }
}
