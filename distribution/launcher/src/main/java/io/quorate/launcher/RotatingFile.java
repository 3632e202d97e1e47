package io.quorate.launcher;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import io.quorate.engine.server.ConfigException;

import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * A log file that is put aside when it has reached its size, and a new one begun (FL-86, FL-87).
 * Old ones lie beside it as {@code NAME-2026-01-31T23-59-59.999.EXT}, perhaps with {@code .gz}, as
 * etcd names them; those that are too many or too old are deleted whenever a file is put aside.
 *
 * <p>Not thread-safe; the tidying is left to an executor.
 */
final class RotatingFile extends OutputStream {
    private static final DateTimeFormatter WHEN =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss.SSS", Locale.ROOT);
    private static final String COMPRESSED = ".gz";

    private final Path file;
    private final Rules rules;
    private final InstantSource clock;
    private final Executor tidying;
    private OutputStream out;
    private long size;

    /**
     * @param sizeBytesMax what a file may have; a line is never split
     * @param ageDaysMax of old files; 0 for any
     * @param backupsMax old files to keep; 0 for any number
     * @param localTime whether their names have the local time instead of UTC
     * @param compress whether they are compressed
     */
    record Rules(
            long sizeBytesMax,
            int ageDaysMax,
            int backupsMax,
            boolean localTime,
            boolean compress) {
        private static final int DEFAULT_MEGABYTES = 100;

        /**
         * Reads etcd's JSON; keys that are unknown are passed over.
         *
         * @throws ConfigException in etcd's words
         */
        static Rules parse(String json) {
            Object read;
            try {
                read = new Load(LoadSettings.builder().build()).loadFromString(json);
            } catch (YamlEngineException e) {
                throw new ConfigException(
                        "improperly formatted log rotation config: "
                                + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                        e);
            }
            if (!(read instanceof Map<?, ?> fields) || !json.strip().startsWith("{")) {
                throw new ConfigException(
                        "improperly formatted log rotation config: not a JSON object");
            }
            int megabytes = number(fields, "maxsize");
            return new Rules(
                    (megabytes == 0 ? DEFAULT_MEGABYTES : megabytes) * (1L << 20),
                    number(fields, "maxage"),
                    number(fields, "maxbackups"),
                    bool(fields, "localtime"),
                    bool(fields, "compress"));
        }

        private static int number(Map<?, ?> fields, String name) {
            return switch (field(fields, name)) {
                case null -> 0;
                case Integer number when number >= 0 -> number;
                default -> throw invalid(name, "a whole number that is not negative");
            };
        }

        private static boolean bool(Map<?, ?> fields, String name) {
            return switch (field(fields, name)) {
                case null -> false;
                case Boolean bool -> bool;
                default -> throw invalid(name, "true or false");
            };
        }

        private static Object field(Map<?, ?> fields, String name) {
            for (Map.Entry<?, ?> field : fields.entrySet()) {
                if (name.equalsIgnoreCase(String.valueOf(field.getKey()))) return field.getValue();
            }
            return null;
        }

        private static ConfigException invalid(String name, String wanted) {
            return new ConfigException(
                    "invalid log rotation config: \"" + name + "\" must be " + wanted);
        }
    }

    /** Opens the file, which may be there already; lines are appended. */
    RotatingFile(Path file, Rules rules, InstantSource clock, Executor tidying) throws IOException {
        this.file = file.toAbsolutePath();
        this.rules = rules;
        this.clock = clock;
        this.tidying = tidying;
        Files.createDirectories(this.file.getParent());
        open();
        tidying.execute(this::tidy);
    }

    private void open() throws IOException {
        out = Files.newOutputStream(file, CREATE, APPEND);
        size = Files.size(file);
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] line, int offset, int length) throws IOException {
        if (size > 0 && size + length > rules.sizeBytesMax) rotate();
        out.write(line, offset, length);
        size += length;
    }

    /** A file that cannot be put aside is written on: lines count more than sizes. */
    private void rotate() throws IOException {
        out.close();
        try {
            Files.move(file, aside());
        } catch (IOException e) {
            // As said above; the next line tries again.
        }
        open();
        tidying.execute(this::tidy);
    }

    private Path aside() {
        ZoneId zone = rules.localTime ? ZoneId.systemDefault() : ZoneOffset.UTC;
        Instant now = clock.instant();
        while (true) {
            Path name = file.resolveSibling(prefix() + WHEN.format(now.atZone(zone)) + suffix());
            if (!Files.exists(name)) return name;
            now = now.plusMillis(1);
        }
    }

    private String prefix() {
        String name = file.getFileName().toString();
        return name.substring(0, name.length() - suffix().length()) + "-";
    }

    /** From the last dot of the name on. */
    private String suffix() {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot);
    }

    /** An old file; compressed ones may lie beside what they were made of. */
    private record Old(Path path, LocalDateTime when, boolean compressed) {}

    private synchronized void tidy() {
        try {
            Set<LocalDateTime> kept = new HashSet<>();
            ZoneId zone = rules.localTime ? ZoneId.systemDefault() : ZoneOffset.UTC;
            LocalDateTime oldest =
                    LocalDateTime.ofInstant(
                            clock.instant().minus(Duration.ofDays(rules.ageDaysMax)), zone);
            for (Old old : olds()) {
                kept.add(old.when);
                boolean tooMany = rules.backupsMax > 0 && kept.size() > rules.backupsMax;
                boolean tooOld = rules.ageDaysMax > 0 && old.when.isBefore(oldest);
                if (tooMany || tooOld) {
                    Files.deleteIfExists(old.path);
                } else if (rules.compress && !old.compressed) {
                    compress(old.path);
                }
            }
        } catch (IOException e) {
            // Old files are left as they are; the next rotation tries again. The log itself, which
            // is written meanwhile, is no place to tell it.
        }
    }

    /** Newest first. */
    private List<Old> olds() throws IOException {
        List<Old> olds = new ArrayList<>();
        try (Stream<Path> files = Files.list(file.getParent())) {
            files.forEach(path -> old(path).ifPresent(olds::add));
        }
        olds.sort(Comparator.comparing(Old::when).reversed());
        return olds;
    }

    private Optional<Old> old(Path path) {
        String name = path.getFileName().toString();
        boolean compressed = name.endsWith(COMPRESSED);
        String plain = compressed ? name.substring(0, name.length() - COMPRESSED.length()) : name;
        boolean ours = plain.startsWith(prefix()) && plain.endsWith(suffix());
        if (!ours || plain.length() < prefix().length() + suffix().length()) {
            return Optional.empty();
        }
        String when = plain.substring(prefix().length(), plain.length() - suffix().length());
        try {
            return Optional.of(new Old(path, LocalDateTime.parse(when, WHEN), compressed));
        } catch (DateTimeParseException somebodyElses) {
            return Optional.empty();
        }
    }

    private static void compress(Path path) throws IOException {
        Path target = path.resolveSibling(path.getFileName() + COMPRESSED);
        try (InputStream in = Files.newInputStream(path);
                OutputStream gzip = new GZIPOutputStream(Files.newOutputStream(target))) {
            in.transferTo(gzip);
        }
        Files.delete(path);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
