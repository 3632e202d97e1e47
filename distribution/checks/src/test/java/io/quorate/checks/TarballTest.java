package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.quorate.api.proto.PutRequest;
import io.quorate.api.proto.RangeRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is in the tarball, and that it runs wherever it is unpacked. */
final class TarballTest {
    private static final String OURS = "quorate-";

    @RegisterExtension final Members members = Members.perTest();

    @Test
    void everyJarOfOursIsARealModule() {
        List<Path> jars = jars().filter(TarballTest::isOurs).toList();
        assertFalse(jars.isEmpty(), "no jar of ours in " + lib());
        for (Path jar : jars) {
            assertFalse(descriptor(jar).isAutomatic(), jar + " has no module descriptor");
            assertTrue(descriptor(jar).name().startsWith("io.quorate."), jar.toString());
        }
    }

    /** A new arrow needs a reason in the commit that adds it to the list. */
    @Test
    void modulesRequireOnlyWhatTheArchitectureSays() {
        TreeSet<String> actual = new TreeSet<>();
        for (Path jar : jars().filter(TarballTest::isOurs).toList()) {
            ModuleDescriptor module = descriptor(jar);
            module.requires().stream()
                    .map(ModuleDescriptor.Requires::name)
                    .filter(name -> !name.equals("java.base"))
                    .forEach(name -> actual.add(module.name() + " -> " + name));
        }
        TreeSet<String> listed = new TreeSet<>(resource("/module-arrows.txt"));
        TreeSet<String> unlisted = new TreeSet<>(actual);
        unlisted.removeAll(listed);
        assertTrue(unlisted.isEmpty(), "not in module-arrows.txt: " + unlisted);
        listed.removeAll(actual);
        assertTrue(listed.isEmpty(), "in module-arrows.txt, but gone: " + listed);
    }

    @Test
    void theModulePathIsValid() {
        List<String> command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--validate-modules",
                        "-p",
                        lib().toString());
        Exec.Outcome outcome = Exec.run(command, Map.of(), "");
        assertEquals("", outcome.err() + outcome.out());
        assertEquals(0, outcome.exit());
    }

    @Test
    @Tag("PK-01")
    void theLicencesOfAllThatIsShippedAreThere() throws IOException {
        assertTrue(Files.isRegularFile(Binaries.home().resolve("LICENSE")));
        try (Stream<Path> files = Files.list(Binaries.home().resolve("licenses"))) {
            List<String> names = files.map(file -> file.getFileName().toString()).toList();
            String index = Files.readString(Binaries.home().resolve("licenses/README.md"));
            for (Path jar : jars().filter(jar -> !isOurs(jar)).toList()) {
                String name = jar.getFileName().toString().replaceAll("\\.jar$", "");
                assertTrue(
                        index.contains(name)
                                || names.stream().anyMatch(file -> file.startsWith(name)),
                        "nothing in licenses/ names " + name);
            }
        }
    }

    @Test
    @Tag("FL-99")
    void versionIsToldInFourLines() {
        Exec.Outcome outcome =
                Exec.run(List.of(Binaries.ours().toString(), "--version"), javaHome(), "");
        assertEquals(0, outcome.exit(), outcome.err());
        List<String> lines = outcome.out().lines().toList();
        assertEquals(4, lines.size(), outcome.out());
        assertTrue(lines.get(0).matches("etcd Version: 3\\.7\\.\\d+.*"), lines.get(0));
        assertTrue(lines.get(1).startsWith("Git SHA: "), lines.get(1));
        assertTrue(lines.get(2).startsWith("Go Version: "), lines.get(2));
        assertTrue(lines.get(3).startsWith("Go OS/Arch: "), lines.get(3));
    }

    @Test
    void runsFromAPathWithBlanksAndThroughALink() throws Exception {
        Path folder = members.folder("a path with blanks");
        Path copy = folder.resolve("our server");
        copy(Binaries.home(), copy);
        Path link = Files.createSymbolicLink(folder.resolve("etcd link"), copy.resolve("bin/etcd"));
        Member member = members.createIn(folder.resolve("its data"), "linked", link);
        member.with("QUORATE_AOT", "off").start();
        try (EtcdClient client = new EtcdClient(member)) {
            ByteString key = ByteString.copyFromUtf8("key");
            client.kv.put(PutRequest.newBuilder().setKey(key).setValue(key).build()).get();
            assertEquals(
                    key,
                    client.kv
                            .range(RangeRequest.newBuilder().setKey(key).build())
                            .get()
                            .getKvs(0)
                            .getValue());
        }
    }

    private static Map<String, String> javaHome() {
        return Map.of("JAVA_HOME", System.getProperty("java.home"));
    }

    private static Path lib() {
        return Binaries.home().resolve("lib");
    }

    private static boolean isOurs(Path jar) {
        return jar.getFileName().toString().startsWith(OURS);
    }

    private static Stream<Path> jars() {
        List<Path> jars = new ArrayList<>();
        try (Stream<Path> files = Files.list(lib())) {
            files.filter(file -> file.toString().endsWith(".jar")).sorted().forEach(jars::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return jars.stream();
    }

    private static ModuleDescriptor descriptor(Path jar) {
        try {
            return ModuleFinder.of(jar).findAll().iterator().next().descriptor();
        } catch (FindException e) {
            throw new AssertionError(jar + " is no module", e);
        }
    }

    private static List<String> resource(String name) {
        try (InputStream file = TarballTest.class.getResourceAsStream(name)) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                // The start-up cache is good for the place where it was made only.
                if (file.getFileName().toString().startsWith("etcd.aot")) continue;
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) Files.createDirectories(target);
                else Files.copy(file, target);
            }
        }
    }
}
