package io.quorate.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What numbers depend on: the command line, the machine, the versions, the day. */
final class Surroundings {
    private Surroundings() {}

    static Map<String, String> of(Options options) throws IOException {
        Map<String, String> about = new LinkedHashMap<>();
        about.put("command", options.commandLine());
        about.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        about.put("machine", machine());
        about.put("java", System.getProperty("java.vendor.version", Runtime.version().toString()));
        for (Options.Server server : options.servers()) {
            about.put("server " + server.name(), version(server));
        }
        return about;
    }

    private static String machine() throws IOException {
        return String.format(
                Locale.ROOT,
                "%d x %s, %.0f GiB, Linux %s",
                Runtime.getRuntime().availableProcessors(),
                field("/proc/cpuinfo", "model name"),
                Double.parseDouble(field("/proc/meminfo", "MemTotal").replaceAll("\\D", ""))
                        / (1 << 20),
                System.getProperty("os.version"));
    }

    private static String field(String file, String name) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("0");
        }
    }

    /** The first line that the program says about itself. */
    private static String version(Options.Server server) throws IOException {
        Process process =
                new ProcessBuilder(server.executable().toString(), "--version")
                        .redirectErrorStream(true)
                        .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return text.lines()
                .map(String::trim)
                .filter(line -> line.contains("Version"))
                .findFirst()
                .orElse("unknown");
    }
}
