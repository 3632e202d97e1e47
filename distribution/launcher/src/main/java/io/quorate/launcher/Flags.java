package io.quorate.launcher;

import io.quorate.engine.server.Nearest;
import io.quorate.launcher.Flag.Section;
import io.quorate.launcher.Flag.Support;
import io.quorate.launcher.Flag.Type;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The table of flags: those of etcd 3.7 (FL-01 to FL-102) and ours. */
final class Flags {
    /** In the order of the help. */
    static final List<Flag> ALL =
            Stream.of(
                            MemberFlags.ALL,
                            ClusteringFlags.ALL,
                            SecurityFlags.ALL,
                            DiagnosticFlags.ALL,
                            FeatureFlags.ALL,
                            PluginFlags.ALL)
                    .flatMap(List::stream)
                    .toList();

    private static final Map<String, Flag> BY_NAME = byName();

    private Flags() {}

    /** The flag of this name, among them those that are ignored. */
    static Optional<Flag> find(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    /** The flag of this name, which is one of the table. */
    static Flag get(String name) {
        return find(name).orElseThrow(() -> new IllegalArgumentException("no flag " + name));
    }

    private static Map<String, Flag> byName() {
        Map<String, Flag> flags = new LinkedHashMap<>();
        for (Flag flag : ALL) flags.put(flag.name(), flag);
        for (String name : RetiredFlags.IGNORED) {
            flags.put(
                    name,
                    Flag.of(name, Section.MEMBER, Type.IGNORED, "", "", Support.HARMLESS, "", ""));
        }
        return flags;
    }

    /** Every flag that can be set, the ignored ones too. */
    static Collection<Flag> known() {
        return BY_NAME.values();
    }

    /** What to do instead of a flag that does not exist, or empty when nothing comes to mind. */
    static String hint(String name) {
        String removed = RetiredFlags.REMOVED.get(name);
        if (removed != null) return removed;
        if (name.startsWith("experimental-") && BY_NAME.containsKey(name.substring(13))) {
            return "use --" + name.substring(13);
        }
        return Nearest.find(name, BY_NAME.keySet())
                .map(near -> "did you mean --" + near + "?")
                .orElse("");
    }
}
