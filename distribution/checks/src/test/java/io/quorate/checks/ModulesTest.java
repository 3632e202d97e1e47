package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the jars that users download say of themselves. */
class ModulesTest {
    private static final String OURS = "io.quorate.";
    private static final Set<String> MAY_KNOW_HELIDON =
            Set.of(
                    "io.quorate.api.grpc",
                    "io.quorate.engine.grpc",
                    "io.quorate.engine.rest",
                    "io.quorate.engine.server");

    private static List<ModuleDescriptor> ourModules() {
        return ModuleFinder.of(Binaries.home().resolve("lib")).findAll().stream()
                .map(ModuleReference::descriptor)
                .filter(module -> module.name().startsWith(OURS))
                .toList();
    }

    @Test
    void everyJarOfOursHasADescriptorOfItsOwn() throws IOException {
        try (Stream<Path> jars = Files.list(Binaries.home().resolve("lib"))) {
            long count =
                    jars.filter(jar -> jar.getFileName().toString().startsWith("quorate-")).count();
            assertEquals(count, ourModules().size());
        }
        for (ModuleDescriptor module : ourModules()) {
            assertFalse(module.isAutomatic(), module.name());
        }
    }

    @Test
    void arrowsBetweenModulesAreThoseOfTheArchitecture() throws IOException {
        Set<String> arrows = new TreeSet<>();
        for (ModuleDescriptor module : ourModules()) {
            for (ModuleDescriptor.Requires requires : module.requires()) {
                if (requires.name().startsWith(OURS)) {
                    arrows.add(shortName(module.name()) + " -> " + shortName(requires.name()));
                }
            }
        }
        assertEquals(
                resource("/arrows.txt"),
                String.join("\n", arrows) + "\n",
                "an arrow was added or removed; if that is meant, say why in the commit and change"
                        + " distribution/checks/src/test/resources/arrows.txt and"
                        + " docs/architecture.md");
    }

    @Test
    void helidonAppearsAtTheBordersOnly() {
        for (ModuleDescriptor module : ourModules()) {
            boolean knows =
                    module.requires().stream()
                            .anyMatch(requires -> requires.name().startsWith("io.helidon"));
            assertTrue(!knows || MAY_KNOW_HELIDON.contains(module.name()), module.name());
        }
    }

    /** All but that of Xodus, whose packages keep their names for those who know the library. */
    @Test
    void exportedPackagesBeginWithTheirModulesName() {
        for (ModuleDescriptor module : ourModules()) {
            if (module.name().equals("io.quorate.xodus")) continue;
            for (ModuleDescriptor.Exports exports : module.exports()) {
                assertTrue(
                        exports.source().startsWith(module.name()),
                        module.name() + " exports " + exports.source());
            }
        }
    }

    @Test
    void noPackageIsSplitAmongTheJars() throws Exception {
        Process java =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--validate-modules",
                                "-p",
                                Binaries.home().resolve("lib").toString())
                        .redirectErrorStream(true)
                        .start();
        String output = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, java.waitFor(), output);
        assertEquals("", output);
    }

    @Test
    void licensesOfAllJarsAreThere() throws IOException {
        String list = Files.readString(Binaries.home().resolve("licenses/README.md"));
        try (Stream<Path> jars = Files.list(Binaries.home().resolve("lib"))) {
            for (String jar :
                    jars.map(path -> path.getFileName().toString())
                            .filter(name -> name.endsWith(".jar"))
                            .collect(Collectors.toSet())) {
                assertTrue(list.contains("- " + jar + ": "), jar);
            }
        }
        assertFalse(list.contains("see the jar"), "a jar names no license:\n" + list);
        assertTrue(Files.exists(Binaries.home().resolve("LICENSE")));
    }

    @Test
    @Tag("PK-04")
    void versionHasEtcdsFourLines() throws Exception {
        Process etcd =
                new ProcessBuilder(Binaries.home().resolve("bin/etcd").toString(), "--version")
                        .start();
        List<String> lines =
                new String(etcd.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .toList();
        assertEquals(0, etcd.waitFor());
        assertEquals(4, lines.size(), lines.toString());
        assertTrue(lines.get(0).startsWith("etcd Version: 3.7."), lines.get(0));
        assertTrue(lines.get(1).startsWith("Git SHA: "), lines.get(1));
        assertTrue(lines.get(2).startsWith("Go Version: "), lines.get(2));
        assertTrue(lines.get(3).startsWith("Go OS/Arch: linux/"), lines.get(3));
    }

    @Test
    void theTarballRunsFromAnyPlace() throws Exception {
        Path place = Files.createTempDirectory("a place with blanks ");
        try {
            run(place, "cp", "-r", Binaries.home().toString(), place.resolve("moved").toString());
            run(place, "rm", "-f", "moved/lib/etcd.aot.stamp");
            ProcessBuilder etcd =
                    new ProcessBuilder(place.resolve("moved/bin/etcd").toString(), "plugins")
                            .directory(Path.of("/").toFile())
                            .redirectError(ProcessBuilder.Redirect.DISCARD);
            etcd.environment().put("QUORATE_AOT", "off");
            Process process = etcd.start();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), output);
            assertTrue(output.contains("file\t") && output.contains("memory\t"), output);
        } finally {
            run(Path.of("/"), "rm", "-rf", place.toString());
        }
    }

    private static void run(Path directory, String... command) throws Exception {
        int exit =
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .inheritIO()
                        .start()
                        .waitFor();
        assertEquals(0, exit, String.join(" ", command));
    }

    private static String shortName(String module) {
        return module.substring(OURS.length());
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = ModulesTest.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
