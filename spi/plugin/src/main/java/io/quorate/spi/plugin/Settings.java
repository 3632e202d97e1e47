package io.quorate.spi.plugin;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A plugin's settings as text, read with typed getters. Every key that is asked for counts as
 * known; {@link #refuseUnknown()} then names those that nobody asked for. Used by one thread.
 */
public final class Settings {
    private final String owner;
    private final Map<String, String> values;
    private final Set<String> known = new TreeSet<>();

    /**
     * @param owner what error messages call the settings, such as {@code state store file}
     */
    public Settings(String owner, Map<String, String> values) {
        this.owner = owner;
        this.values = new TreeMap<>(values);
    }

    public String text(String key, String fallback) {
        known.add(key);
        return values.getOrDefault(key, fallback);
    }

    /** A whole number in [min, max]. */
    public long number(String key, long fallback, long min, long max) {
        String text = text(key, null);
        if (text == null) return fallback;
        try {
            long number = Long.parseLong(text.strip());
            if (number >= min && number <= max) return number;
        } catch (NumberFormatException e) {
            throw bad(key, text, "a whole number from " + min + " to " + max);
        }
        throw bad(key, text, "a whole number from " + min + " to " + max);
    }

    public boolean flag(String key, boolean fallback) {
        String text = text(key, null);
        if (text == null) return fallback;
        return switch (text.strip()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw bad(key, text, "true or false");
        };
    }

    /**
     * @throws IllegalArgumentException when a key was given that nobody asked for
     */
    public void refuseUnknown() {
        Set<String> unknown = new TreeSet<>(values.keySet());
        unknown.removeAll(known);
        if (unknown.isEmpty()) return;
        throw new IllegalArgumentException(
                owner
                        + " has no setting "
                        + String.join(", ", unknown)
                        + "; it has: "
                        + String.join(", ", known));
    }

    private IllegalArgumentException bad(String key, String value, String wanted) {
        return new IllegalArgumentException(
                owner + ": setting " + key + " is \"" + value + "\"; it must be " + wanted);
    }
}
