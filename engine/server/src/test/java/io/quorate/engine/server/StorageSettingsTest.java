package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.spi.plugin.Settings;
import io.quorate.spi.storage.FileIo;
import io.quorate.spi.storage.NioFileIo;
import io.quorate.spi.storage.StorageEnv;
import io.quorate.spi.storage.StorageException;
import io.quorate.spi.storage.StorageProvider;
import io.quorate.spi.storage.StorageProvider.Part;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;

/** What the documentation says of the settings of our storage plugins is what the code does. */
class StorageSettingsTest {
    private static final Path ROOT =
            Path.of(System.getProperty("user.dir"), "..", "..").normalize();

    /** A row of a table: key, default, range. */
    private static final Pattern ROW =
            Pattern.compile(
                    "^\\| `([a-z.-]+)` \\| `([^`]+)` \\| ([^|]+) \\| [^|]+ \\|$",
                    Pattern.MULTILINE);

    @TempDir private Path directory;

    @Test
    void configurationPageListsEverySettingWithDefaultAndRange() throws IOException {
        Map<String, String> code = new TreeMap<>();
        for (PluginRegistry.Found plugin : PluginRegistry.load(Optional.empty()).all()) {
            for (Part part : plugin.provider().parts()) {
                code.putAll(
                        settings(plugin.provider(), part, plugin.name() + "." + name(part) + "."));
            }
        }
        String page = Files.readString(ROOT.resolve("docs/configuration.md"));
        String section = between(page, "### Settings of the storage plugins", "\n## ");
        assertEquals(code, rows(section));
    }

    @Test
    void readmeOfEachPluginListsItsSettingsWithDefaultAndRange() throws IOException {
        for (PluginRegistry.Found plugin : PluginRegistry.load(Optional.empty()).all()) {
            Path readme = ROOT.resolve("backends").resolve(plugin.name()).resolve("README.md");
            String text = Files.readString(readme);
            for (Part part : plugin.provider().parts()) {
                Map<String, String> code = settings(plugin.provider(), part, "");
                String section =
                        code.isEmpty()
                                ? ""
                                : between(text, "## Settings of the " + name(part), "\n## ");
                assertEquals(code, rows(section), readme + ", " + part);
            }
        }
    }

    /** What a plugin asks for when one half is opened: default and range by key. */
    private Map<String, String> settings(StorageProvider provider, Part part, String prefix)
            throws IOException {
        Settings settings = new Settings(provider.name(), Map.of());
        StorageEnv env = new Env(Files.createTempDirectory(directory, "half"), settings);
        switch (part) {
            case LOG -> provider.openLog(env).close();
            case STATE -> provider.openState(env).close();
        }
        Map<String, String> found = new TreeMap<>();
        for (Settings.Known known : settings.known()) {
            found.put(prefix + known.key(), known.fallback() + ", " + known.range());
        }
        return found;
    }

    private static Map<String, String> rows(String section) {
        Map<String, String> rows = new TreeMap<>();
        ROW.matcher(section)
                .results()
                .forEach(row ->
                        rows.put(
                                row.group(1),
                                row.group(2) + ", " + row.group(3).replace(" – ", " to ")));
        return rows;
    }

    private static String between(String text, String heading, String end) {
        int from = text.indexOf(heading);
        if (from < 0) throw new AssertionError("no \"" + heading + "\"");
        int to = text.indexOf(end, from + heading.length());
        return text.substring(from, to < 0 ? text.length() : to);
    }

    private static String name(Part part) {
        return part.name().toLowerCase(Locale.ROOT);
    }

    private record Env(Path directory, Settings settings) implements StorageEnv {
        @Override
        public FileIo io() {
            return new NioFileIo();
        }

        @Override
        public Executor background() {
            return Runnable::run;
        }

        @Override
        public void report(StorageException failure) {
            throw failure;
        }

        @Override
        public void observe(Timing timing, long nanos) {}
    }
}
