package io.quorate.launcher;

import io.quorate.launcher.Flag.Section;

/** What {@code etcd --help} prints. */
final class Help {
    /** Goes to standard error with every mistake on the command line. */
    static final String USAGE =
            """
            Usage:

              etcd [flags]
                Starts a member of a cluster.

              etcd --version
                Prints the version.

              etcd -h | --help
                Prints all flags.

              etcd --config-file FILE
                Starts a member with the configuration of a YAML file; other flags and the environment are then ignored. Durations are whole nanoseconds in the file (600000000000 for 10m).

              etcd plugins
                Lists the storage plugins that are installed.
            """;

    private Help() {}

    /**
     * All flags by section, each with its default, its sentence and what this release makes of it.
     */
    static String flags() {
        StringBuilder text = new StringBuilder();
        for (Section section : Section.values()) {
            text.append('\n').append(section.title).append(":\n");
            for (Flag flag : Flags.ALL) {
                if (flag.section() == section) flag(text, flag);
            }
        }
        return text.append('\n').toString();
    }

    private static void flag(StringBuilder text, Flag flag) {
        text.append("  --").append(flag.name()).append(" '").append(flag.shown()).append("'\n");
        text.append("    ").append(flag.help());
        if (!flag.note().isEmpty()) text.append(' ').append(flag.note());
        switch (flag.support()) {
            case WORKS -> {}
            case HARMLESS -> text.append(" (Accepted; no effect in this release.)");
            case LATER -> text.append(" (This release takes the default only.)");
        }
        text.append('\n');
    }
}
