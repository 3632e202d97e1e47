package io.quorate.cli;

import java.time.Instant;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Flags from variables: {@code --command-timeout} is {@code ETCDCTL_COMMAND_TIMEOUT} (CT-03). */
public final class Environment {
    private Environment() {}

    /**
     * The command's values with those of the variables for the flags it inherits. A value that is
     * not of its flag's type is passed over; a variable that names no flag is warned of.
     *
     * @param prefix of the tool's variables, such as {@code ETCDCTL}
     * @param alsoKnown variables that are read elsewhere
     * @throws Exit with code 1 where a flag and its variable are both set
     */
    public static FlagValues apply(Invocation call, String prefix, Set<String> alsoKnown) {
        Set<String> used = new HashSet<>(alsoKnown);
        Set<String> shadowed = new HashSet<>();
        FlagValues values = call.flags();
        for (Flag flag : call.inherited()) {
            String variable = variable(prefix, flag.name());
            String value = call.environment().getOrDefault(variable, "");
            if (values.given(flag.name())) {
                shadowed.add(variable);
            } else if (!value.isEmpty()) {
                used.add(variable);
                try {
                    values = values.with(Map.of(flag, value));
                } catch (UsageException ignoredAsEtcdctlDoes) {
                    continue;
                }
            }
        }
        check(call, prefix, used, shadowed);
        return values;
    }

    /** The name of a flag's variable. */
    public static String variable(String prefix, String flag) {
        return prefix + "_" + flag.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    private static void check(
            Invocation call, String prefix, Set<String> used, Set<String> shadowed) {
        for (Map.Entry<String, String> entry : new TreeMap<>(call.environment()).entrySet()) {
            String variable = entry.getKey();
            if (used.contains(variable)) continue;
            if (shadowed.contains(variable)) {
                call.terminal().error(conflict(variable));
                throw Exit.silently(Exit.ERROR);
            }
            if (variable.startsWith(prefix + "_")) {
                call.terminal().error(unknown(variable + "=" + entry.getValue()));
            }
        }
    }

    private static String conflict(String variable) {
        return log(
                        "fatal",
                        "conflicting environment variable is shadowed by corresponding"
                                + " command-line flag (either unset environment variable or"
                                + " disable flag))")
                .with("environment-variable", variable)
                .toString();
    }

    private static String unknown(String assignment) {
        return log("warn", "unrecognized environment variable")
                .with("environment-variable", assignment)
                .toString();
    }

    private static LogLine log(String level, String message) {
        return new LogLine(level, Instant.now(), "", "cli/Environment.java", message);
    }
}
