package io.quorate.launcher;

import io.quorate.engine.server.ConfigException;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The log of the process, in the shape of etcd's (PK-14): one line for each event, JSON by default,
 * with level, time, caller, message and fields. Tools and tests wait for its messages.
 *
 * <p>Of equal messages within a second the first hundred are written and then every hundredth
 * (PK-16). A line is one write, so lines of several processes on one pipe do not mix. Any thread.
 */
final class Log {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSXX", Locale.ROOT);
    private static final Log PROCESS = new Log(new FileOutputStream(FileDescriptor.err));

    private final ReentrantLock writing = new ReentrantLock();
    private final Sampler sampler = new Sampler();
    private volatile Settings settings;
    private volatile List<OutputStream> outputs;

    private final OutputStream standardError;

    /**
     * Everything from info on goes there as JSON, until {@link #configure}.
     *
     * @param standardError what the outputs {@code default} and {@code stderr} stand for
     */
    Log(OutputStream standardError) {
        this.standardError = standardError;
        this.outputs = List.of(standardError);
        this.settings = new Settings(Level.INFO, Format.JSON);
    }

    /** The one log that {@link System.Logger} and everything else of this process write to. */
    static Log process() {
        return PROCESS;
    }

    /**
     * Takes effect for every line from now on.
     *
     * @param names {@code default}, {@code stderr}, {@code stdout}, or paths of files to append to
     *     (PK-17)
     * @param rotation how files are put aside when they are full; empty to let them grow
     * @throws ConfigException for outputs that cannot be opened or that exclude each other
     */
    void configure(Settings settings, List<String> names, Optional<RotatingFile.Rules> rotation) {
        this.outputs = open(names.isEmpty() ? List.of("default") : names, rotation);
        this.settings = settings;
    }

    void info(String message, Object... fields) {
        log(Level.INFO, Optional.empty(), message, fields(fields), null);
    }

    void warn(String message, Object... fields) {
        log(Level.WARN, Optional.empty(), message, fields(fields), null);
    }

    void error(String message, Object... fields) {
        log(Level.ERROR, Optional.empty(), message, fields(fields), null);
    }

    /** The last words of a process that ends because of this. */
    void fatal(String message, Object... fields) {
        log(Level.FATAL, Optional.empty(), message, fields(fields), null);
    }

    boolean enabled(Level level) {
        return level.compareTo(settings.level) >= 0;
    }

    /**
     * @param logger name of the part that speaks, where that is not ours
     * @param thrown may be null; its message becomes the field {@code error}
     */
    void log(
            Level level,
            Optional<String> logger,
            String message,
            Map<String, ?> fields,
            Throwable thrown) {
        if (!enabled(level)) return;
        Instant now = Instant.now();
        if (!sampler.admits(level, message, now.getEpochSecond())) return;
        StringBuilder line = new StringBuilder(256);
        String time = TIME.format(now.atZone(ZoneId.systemDefault()));
        Map<String, Object> all = new LinkedHashMap<>(fields);
        addFailure(level, all, thrown);
        switch (settings.format) {
            case JSON -> json(line, level, time, logger, Caller.find(), message, all);
            case CONSOLE -> console(line, level, time, logger, Caller.find(), message, all);
        }
        write(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    }

    private void write(byte[] line) {
        writing.lock();
        try {
            for (OutputStream output : outputs) {
                try {
                    output.write(line);
                    output.flush();
                } catch (IOException e) {
                    // Nobody is left to tell: a full disk under the log must not stop the member.
                }
            }
        } finally {
            writing.unlock();
        }
    }

    private static void json(
            StringBuilder line,
            Level level,
            String time,
            Optional<String> logger,
            String caller,
            String message,
            Map<String, Object> fields) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("level", level.text());
        all.put("ts", time);
        logger.ifPresent(name -> all.put("logger", name));
        all.put("caller", caller);
        all.put("msg", message);
        all.putAll(fields);
        new JsonWriter(line, false).value(all);
    }

    private static void console(
            StringBuilder line,
            Level level,
            String time,
            Optional<String> logger,
            String caller,
            String message,
            Map<String, Object> fields) {
        line.append(time).append('\t').append(level.text()).append('\t');
        logger.ifPresent(name -> line.append(name).append('\t'));
        line.append(caller).append('\t').append(message);
        Object trace = fields.remove("stacktrace");
        if (!fields.isEmpty()) {
            line.append('\t');
            new JsonWriter(line, true).value(fields);
        }
        if (trace != null) line.append('\n').append(trace);
    }

    /** From error on a stack trace comes with the failure, be it thrown or a field. */
    private static void addFailure(Level level, Map<String, Object> fields, Throwable thrown) {
        Throwable failure = thrown;
        if (failure != null) fields.putIfAbsent("error", failure);
        for (Object value : fields.values()) {
            if (failure == null && value instanceof Throwable t) failure = t;
        }
        boolean traced = failure != null && !(failure instanceof ConfigException);
        if (traced && level.compareTo(Level.ERROR) >= 0) {
            StringWriter trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace));
            fields.put("stacktrace", trace.toString().stripTrailing());
        }
    }

    private static Map<String, Object> fields(Object... pairs) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) fields.put((String) pairs[i], pairs[i + 1]);
        return fields;
    }

    private List<OutputStream> open(List<String> names, Optional<RotatingFile.Rules> rotation) {
        if (names.size() > 1 && names.contains("default")) {
            throw new ConfigException("multi logoutput for \"default\" is not supported yet");
        }
        if (names.contains("/dev/null")) return List.of();
        Set<String> targets = new LinkedHashSet<>();
        for (String name : names) targets.add(name.equals("default") ? "stderr" : name);
        List<OutputStream> outputs = new ArrayList<>();
        for (String target : targets) outputs.add(open(target, rotation));
        return List.copyOf(outputs);
    }

    private OutputStream open(String target, Optional<RotatingFile.Rules> rotation) {
        switch (target) {
            case "stderr":
                return standardError;
            case "stdout":
                return new FileOutputStream(FileDescriptor.out);
            case "systemd/journal":
                throw new ConfigException(
                        "--log-outputs=systemd/journal is not supported by this release yet; under"
                                + " systemd use default, which systemd passes to the journal");
            default:
                try {
                    if (rotation.isEmpty()) return new FileOutputStream(target, true);
                    return new RotatingFile(
                            Path.of(target),
                            rotation.get(),
                            InstantSource.system(),
                            task -> Thread.ofPlatform().name("tidy-logs").start(task));
                } catch (IOException e) {
                    throw new ConfigException(
                            "open sink \""
                                    + target
                                    + "\": "
                                    + Files.why("open", Path.of(target), e),
                            e);
                }
        }
    }

    /** What is logged and how it looks. */
    record Settings(Level level, Format format) {}

    /** etcd's levels, ascending. */
    enum Level {
        DEBUG,
        INFO,
        WARN,
        ERROR,
        DPANIC,
        PANIC,
        FATAL;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * @throws ConfigException for a name that is none
         */
        static Level parse(String text) {
            if (text.isEmpty()) return INFO;
            for (Level level : values()) {
                if (text.equals(level.text()) || text.equals(level.name())) return level;
            }
            throw new ConfigException("unrecognized level: \"" + text + "\"");
        }
    }

    /** How lines look. */
    enum Format {
        JSON,
        CONSOLE;

        static Format parse(String text) {
            return switch (text) {
                case "json" -> JSON;
                case "console" -> CONSOLE;
                default ->
                        throw new ConfigException(
                                "unknown log format: " + text + ", supported values json, console");
            };
        }
    }

    /** Thins out floods of equal messages. */
    private static final class Sampler {
        private static final int SLOTS = 4096;
        private static final int FIRST = 100;
        private static final int THEN = 100;

        private final long[] seconds = new long[SLOTS];
        private final int[] counts = new int[SLOTS];

        synchronized boolean admits(Level level, String message, long second) {
            int slot = (message.hashCode() * 31 + level.ordinal()) & (SLOTS - 1);
            if (seconds[slot] != second) {
                seconds[slot] = second;
                counts[slot] = 0;
            }
            int count = ++counts[slot];
            return count <= FIRST || (count - FIRST) % THEN == 0;
        }
    }

    /** The place in the code that speaks, as {@code package/File.java:line}. */
    private static final class Caller {
        private static final StackWalker WALKER = StackWalker.getInstance();
        private static final String HERE = Log.class.getPackageName();

        static String find() {
            return WALKER.walk(frames ->
                            frames.filter(f -> !isLogging(f.getClassName()))
                                    .findFirst()
                                    .map(Caller::text))
                    .orElse("");
        }

        private static boolean isLogging(String type) {
            return type.equals(HERE + ".Log")
                    || type.startsWith(HERE + ".Log$")
                    || type.startsWith(HERE + ".JsonLogger")
                    || type.startsWith(HERE + ".JulBridge")
                    || type.startsWith("java.util.logging.")
                    || type.startsWith("java.lang.System$Logger")
                    || type.startsWith("jdk.internal.logger.")
                    || type.startsWith("sun.util.logging.");
        }

        private static String text(StackWalker.StackFrame frame) {
            String type = frame.getClassName();
            String[] parts = type.split("\\.");
            String folder = parts.length > 1 ? parts[parts.length - 2] + "/" : "";
            return folder + frame.getFileName() + ":" + frame.getLineNumber();
        }
    }
}
