package io.quorate.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command line tool: finds the command, reads its flags, runs it, and turns what goes wrong into
 * messages and exit codes, all as cobra does for etcd's tools.
 */
public final class Program {
    private final Command root;
    private final Help help;
    private final Manners manners;
    private final String afterHelp;
    private final Terminal terminal;
    private final Map<String, String> environment;

    /**
     * A tool.
     *
     * @param root the tool itself with all its commands; {@code help} is added here
     * @param groups the headings of its commands, in order; the last one also holds {@code help}
     * @param afterHelp a last line of all help texts, or an empty text
     */
    public Program(
            Command root,
            List<String> groups,
            String afterHelp,
            Terminal terminal,
            Map<String, String> environment) {
        this(root, groups, afterHelp, Manners.ETCDCTL, terminal, environment);
    }

    /** A tool with manners. */
    public Program(
            Command root,
            List<String> groups,
            String afterHelp,
            Manners manners,
            Terminal terminal,
            Map<String, String> environment) {
        this.manners = manners;
        this.help = new Help(groups);
        this.afterHelp = afterHelp;
        this.terminal = terminal;
        this.environment = environment;
        this.root =
                root.withFlag(
                                Flag.toggle(Command.HELP, "help for " + root.name())
                                        .withLetter("h")
                                        .withHidden(!manners.showsHelpFlag()))
                        .withChild(helpCommand(root, groups.isEmpty() ? "" : groups.getLast()));
    }

    private Command helpCommand(Command tool, String group) {
        return Command.leaf("help [command]", "Help about any command", this::helpFor)
                .withGroup(group)
                .withDescription(
                        "Help provides help for any command in the application.\nSimply type "
                                + tool.name()
                                + " help [path to command] for full details.");
    }

    /**
     * Runs one command line.
     *
     * @param words what was typed after the tool's name, byte strings
     * @return the exit code
     */
    public int run(List<String> words) {
        try {
            int code = dispatch(words);
            terminal.flush();
            return code;
        } catch (Exit exit) {
            try {
                if (!exit.getMessage().isEmpty()) terminal.error("Error: " + exit.getMessage());
                terminal.flush();
            } catch (Exit nobodyReads) {
                return nobodyReads.code();
            }
            return exit.code();
        }
    }

    /**
     * Runs a line of another command's input, as transactions have them. Of a mistaken line only
     * the usage is printed.
     *
     * @return whether a command was run
     * @throws Exit that the command threw
     */
    public boolean runLine(List<String> words) {
        CommandPath.Found found = new CommandPath(List.of(root)).find(words);
        CommandPath path = found.path();
        if (path.isRoot()) return false;
        try {
            FlagValues flags = new FlagSet(path.flags()).parse(found.words());
            if (flags.on(Command.HELP)) {
                printHelp(path);
                return false;
            }
            path.last().action().orElseThrow().run(invocation(path, flags, words));
            return true;
        } catch (UsageException e) {
            terminal.error(help.usage(path));
            return false;
        }
    }

    private Invocation invocation(CommandPath path, FlagValues flags, List<String> words) {
        return new Invocation(
                path.last(),
                flags,
                path.inherited(),
                flags.arguments(),
                words,
                environment,
                terminal);
    }

    private int dispatch(List<String> words) {
        CommandPath start = new CommandPath(List.of(root));
        if (!words.isEmpty() && Completion.isRequest(words.getFirst())) {
            return new Completion(start, terminal).run(words);
        }
        CommandPath.Found found = start.find(words);
        Optional<String> unknown = found.path().unknownCommand(found.words());
        if (unknown.isPresent()) {
            terminal.error("Error: " + unknownCommand(unknown.get()));
            terminal.error("Run '" + root.name() + " --help' for usage.");
            repeat(unknownCommand(unknown.get()));
            return Exit.ERROR;
        }
        return execute(found, words);
    }

    private String unknownCommand(String word) {
        StringBuilder message = new StringBuilder("unknown command ");
        message.append(GoText.quote(word)).append(" for ").append(GoText.quote(root.name()));
        List<String> near = Suggestions.of(word, root.children());
        if (!near.isEmpty()) message.append("\n\nDid you mean this?\n");
        for (String name : near) message.append('\t').append(name).append('\n');
        return message.toString();
    }

    private int execute(CommandPath.Found found, List<String> words) {
        CommandPath path = found.path();
        try {
            FlagValues flags = new FlagSet(path.flags()).parse(found.words());
            Optional<Action> action = path.last().action();
            if (flags.on(Command.HELP) || action.isEmpty()) {
                printHelp(path);
                return Exit.SUCCESS;
            }
            checkChoices(path, flags.arguments());
            if (action.get() instanceof CheckedAction checked) checked.check(flags);
            action.get().run(invocation(path, flags, words));
            return Exit.SUCCESS;
        } catch (UsageException e) {
            terminal.error("Error: " + e.getMessage());
            terminal.error(help.usage(path));
            repeat(e.getMessage());
            return Exit.ERROR;
        }
    }

    private void repeat(String mistake) {
        if (manners.repeats()) terminal.error("Error: " + mistake);
    }

    private static void checkChoices(CommandPath path, List<String> arguments)
            throws UsageException {
        List<String> choices = path.last().choices();
        if (choices.isEmpty()) return;
        if (arguments.size() != 1) {
            throw new UsageException("accepts 1 arg(s), received " + arguments.size());
        }
        if (!choices.contains(arguments.getFirst())) {
            throw new UsageException(
                    "invalid argument "
                            + GoText.quote(arguments.getFirst())
                            + " for "
                            + GoText.quote(path.text()));
        }
    }

    private void printHelp(CommandPath path) {
        terminal.print(Bytes.ofText(manners.describes() ? help.help(path) : help.usage(path)));
        if (!afterHelp.isEmpty()) terminal.line(afterHelp);
    }

    private void helpFor(Invocation call) {
        CommandPath start = new CommandPath(List.of(root));
        CommandPath.Found found = start.find(call.arguments());
        if (found.path().unknownCommand(found.words()).isPresent()) {
            List<String> quoted = new ArrayList<>();
            for (String word : call.arguments()) quoted.add("`" + word + "`");
            terminal.error("Unknown help topic [" + String.join(" ", quoted) + "]");
            terminal.error(help.usage(start).stripTrailing());
        } else {
            printHelp(found.path());
        }
    }

    /** The help's lines for flags, as {@code etcdctl options} prints them. */
    public static String flagUsages(List<Flag> flags) {
        return Help.flagUsages(flags);
    }

    /**
     * What was typed, as byte strings. The JVM decodes arguments by the locale, which loses bytes;
     * Linux keeps them in {@code /proc}.
     *
     * @param decoded the arguments of {@code main}
     */
    public static List<String> words(String[] decoded) {
        try {
            String whole = Bytes.of(Files.readAllBytes(Path.of("/proc/self/cmdline")));
            List<String> all = Arrays.asList(whole.split("\0", -1));
            // A zero byte ends each word, so the list has an empty one behind the last.
            int end = all.size() - 1;
            if (end >= decoded.length) return all.subList(end - decoded.length, end);
        } catch (IOException noProc) {
            return decoded(decoded);
        }
        return decoded(decoded);
    }

    private static List<String> decoded(String[] words) {
        return Arrays.stream(words).map(Bytes::ofText).toList();
    }
}
