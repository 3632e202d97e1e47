package io.quorate.cli;

import java.util.Comparator;
import java.util.List;

/** Help and usage texts in cobra's layout (CT-16, CT-62). */
final class Help {
    private static final int NAME_WIDTH_MIN = 11;

    private final List<String> groups;

    /**
     * Help for one tool.
     *
     * @param groups the headings of its commands, in their order
     */
    Help(List<String> groups) {
        this.groups = groups;
    }

    /** The description, and how the command is called. */
    String help(CommandPath path) {
        Command command = path.last();
        String text =
                (command.description().isEmpty() ? command.brief() : command.description())
                        .stripTrailing();
        return (text.isEmpty() ? "" : text + "\n\n") + usage(path);
    }

    /** How the command is called, what is below it, its flags. */
    String usage(CommandPath path) {
        Command command = path.last();
        StringBuilder out = new StringBuilder("Usage:");
        if (command.runnable()) out.append("\n  ").append(useLine(path));
        boolean parent = !command.children().isEmpty();
        if (parent) out.append("\n  ").append(path.text()).append(" [command]");
        if (!command.example().isEmpty()) {
            out.append("\n\nExamples:\n").append(command.example());
        }
        if (parent) children(out, path);
        flags(out, "\n\nFlags:\n", command.localFlags());
        flags(out, "\n\nGlobal Flags:\n", path.inherited());
        if (parent) {
            out.append("\n\nUse \"")
                    .append(path.text())
                    .append(" [command] --help\" for more information about a command.");
        }
        return out.append('\n').toString();
    }

    private static String useLine(CommandPath path) {
        String parents =
                path.isRoot()
                        ? ""
                        : new CommandPath(path.commands().subList(0, path.commands().size() - 1))
                                        .text()
                                + " ";
        // A command that takes one of a few words says so itself.
        String flags = path.last().choices().isEmpty() ? " [flags]" : "";
        return parents + path.last().use() + flags;
    }

    private void children(StringBuilder out, CommandPath path) {
        int width =
                path.last().children().stream()
                        .mapToInt(child -> child.name().length())
                        .reduce(NAME_WIDTH_MIN, Math::max);
        List<Command> sorted =
                path.last().children().stream()
                        .sorted(Comparator.comparing(Command::name))
                        .toList();
        if (!path.isRoot() || groups.isEmpty()) {
            out.append("\n\nAvailable Commands:");
            sorted.forEach(child -> line(out, child, width));
            return;
        }
        for (String group : groups) {
            out.append("\n\n").append(group);
            sorted.stream()
                    .filter(child -> child.group().equals(group))
                    .forEach(child -> line(out, child, width));
        }
    }

    private static void line(StringBuilder out, Command child, int width) {
        String name = child.name() + " ".repeat(width - child.name().length());
        out.append("\n  ").append(name).append(' ').append(child.brief());
    }

    private static void flags(StringBuilder out, String heading, List<Flag> flags) {
        String text = flagUsages(flags.stream().filter(flag -> !flag.hidden()).toList());
        if (!text.isEmpty()) out.append(heading).append(text.stripTrailing());
    }

    /** One line for each flag, in the order of their names. */
    static String flagUsages(List<Flag> flags) {
        List<Flag> sorted = flags.stream().sorted(Comparator.comparing(Flag::name)).toList();
        int width = sorted.stream().mapToInt(flag -> left(flag).length()).max().orElse(0);
        StringBuilder out = new StringBuilder();
        for (Flag flag : sorted) {
            String left = left(flag);
            out.append(left)
                    .append(" ".repeat(width - left.length() + 3))
                    .append(flag.usage().replace("`", ""))
                    .append(initial(flag))
                    .append('\n');
        }
        return out.toString();
    }

    private static String left(Flag flag) {
        String names =
                flag.letter().isEmpty()
                        ? "      --" + flag.name()
                        : "  -" + flag.letter() + ", --" + flag.name();
        String placeholder = placeholder(flag);
        return placeholder.isEmpty() ? names : names + " " + placeholder;
    }

    /** A word in backquotes in the usage stands for the value. */
    private static String placeholder(Flag flag) {
        int from = flag.usage().indexOf('`');
        int to = flag.usage().indexOf('`', from + 1);
        return from >= 0 && to > from
                ? flag.usage().substring(from + 1, to)
                : flag.type().placeholder();
    }

    private static String initial(Flag flag) {
        if (flag.type().isZero(flag.initial())) return "";
        return switch (flag.type()) {
            case STRING -> " (default " + GoText.quote(flag.initial()) + ")";
            case STRINGS -> " (default [" + flag.initial() + "])";
            case BOOL, INT, UINT, DURATION -> " (default " + flag.initial() + ")";
        };
    }
}
