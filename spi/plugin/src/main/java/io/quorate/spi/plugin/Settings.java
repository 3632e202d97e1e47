package io.quorate.spi.plugin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A plugin's settings as text, read with typed getters. Every key that is asked for counts as
 * known; {@link #refuseUnknown()} then names those that nobody asked for. Every error is an {@link
 * IllegalArgumentException} that says whose setting it is, what was given and what is wanted. Used
 * by one thread.
 */
@Stable(since = "1.0")
public final class Settings {
    private static final Pattern SIZE = Pattern.compile("(\\d+)\\s*(B|KiB|MiB|GiB|TiB)?");
    private static final Pattern DURATION = Pattern.compile("(\\d+)\\s*(ns|us|ms|s|m|h)");

    private final String owner;
    private final Map<String, String> values;
    private final Map<String, Known> known = new TreeMap<>();

    /**
     * A setting that a plugin has.
     *
     * @param fallback what holds when nobody gives it, as it could be given; empty for nothing
     * @param range what may be given, in words: {@code 64KiB to 1GiB}
     */
    @Experimental(decideIn = "1.0")
    public record Known(String key, String fallback, String range) {}

    /**
     * @param owner what error messages call the settings, such as {@code state store file}
     */
    public Settings(String owner, Map<String, String> values) {
        this.owner = owner;
        this.values = new TreeMap<>(values);
    }

    public String text(String key, String fallback) {
        return asked(key, fallback == null ? "" : fallback, "text", fallback);
    }

    /**
     * Every setting that was asked for so far, by key: what the plugin's documentation must say.
     */
    @Experimental(decideIn = "1.0")
    public List<Known> known() {
        return List.copyOf(known.values());
    }

    private String asked(String key, String shownFallback, String range, String fallback) {
        known.put(key, new Known(key, shownFallback, range));
        return values.getOrDefault(key, fallback);
    }

    /** A whole number in [min, max]. */
    public long number(String key, long fallback, long min, long max) {
        String range = min + " to " + max;
        String text = asked(key, Long.toString(fallback), range, null);
        if (text == null) return fallback;
        String wanted = "a whole number from " + range;
        try {
            return inRange(key, text, Long.parseLong(text.strip()), min, max, wanted);
        } catch (NumberFormatException e) {
            throw bad(key, text, wanted);
        }
    }

    /**
     * A size in bytes, in [min, max]: a whole number with B, KiB, MiB, GiB, TiB or nothing, such as
     * {@code 64MiB}.
     */
    public long bytes(String key, long fallback, long min, long max) {
        String range = size(min) + " to " + size(max);
        String text = asked(key, size(fallback), range, null);
        if (text == null) return fallback;
        String wanted = "a size from " + range + ", such as 64MiB";
        Matcher matcher = SIZE.matcher(text.strip());
        if (!matcher.matches()) throw bad(key, text, wanted);
        long unit =
                switch (String.valueOf(matcher.group(2))) {
                    case "KiB" -> 1L << 10;
                    case "MiB" -> 1L << 20;
                    case "GiB" -> 1L << 30;
                    case "TiB" -> 1L << 40;
                    default -> 1;
                };
        try {
            long value = Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
            return inRange(key, text, value, min, max, wanted);
        } catch (ArithmeticException | NumberFormatException e) {
            throw bad(key, text, wanted);
        }
    }

    /** A duration in [min, max] as a whole number with ns, us, ms, s, m or h: {@code 100ms}. */
    public Duration duration(String key, Duration fallback, Duration min, Duration max) {
        String range = print(min) + " to " + print(max);
        String text = asked(key, print(fallback), range, null);
        if (text == null) return fallback;
        String wanted = "a duration from " + range + ", such as 100ms";
        Matcher matcher = DURATION.matcher(text.strip());
        if (!matcher.matches()) throw bad(key, text, wanted);
        try {
            long count = Long.parseLong(matcher.group(1));
            Duration value =
                    switch (matcher.group(2)) {
                        case "ns" -> Duration.ofNanos(count);
                        case "us" -> Duration.ofNanos(Math.multiplyExact(count, 1000L));
                        case "ms" -> Duration.ofMillis(count);
                        case "s" -> Duration.ofSeconds(count);
                        case "m" -> Duration.ofMinutes(count);
                        default -> Duration.ofHours(count);
                    };
            if (value.compareTo(min) >= 0 && value.compareTo(max) <= 0) return value;
        } catch (ArithmeticException | NumberFormatException e) {
            throw bad(key, text, wanted);
        }
        throw bad(key, text, wanted);
    }

    public boolean flag(String key, boolean fallback) {
        String text = asked(key, Boolean.toString(fallback), "true or false", null);
        if (text == null) return fallback;
        return switch (text.strip()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw bad(key, text, "true or false");
        };
    }

    /** One of an enum's constants, written in lower case with dashes for underscores. */
    public <E extends Enum<E>> E choice(String key, E fallback) {
        List<String> names = new ArrayList<>();
        for (E constant : fallback.getDeclaringClass().getEnumConstants()) {
            names.add(name(constant));
        }
        String range = "one of " + String.join(", ", names);
        String text = asked(key, name(fallback), range, null);
        if (text == null) return fallback;
        int chosen = names.indexOf(text.strip());
        if (chosen < 0) throw bad(key, text, range);
        return fallback.getDeclaringClass().getEnumConstants()[chosen];
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * @throws IllegalArgumentException when a key was given that nobody asked for
     */
    public void refuseUnknown() {
        Set<String> unknown = new TreeSet<>(values.keySet());
        unknown.removeAll(known.keySet());
        if (unknown.isEmpty()) return;
        StringBuilder message = new StringBuilder(owner).append(" has no setting ");
        String separator = "";
        for (String key : unknown) {
            message.append(separator).append('"').append(key).append('"');
            String near = Nearest.of(key, known.keySet());
            if (near != null) message.append(" (did you mean \"").append(near).append("\"?)");
            separator = ", ";
        }
        message.append("; it has: ")
                .append(known.isEmpty() ? "none" : String.join(", ", known.keySet()));
        throw new IllegalArgumentException(message.toString());
    }

    private long inRange(String key, String text, long value, long min, long max, String wanted) {
        if (value < min || value > max) throw bad(key, text, wanted);
        return value;
    }

    private IllegalArgumentException bad(String key, String value, String wanted) {
        return new IllegalArgumentException(
                owner + ": setting " + key + " is \"" + value + "\"; it must be " + wanted);
    }

    private static String size(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        int unit = 0;
        while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
            bytes /= 1024;
            unit++;
        }
        return bytes + units[unit];
    }

    private static String print(Duration duration) {
        return duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
