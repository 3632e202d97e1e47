import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The build's formatter: google-java-format over every source file, run on the build's own JDK
 * because the formatter parses with the compiler of the JVM that runs it and Maven may run on an
 * older one.
 *
 * <p>{@code Format write DIR} rewrites the files that changed since it last ran, {@code Format
 * check DIR} looks at all, lists those it would rewrite and exits with 1 when there is one.
 */
public final class Format {
    private static final List<String> ROOTS =
            List.of(
                    ".build",
                    "api",
                    "spi",
                    "engine",
                    "backends",
                    "transports",
                    "discovery",
                    "distribution");

    public static void main(String[] args) throws Exception {
        boolean write = args[0].equals("write");
        Path base = Path.of(args[1]);
        Formatter formatter =
                new Formatter(
                        JavaFormatterOptions.builder()
                                .style(JavaFormatterOptions.Style.AOSP)
                                .build());
        Path stamp = base.resolve("target/formatter/last-run");
        FileTime since =
                write && Files.exists(stamp)
                        ? Files.getLastModifiedTime(stamp)
                        : FileTime.fromMillis(0);
        FileTime now = FileTime.from(Instant.now());
        List<Path> off =
                sources(base, since).parallelStream()
                        .filter(file -> !isFormatted(formatter, file, write))
                        .map(base::relativize)
                        .toList();
        if (write) {
            Files.writeString(stamp, "");
            Files.setLastModifiedTime(stamp, now);
        }
        if (off.isEmpty() || write) return;
        off.forEach(file -> System.err.println("not formatted: " + file));
        System.err.println("run `mvn -N validate` to format, then commit the result");
        System.exit(1);
    }

    private static List<Path> sources(Path base, FileTime since) throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String root : ROOTS) {
            if (!Files.isDirectory(base.resolve(root))) continue;
            try (Stream<Path> files = Files.walk(base.resolve(root))) {
                for (Path file : files.filter(Format::isSource).toList()) {
                    if (Files.getLastModifiedTime(file).compareTo(since) >= 0) sources.add(file);
                }
            }
        }
        return sources;
    }

    private static boolean isFormatted(Formatter formatter, Path file, boolean write) {
        try {
            String source = Files.readString(file);
            String formatted = format(formatter, file, source);
            if (formatted.equals(source)) return true;
            if (write) Files.writeString(file, formatted);
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isSource(Path file) {
        String path = file.toString();
        return path.endsWith(".java") && !path.contains("/target/");
    }

    private static String format(Formatter formatter, Path file, String source) throws IOException {
        try {
            String ordered =
                    ImportOrderer.reorderImports(
                            RemoveUnusedImports.removeUnusedImports(source),
                            JavaFormatterOptions.Style.AOSP);
            return formatter.formatSource(ordered);
        } catch (com.google.googlejavaformat.java.FormatterException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }
}
