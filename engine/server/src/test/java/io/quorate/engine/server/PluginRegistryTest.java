package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.spi.storage.StorageProvider.Part;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

@Tag("T32")
class PluginRegistryTest {
    @TempDir Path directory;

    @Test
    void pluginsOfTheModulePathAreFound() {
        PluginRegistry plugins = PluginRegistry.load(Optional.empty());
        List<String> names = plugins.all().stream().map(PluginRegistry.Found::name).toList();
        assertEquals(List.of("file", "memory", "xodus"), names);
        assertEquals("memory", plugins.find("memory", Part.STATE).name());
    }

    @Test
    void anUnknownNameListsWhatIsThereAndTheNearest() {
        PluginRegistry plugins = PluginRegistry.load(Optional.of(directory.resolve("missing")));
        String message =
                assertThrows(ConfigException.class, () -> plugins.find("mmeory", Part.STATE))
                        .getMessage();
        assertTrue(
                message.startsWith(
                        "no state store \"mmeory\"; did you mean \"memory\"? Found: file, memory, xodus"),
                message);
        assertTrue(
                assertThrows(ConfigException.class, () -> plugins.find("rocks", Part.LOG))
                        .getMessage()
                        .startsWith("no raft log \"rocks\". Found: file, memory, xodus"));
    }

    @Test
    void aFolderOfJarsIsAPluginInALayerOfItsOwn() throws IOException {
        plugin("acme", "acme", 1, "");
        PluginRegistry.Found found =
                PluginRegistry.load(Optional.of(directory)).find("acme", Part.LOG);
        assertEquals("2.5", found.version());
        assertTrue(found.location().endsWith("acme/acme.jar"), found.location());
        ModuleLayer layer = found.provider().getClass().getModule().getLayer();
        assertTrue(layer != PluginRegistryTest.class.getModule().getLayer());
    }

    @Test
    void twoPluginsOfOneNameAreRefusedWithBothPlaces() throws IOException {
        plugin("one", "acme", 1, "");
        plugin("two", "acme", 1, "");
        String message = refused();
        assertTrue(message.startsWith("two storage plugins are called \"acme\": "), message);
        assertTrue(message.contains("one/one.jar") && message.contains("two/two.jar"), message);
    }

    @Test
    void aPluginMayNotTakeTheNameOfOneOfOurs() throws IOException {
        plugin("acme", "memory", 1, "");
        assertTrue(refused().startsWith("two storage plugins are called \"memory\": "));
    }

    @Test
    void aPluginForAnotherSpiIsRefused() throws IOException {
        plugin("acme", "acme", 7, "");
        assertTrue(refused().contains("was built for version 7 of the storage SPI"));
    }

    @Test
    void aPluginThatCannotBeMadeIsRefusedWithItsReason() throws IOException {
        plugin("acme", "acme", 1, "throw new IllegalStateException(\"no native part\");");
        String message = refused();
        assertTrue(message.contains("cannot be made"), message);
        assertTrue(message.contains("no native part"), message);
    }

    @Test
    void jarsThatAreNoPluginAreRefusedWithTheirFolder() throws IOException {
        Files.createDirectories(directory.resolve("broken"));
        Files.writeString(directory.resolve("broken/a.jar"), "not a jar");
        String message = refused();
        assertTrue(message.contains(directory.resolve("broken").toString()), message);
    }

    private String refused() {
        return assertThrows(
                        ConfigException.class, () -> PluginRegistry.load(Optional.of(directory)))
                .getMessage();
    }

    /** Compiles a plugin and puts it into a folder of its own, as a vendor would ship it. */
    private void plugin(String folder, String name, int major, String constructor)
            throws IOException {
        Path sources = directory.resolve("build-" + folder);
        Path classes = sources.resolve("classes");
        Files.createDirectories(sources.resolve("com/" + folder));
        Path module = sources.resolve("module-info.java");
        Files.writeString(
                module,
                "module com.%s { requires io.quorate.spi.storage; provides io.quorate.spi.storage.StorageProvider with com.%s.Provider; }"
                        .formatted(folder, folder));
        Path type = sources.resolve("com/" + folder + "/Provider.java");
        Files.writeString(
                type,
                """
                package com.%s;
                import io.quorate.spi.storage.*;
                import java.util.Set;
                public final class Provider implements StorageProvider {
                    public Provider() { %s }
                    public String name() { return "%s"; }
                    public String description() { return "a test"; }
                    public int spiMajor() { return %d; }
                    public Set<Part> parts() { return Set.of(Part.LOG); }
                    public Capabilities capabilities() { return new Capabilities(1, 1, 1, true, true); }
                    public RaftLog openLog(StorageEnv env) { throw new AssertionError(); }
                    public StateStore openState(StorageEnv env) { throw new AssertionError(); }
                }
                """
                        .formatted(folder, constructor, name, major));
        int result =
                ToolProvider.findFirst("javac")
                        .orElseThrow()
                        .run(
                                System.out,
                                System.err,
                                "-p",
                                System.getProperty("jdk.module.path"),
                                "--module-version",
                                "2.5",
                                "-d",
                                classes.toString(),
                                module.toString(),
                                type.toString());
        assertEquals(0, result);
        Files.createDirectories(directory.resolve(folder));
        jar(classes, directory.resolve(folder).resolve(folder + ".jar"));
        delete(sources);
    }

    private static void jar(Path classes, Path jar) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                entries.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, entries);
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) Files.delete(file);
        }
    }
}
