package io.quorate.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The commands from the tool itself down to the chosen one.
 *
 * @param commands the tool first; at least one
 */
record CommandPath(List<Command> commands) {

    Command root() {
        return commands.getFirst();
    }

    Command last() {
        return commands.getLast();
    }

    boolean isRoot() {
        return commands.size() == 1;
    }

    CommandPath then(Command child) {
        List<Command> longer = new ArrayList<>(commands);
        longer.add(child);
        return new CommandPath(longer);
    }

    /** {@code etcdctl member list}. */
    String text() {
        return commands.stream().map(Command::name).collect(Collectors.joining(" "));
    }

    /** The flags that the commands above give to the last one. */
    List<Flag> inherited() {
        List<Flag> inherited = new ArrayList<>();
        for (Command command : commands.subList(0, commands.size() - 1)) {
            for (Flag flag : command.inheritable()) {
                boolean own = last().flags().stream().anyMatch(f -> f.name().equals(flag.name()));
                if (!own) inherited.add(flag);
            }
        }
        return inherited;
    }

    /** All flags that the last command takes. */
    List<Flag> flags() {
        List<Flag> all = new ArrayList<>(last().localFlags());
        all.addAll(inherited());
        return all;
    }

    /**
     * The flags that are known while commands are looked for. The switch for help belongs to a
     * command only once it is chosen, unless it declares one itself.
     */
    private FlagSet searchFlags() {
        List<Flag> known = new ArrayList<>(last().flags());
        known.addAll(last().inheritable());
        known.addAll(inherited());
        return new FlagSet(known);
    }

    /** A chosen command and the words left for it. */
    record Found(CommandPath path, List<String> words) {}

    /** Follows the words down the tree as far as they name commands. */
    Found find(List<String> words) {
        FlagSet known = searchFlags();
        Optional<String> next = known.withoutFlags(words).stream().findFirst();
        Optional<Command> child = next.flatMap(last()::child);
        if (child.isEmpty()) return new Found(this, words);
        return then(child.get()).find(known.without(words, next.get()));
    }

    /** The first word that should have been a command of the tool, and is none. */
    Optional<String> unknownCommand(List<String> words) {
        if (!isRoot() || root().children().isEmpty()) return Optional.empty();
        return searchFlags().withoutFlags(words).stream().findFirst();
    }
}
