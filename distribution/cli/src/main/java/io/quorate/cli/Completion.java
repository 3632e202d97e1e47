package io.quorate.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Answers the shells' completion scripts: {@code etcdctl __complete WORD…} prints what may stand in
 * place of the last word, one a line with a tab and a description, and a line with a colon and what
 * the shell shall do (cobra's protocol; CT-60).
 */
final class Completion {
    private static final String REQUEST = "__complete";
    private static final String WITHOUT_DESCRIPTIONS = "__completeNoDesc";

    /** The shell may complete file names too. */
    private static final int DEFAULT = 0;

    private static final int NO_FILES = 4;

    private final CommandPath start;
    private final Terminal terminal;

    Completion(CommandPath start, Terminal terminal) {
        this.start = start;
        this.terminal = terminal;
    }

    static boolean isRequest(String word) {
        return word.equals(REQUEST) || word.equals(WITHOUT_DESCRIPTIONS);
    }

    private record Answer(List<String> candidates, int directive) {}

    /** Refused requests; the shell goes on without candidates. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message, null, false, false);
        }
    }

    int run(List<String> words) {
        if (words.size() < 2) {
            terminal.error("Error: requires at least 1 arg(s), only received 0");
            return Exit.ERROR;
        }
        Answer answer;
        try {
            answer = answer(words.subList(1, words.size() - 1), words.getLast());
        } catch (Refused e) {
            terminal.error("[Debug] [Error] " + e.getMessage());
            answer = new Answer(List.of(), DEFAULT);
        }
        boolean brief = words.getFirst().equals(WITHOUT_DESCRIPTIONS);
        for (String candidate : answer.candidates()) {
            String first = candidate.lines().findFirst().orElse("");
            terminal.line(brief ? first.split("\t", 2)[0] : first);
        }
        terminal.line(":" + answer.directive());
        terminal.error(
                "Completion ended with directive: ShellCompDirective"
                        + (answer.directive() == NO_FILES ? "NoFileComp" : "Default"));
        return Exit.SUCCESS;
    }

    private Answer answer(List<String> before, String typed) throws Refused {
        CommandPath.Found found = start.find(before);
        if (found.path().unknownCommand(found.words()).isPresent()) {
            throw new Refused(
                    "unable to find a command for arguments: [" + String.join(" ", before) + "]");
        }
        CommandPath path = found.path();
        FlagSet known = new FlagSet(path.flags());
        boolean afterDashes = found.words().contains("--");
        if (!afterDashes) {
            Optional<Answer> value = flagValue(path, known, found.words(), typed);
            if (value.isPresent()) return value.get();
        }
        FlagValues values = parse(known, found.words());
        if (values.on(Command.HELP)) return new Answer(List.of(), NO_FILES);
        if (!afterDashes && typed.startsWith("-")) return flagNames(path, values, typed);
        return arguments(path, values, typed);
    }

    private static FlagValues parse(FlagSet known, List<String> words) throws Refused {
        try {
            return known.parse(words);
        } catch (UsageException e) {
            throw new Refused(
                    "Error while parsing flags from args ["
                            + String.join(" ", words)
                            + "]: "
                            + e.getMessage());
        }
    }

    /** The values for a flag that stands before or in the typed word, if one does. */
    private static Optional<Answer> flagValue(
            CommandPath path, FlagSet known, List<String> words, String typed) throws Refused {
        int equals = typed.indexOf('=');
        boolean joined = typed.startsWith("-") && equals > 0;
        if (typed.startsWith("-") && !joined) return Optional.empty();
        String flagWord =
                joined ? typed.substring(0, equals) : words.isEmpty() ? "" : words.getLast();
        if (flagWord.length() < 2 || flagWord.charAt(0) != '-') return Optional.empty();
        if (!joined && flagWord.contains("=")) return Optional.empty();
        boolean named = flagWord.startsWith("--");
        String name = named ? flagWord.substring(2) : flagWord.substring(flagWord.length() - 1);
        if (name.isEmpty()) return Optional.empty();
        Flag flag =
                (named ? known.get(name) : known.letter(name))
                        .orElseThrow(() ->
                                new Refused(
                                        "Subcommand '"
                                                + path.last().name()
                                                + "' does not support flag '"
                                                + name
                                                + "'"));
        if (!joined && flag.type() == FlagType.BOOL) return Optional.empty();
        parse(known, joined ? words : words.subList(0, words.size() - 1));
        // Every choice is offered: the shell's script drops those that do not begin so.
        return Optional.of(new Answer(flag.choices(), DEFAULT));
    }

    private static Answer flagNames(CommandPath path, FlagValues values, String typed) {
        List<String> candidates = new ArrayList<>();
        for (Flag flag :
                path.flags().stream()
                        .filter(flag -> !flag.hidden())
                        .sorted(Comparator.comparing(Flag::name))
                        .toList()) {
            if (values.given(flag.name()) && flag.type() != FlagType.STRINGS) continue;
            if (("--" + flag.name()).startsWith(typed)) {
                candidates.add("--" + flag.name() + "\t" + flag.usage());
            }
            if (!flag.letter().isEmpty() && ("-" + flag.letter()).startsWith(typed)) {
                candidates.add("-" + flag.letter() + "\t" + flag.usage());
            }
        }
        return new Answer(candidates, NO_FILES);
    }

    private static Answer arguments(CommandPath path, FlagValues values, String typed) {
        Command command = path.last();
        List<String> candidates = new ArrayList<>();
        boolean first = values.arguments().isEmpty();
        boolean ownFlags = command.flags().stream().anyMatch(flag -> values.given(flag.name()));
        if (first && !ownFlags) {
            command.children().stream()
                    .filter(child -> child.name().startsWith(typed))
                    .sorted(Comparator.comparing(Command::name))
                    .forEach(child -> candidates.add(child.name() + "\t" + child.brief()));
        }
        if (first) {
            command.choices().stream()
                    .filter(choice -> choice.startsWith(typed))
                    .forEach(candidates::add);
        }
        boolean closed = first && !(command.children().isEmpty() && command.choices().isEmpty());
        return new Answer(candidates, closed ? NO_FILES : DEFAULT);
    }
}
