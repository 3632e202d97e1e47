package io.quorate.utl;

import io.quorate.cli.Action;
import io.quorate.cli.CheckedAction;
import io.quorate.cli.FlagValues;
import io.quorate.cli.Invocation;
import io.quorate.cli.UsageException;

import java.util.List;
import java.util.stream.Collectors;

/**
 * An action that runs only with these flags, or with so many arguments.
 *
 * @param flags that must be given
 * @param arguments how many there must be, -1 for any number
 */
record Required(List<String> flags, int arguments, Action action) implements CheckedAction {
    static Required flags(Action action, String... flags) {
        return new Required(List.of(flags), -1, action);
    }

    static Required arguments(int count, Action action) {
        return new Required(List.of(), count, action);
    }

    @Override
    public void check(FlagValues typed) throws UsageException {
        int count = typed.arguments().size();
        if (arguments >= 0 && count != arguments) {
            throw new UsageException("accepts " + arguments + " arg(s), received " + count);
        }
        String missing =
                flags.stream()
                        .filter(flag -> !typed.given(flag))
                        .sorted()
                        .map(flag -> "\"" + flag + "\"")
                        .collect(Collectors.joining(", "));
        if (!missing.isEmpty()) {
            throw new UsageException("required flag(s) " + missing + " not set");
        }
    }

    @Override
    public void run(Invocation call) {
        action.run(call);
    }
}
