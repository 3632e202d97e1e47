package io.quorate.launcher;

import io.quorate.engine.server.ConfigException;
import io.quorate.engine.server.MemberUrl;
import io.quorate.launcher.GoValues.BadValue;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * One flag of {@code etcd}, with everything that is known about it: the command line, the
 * environment, the configuration file, the help and the manual all read this.
 *
 * @param name without dashes
 * @param section heading in the help
 * @param type what values look like
 * @param fallback the default, as text; for switches {@code true} or {@code false}
 * @param shown the default as the help shows it, when that differs
 * @param support what this release does with it
 * @param help one sentence in our words
 * @param note what a reader must know on top: why a value is harmless, or which rule applies
 */
record Flag(
        String name,
        Section section,
        Type type,
        String fallback,
        String shown,
        Support support,
        String help,
        String note) {

    /**
     * @param shown empty when the help shows the default as it is
     */
    static Flag of(
            String name,
            Section section,
            Type type,
            String fallback,
            String shown,
            Support support,
            String help,
            String note) {
        return new Flag(
                name,
                section,
                type,
                fallback,
                shown.isEmpty() ? fallback : shown,
                support,
                help,
                note);
    }

    /** {@code ETCD_} and the name in capitals (EN-01). */
    String variable() {
        return "ETCD_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    /** Whether a text stands for the default value, however it is written. */
    boolean isDefault(String text) {
        return type.canonical(text).equals(type.canonical(fallback));
    }

    /** Headings of the help, in its order. */
    enum Section {
        MEMBER("Member"),
        CLUSTERING("Clustering"),
        SECURITY("Security"),
        AUTH("Auth"),
        MONITORING("Profiling and Monitoring"),
        LOGGING("Logging"),
        TRACING("Distributed tracing"),
        FEATURES("Features"),
        UNSAFE("Unsafe feature"),
        STORAGE("Storage and plugins (Quorate)");

        final String title;

        Section(String title) {
            this.title = title;
        }
    }

    /** What this release does with a flag. */
    enum Support {
        /** It has its effect. */
        WORKS("works"),
        /** Every valid value is taken and none is missed: the note says why. */
        HARMLESS("accepted, no effect"),
        /** Only the default is taken. */
        LATER("default only");

        final String title;

        Support(String title) {
            this.title = title;
        }
    }

    /** Kinds of values. Each refuses bad text with Go's or etcd's words. */
    enum Type {
        TEXT("text"),
        BOOL("true or false") {
            @Override
            String canonical(String text) {
                return String.valueOf(GoValues.bool(text));
            }
        },
        UNSIGNED("whole number, not negative") {
            @Override
            String canonical(String text) {
                return String.valueOf(GoValues.unsigned(text));
            }
        },
        UNSIGNED_32("whole number up to 4294967295") {
            @Override
            String canonical(String text) {
                try {
                    long number = GoValues.unsigned(text);
                    if (number > 0xffff_ffffL) throw new BadValue(GoValues.OUT_OF_RANGE);
                    return String.valueOf(number);
                } catch (BadValue e) {
                    String why =
                            e.getMessage().equals(GoValues.PARSE_ERROR)
                                    ? "invalid syntax"
                                    : e.getMessage();
                    throw new BadValue("strconv.ParseUint: parsing \"" + text + "\": " + why);
                }
            }
        },
        NUMBER("whole number") {
            @Override
            String canonical(String text) {
                return String.valueOf(GoValues.signed(text));
            }
        },
        DURATION("duration such as 100ms, 5s, 1h") {
            @Override
            String canonical(String text) {
                return text.isEmpty() ? "0s" : GoValues.print(GoValues.duration(text));
            }
        },
        URLS("URLs, comma-separated") {
            @Override
            String canonical(String text) {
                return urls(text);
            }
        },
        ORIGINS("URLs or *, comma-separated") {
            @Override
            String canonical(String text) {
                return text.equals("*") ? text : urls(text);
            }
        },
        /** Several texts in one, both on the command line and in the file. */
        TEXTS("texts, comma-separated"),
        /** Several texts: commas on the command line, a YAML list in the file. */
        LIST("texts, comma-separated"),
        CLUSTER_STATE("new or existing") {
            @Override
            String canonical(String text) {
                return oneOf(text, "new", "existing");
            }
        },
        FALLBACK("exit or proxy") {
            @Override
            String canonical(String text) {
                return oneOf(text, "exit", "proxy");
            }
        },
        V2_DEPRECATION("phase") {
            private static final Set<String> PHASES =
                    Set.of("write-only", "write-only-skip-check", "write-only-drop-data", "gone");

            @Override
            String canonical(String text) {
                for (String phase : text.split(",", -1)) {
                    if (!PHASES.contains(phase)) {
                        throw new BadValue("invalid value \"" + phase + "\"");
                    }
                }
                return text;
            }
        },
        LEVEL("level") {
            @Override
            String canonical(String text) {
                try {
                    return Log.Level.parse(text).name();
                } catch (ConfigException e) {
                    throw new BadValue(e.getMessage());
                }
            }
        },
        GATES("pairs such as A=true,B=false") {
            @Override
            String canonical(String text) {
                return FeatureGates.parse(text);
            }
        },
        MOUNT("core or helidon") {
            @Override
            String canonical(String text) {
                return oneOf(text, "core", "helidon");
            }
        },
        /** May be repeated; the file has a map of maps. */
        SETTINGS("plugin.key=value, repeatable") {
            @Override
            String canonical(String text) {
                int dot = text.indexOf('.');
                int equals = text.indexOf('=');
                if (!text.isEmpty() && (dot < 1 || equals < dot + 2)) {
                    throw new BadValue("must be plugin.key=value");
                }
                return text;
            }
        },
        /** Flags of releases long gone: any value is taken, with a warning (FX-07). */
        IGNORED("anything");

        /** For the manual. */
        final String form;

        Type(String form) {
            this.form = form;
        }

        /** One text for all texts that mean the same; throws {@link BadValue} for bad ones. */
        String canonical(String text) {
            return text;
        }

        /** Whether {@code -flag} alone means {@code -flag=true}. */
        boolean isSwitch() {
            return this == BOOL || this == IGNORED;
        }

        private static String urls(String text) {
            try {
                return String.join(",", MemberUrl.texts(MemberUrl.parseList(text)));
            } catch (ConfigException e) {
                throw new BadValue(e.getMessage());
            }
        }

        private static String oneOf(String text, String... choices) {
            List<String> known = Arrays.asList(choices);
            if (!known.contains(text)) throw new BadValue("invalid value");
            return text;
        }
    }
}
