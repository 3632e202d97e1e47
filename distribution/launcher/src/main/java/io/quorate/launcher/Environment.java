package io.quorate.launcher;

import io.quorate.engine.server.ConfigException;
import io.quorate.launcher.GoValues.BadValue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Flags from {@code ETCD_} variables (EN-01 to EN-05). */
final class Environment {
    private static final String PREFIX = "ETCD_";
    private static final String VERSION = "ETCD_VERSION";

    private Environment() {}

    /**
     * Sets the flags that the command line left alone. An empty variable counts as none.
     *
     * @throws ConfigException for a value that is not of its flag's type
     * @throws Shadowed when a variable is set whose flag is set too (EN-02)
     */
    static void apply(Map<String, String> environment, Values values, Log log) {
        Set<String> shadowed = new HashSet<>();
        for (String name : values.names()) shadowed.add(Flags.get(name).variable());
        if (!environment.getOrDefault(VERSION, "").isEmpty()) {
            log.warn(
                    "cannot set special environment variable",
                    "key",
                    VERSION,
                    "value",
                    environment.get(VERSION));
        }
        Set<String> used = new HashSet<>(Set.of(VERSION));
        List<String> bad = new ArrayList<>();
        for (Flag flag : Flags.known()) {
            String key = flag.variable();
            String value = environment.getOrDefault(key, "");
            if (value.isEmpty() || shadowed.contains(key) || used.contains(key)) continue;
            used.add(key);
            try {
                values.set(flag, value);
                log.info(
                        "recognized and used environment variable",
                        "variable-name",
                        key,
                        "variable-value",
                        value);
            } catch (BadValue e) {
                bad.add("invalid value \"" + value + "\" for " + key + ": " + e.getMessage());
            }
        }
        refuseOthers(environment, used, shadowed, log);
        if (!bad.isEmpty()) throw new ConfigException(bad.getLast());
    }

    private static void refuseOthers(
            Map<String, String> environment, Set<String> used, Set<String> shadowed, Log log) {
        for (Map.Entry<String, String> entry : new TreeMap<>(environment).entrySet()) {
            String key = entry.getKey();
            if (used.contains(key)) continue;
            if (shadowed.contains(key)) throw new Shadowed(key);
            if (key.startsWith(PREFIX)) {
                log.warn(
                        "unrecognized environment variable",
                        "environment-variable",
                        key + "=" + entry.getValue());
            }
        }
    }

    /** A variable and a flag that say the same thing, perhaps differently. */
    static final class Shadowed extends RuntimeException {
        private static final long serialVersionUID = 1;

        final String variable;

        Shadowed(String variable) {
            super(
                    "conflicting environment variable is shadowed by corresponding command-line"
                            + " flag (either unset environment variable or disable flag))");
            this.variable = variable;
        }
    }
}
