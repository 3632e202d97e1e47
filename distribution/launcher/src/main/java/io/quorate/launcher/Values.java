package io.quorate.launcher;

import io.quorate.launcher.Flag.Type;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What the flags were set to, and their defaults where they were not. Used by one thread. */
final class Values {
    private final Map<String, String> texts = new LinkedHashMap<>();
    private final Map<String, Map<String, Map<String, String>>> settings = new TreeMap<>();

    /**
     * The last of several values counts, but for settings, which add up.
     *
     * @throws GoValues.BadValue for text that is not of the flag's type
     */
    void set(Flag flag, String text) {
        flag.type().canonical(text);
        texts.put(flag.name(), text);
        if (flag.type() == Type.SETTINGS && !text.isEmpty()) {
            int dot = text.indexOf('.');
            int equals = text.indexOf('=');
            settings.computeIfAbsent(flag.name(), name -> new TreeMap<>())
                    .computeIfAbsent(text.substring(0, dot), plugin -> new TreeMap<>())
                    .put(text.substring(dot + 1, equals), text.substring(equals + 1));
        }
    }

    /** Names of the flags that were set, in that order. */
    Set<String> names() {
        return texts.keySet();
    }

    boolean isSet(String name) {
        return texts.containsKey(name);
    }

    String text(String name) {
        return texts.getOrDefault(name, Flags.get(name).fallback());
    }

    boolean bool(String name) {
        return GoValues.bool(text(name));
    }

    long number(String name) {
        return GoValues.signed(text(name));
    }

    Duration duration(String name) {
        String text = text(name);
        return text.isEmpty() ? Duration.ZERO : GoValues.duration(text);
    }

    /** The parts between commas, without doubles. */
    List<String> list(String name) {
        String text = text(name);
        return text.isEmpty()
                ? List.of()
                : new ArrayList<>(new LinkedHashSet<>(Arrays.asList(text.split(","))));
    }

    /** What a flag sets for plugins, by plugin. */
    Map<String, Map<String, String>> settings(String name) {
        return settings.getOrDefault(name, Map.of());
    }
}
