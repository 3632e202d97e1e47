package io.quorate.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A command of a tool, with its flags and the commands below it.
 *
 * @param use its name, a space, and how it is called, for the help
 * @param brief one line for the list of commands
 * @param description what its own help says; {@code brief} stands in for an empty one
 * @param example lines for the help, or an empty text
 * @param group the heading its parent lists it under, or an empty text
 * @param flags its own flags
 * @param inheritable flags that it shares with all commands below it
 * @param children the commands below it, in the order they were declared
 * @param choices what the shell completes as its first argument; then no other is accepted
 * @param action what it does; a command without one prints its help
 */
public record Command(
        String use,
        String brief,
        String description,
        String example,
        String group,
        List<Flag> flags,
        List<Flag> inheritable,
        List<Command> children,
        List<String> choices,
        Optional<Action> action) {

    /** A command that does something. */
    public static Command leaf(String use, String brief, Action action, Flag... flags) {
        return new Command(
                use,
                brief,
                "",
                "",
                "",
                List.of(flags),
                List.of(),
                List.of(),
                List.of(),
                Optional.of(action));
    }

    /** A command that only holds others. */
    public static Command parent(
            String use, String brief, String description, Command... children) {
        return new Command(
                use,
                brief,
                description,
                "",
                "",
                List.of(),
                List.of(),
                List.of(children),
                List.of(),
                Optional.empty());
    }

    /** The same command under a heading. */
    public Command withGroup(String value) {
        return new Command(
                use,
                brief,
                description,
                example,
                value,
                flags,
                inheritable,
                children,
                choices,
                action);
    }

    /** The same command with a longer help text. */
    public Command withDescription(String value) {
        return new Command(
                use, brief, value, example, group, flags, inheritable, children, choices, action);
    }

    /** The same command with examples. */
    public Command withExample(String value) {
        return new Command(
                use,
                brief,
                description,
                value,
                group,
                flags,
                inheritable,
                children,
                choices,
                action);
    }

    /** The same command with flags that the commands below it have too. */
    public Command withInheritable(Flag... values) {
        return new Command(
                use,
                brief,
                description,
                example,
                group,
                flags,
                List.of(values),
                children,
                choices,
                action);
    }

    /** The same command with the only values that its one argument may have. */
    public Command withChoices(String... values) {
        return new Command(
                use,
                brief,
                description,
                example,
                group,
                flags,
                inheritable,
                children,
                List.of(values),
                action);
    }

    /** The same tree with each action put into another. */
    public Command mapActions(UnaryOperator<Action> map) {
        return new Command(
                use,
                brief,
                description,
                example,
                group,
                flags,
                inheritable,
                children.stream().map(child -> child.mapActions(map)).toList(),
                choices,
                action.map(map));
    }

    Command withFlag(Flag flag) {
        List<Flag> more = new ArrayList<>(flags);
        more.add(flag);
        return new Command(
                use,
                brief,
                description,
                example,
                group,
                more,
                inheritable,
                children,
                choices,
                action);
    }

    Command withChild(Command child) {
        List<Command> more = new ArrayList<>(children);
        more.add(child);
        return new Command(
                use, brief, description, example, group, flags, inheritable, more, choices, action);
    }

    /** The first word of {@link #use}. */
    public String name() {
        int space = use.indexOf(' ');
        return space < 0 ? use : use.substring(0, space);
    }

    boolean runnable() {
        return action.isPresent();
    }

    /** Its own flags, and the switch for its help. */
    List<Flag> localFlags() {
        List<Flag> local = new ArrayList<>(flags);
        local.addAll(inheritable);
        if (flags.stream().noneMatch(flag -> flag.name().equals(HELP))) {
            local.add(Flag.toggle(HELP, "help for " + name()).withLetter("h"));
        }
        return local;
    }

    static final String HELP = "help";

    /** The child of this name, or the only one whose name begins so (CT-15). */
    Optional<Command> child(String word) {
        List<Command> begins = new ArrayList<>();
        for (Command child : children) {
            if (child.name().equals(word)) return Optional.of(child);
            if (child.name().startsWith(word)) begins.add(child);
        }
        return begins.size() == 1 ? Optional.of(begins.getFirst()) : Optional.empty();
    }
}
