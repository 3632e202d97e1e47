package io.quorate.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Does what {@code docs/vendor-guide.md} says, command by command: builds the example plugin
 * outside the reactor from installed artifacts, runs it through the kit, drops it into the unpacked
 * tarball, kills and restarts a member on it, moves its data, and packs a tarball with it.
 *
 * <p>The artifacts are installed into a repository of the test's own; for everything else that is
 * an alias of the user's, so nothing is downloaded twice and nothing of ours gets there. {@code
 * -Dvendor.kit=*} runs all groups of the kit instead of the quick ones.
 */
class VendorGuideTest {
    private static final Pattern COMMANDS =
            Pattern.compile("^```sh\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final List<String> INSTALLED =
            List.of("spi/plugin", "spi/storage", "spi/storage-tck");
    private static final String KIT =
            System.getProperty("vendor.kit", "RocksStateStoreTest,RocksInterruptTest");
    private static final long SECONDS_MAX = Long.getLong("vendor.seconds", 600);
    private static final String VERSION = System.getProperty("quorate.version", "");
    private static final Path SOURCES = Path.of(System.getProperty("quorate.base", ""));

    @RegisterExtension final Members members = Members.perTest();

    @Test
    @Tag("T32")
    void everyCommandOfTheGuideDoesWhatItSays() throws Exception {
        Path folder = members.folder("vendor");
        String output = run(script(), folder, environment(folder));
        assertTrue(
                Pattern.compile(
                                "^rocks\\s+storage \\(state\\)\\s+1\\.0\\.0\\s.*/server/plugins/rocks/",
                                Pattern.MULTILINE)
                        .matcher(output)
                        .find(),
                output);
        assertTrue(output.contains("greeting\nkept by RocksDB\n"), output);
        assertTrue(output.contains("was written by \\\"rocks\\\""), output);
        List<String> hashes = output.lines().filter(line -> line.matches("[0-9]+, 2, -1")).toList();
        assertEquals(2, hashes.size(), output);
        assertEquals(hashes.getFirst(), hashes.getLast());
        assertTrue(output.contains("unpacked/plugins/rocks/"), output);
        assertFalse(output.contains("WARNING: A restricted method"), output);
        Path project = folder.resolve("rocks-plugin");
        assertTrue(
                Files.exists(
                        project.resolve(
                                "target/surefire-reports/TEST-com.example.rocks.RocksStateStoreTest.xml")));
        assertTrue(
                Files.readString(project.resolve("unpacked/conf/etcd.conf.yml"))
                        .endsWith("storage-state: rocks\n"));
    }

    @Test
    void theExampleIsBuiltForThisVersion() throws IOException {
        String pom = Files.readString(SOURCES.resolve("distribution/vendor-example/pom.xml"));
        assertTrue(pom.contains("<quorate.version>" + VERSION + "</quorate.version>"), VERSION);
    }

    private static String script() throws IOException {
        String guide = Files.readString(SOURCES.resolve("docs/vendor-guide.md"));
        return "set -eu\n"
                + "trap '[ -z \"${member-}\" ] || kill -9 $member 2>/dev/null || true' EXIT\n"
                + COMMANDS.matcher(guide)
                        .results()
                        .map((MatchResult block) -> block.group(1))
                        .collect(Collectors.joining("\n"));
    }

    private static Map<String, String> environment(Path folder) throws IOException {
        String client = "http://127.0.0.1:" + Member.freePort();
        String peer = "http://127.0.0.1:" + Member.freePort();
        Path maven = Path.of(System.getProperty("maven.home", ""), "bin");
        String repository = "-Dmaven.repo.local=" + repository(folder.resolve("repository"));
        return Map.ofEntries(
                Map.entry("SOURCES", SOURCES.toString()),
                Map.entry("TARBALL", tarball().toString()),
                Map.entry("JAVA_HOME", System.getProperty("java.home")),
                Map.entry("PATH", maven + ":" + System.getenv("PATH")),
                Map.entry("MAVEN_OPTS", repository + " -Dtest=" + KIT),
                Map.entry("QUORATE_AOT", "off"),
                Map.entry("ETCD_LISTEN_CLIENT_URLS", client),
                Map.entry("ETCD_ADVERTISE_CLIENT_URLS", client),
                Map.entry("ETCD_LISTEN_PEER_URLS", peer),
                Map.entry("ETCD_INITIAL_ADVERTISE_PEER_URLS", peer),
                Map.entry("ETCD_INITIAL_CLUSTER", "default=" + peer),
                Map.entry("ETCDCTL_ENDPOINTS", client));
    }

    private static Path tarball() {
        Path file =
                Binaries.home().resolveSibling("quorate-" + VERSION + ".tar.gz").toAbsolutePath();
        assertTrue(Files.exists(file), file + " is missing; mvn verify makes it");
        return file;
    }

    /** A repository with our artifacts as an install leaves them, and aliases of all others. */
    private static Path repository(Path repository) throws IOException {
        Path users = Path.of(System.getProperty("maven.repository", ""));
        alias(users, repository, "io");
        alias(users.resolve("io"), repository.resolve("io"), "quorate");
        install(repository, SOURCES.resolve("pom.xml"), "quorate");
        for (String module : INSTALLED) {
            String artifact = "quorate-" + module.replace('/', '-');
            install(repository, SOURCES.resolve(module).resolve("pom.xml"), artifact);
            String jar = artifact + "-" + VERSION + ".jar";
            install(repository, SOURCES.resolve(module).resolve("target").resolve(jar), artifact);
        }
        return repository;
    }

    private static void alias(Path users, Path own, String butNot) throws IOException {
        Files.createDirectories(own);
        if (!Files.isDirectory(users)) return;
        try (Stream<Path> entries = Files.list(users)) {
            for (Path entry : entries.toList()) {
                String name = entry.getFileName().toString();
                if (name.equals(butNot)) continue;
                Files.createSymbolicLink(own.resolve(name), entry);
            }
        }
    }

    private static void install(Path repository, Path file, String artifact) throws IOException {
        assertTrue(Files.exists(file), file + " is missing; mvn verify makes it");
        Path target = repository.resolve("io/quorate").resolve(artifact).resolve(VERSION);
        Files.createDirectories(target);
        String name =
                file.endsWith("pom.xml")
                        ? artifact + "-" + VERSION + ".pom"
                        : file.getFileName().toString();
        Files.copy(file, target.resolve(name));
    }

    private static String run(String script, Path folder, Map<String, String> environment)
            throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", script);
        builder.environment().keySet().removeIf(key -> key.startsWith("ETCD"));
        builder.environment().putAll(environment);
        Process process =
                builder.directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        boolean ended = process.waitFor(SECONDS_MAX, TimeUnit.SECONDS);
        if (!ended) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        String text = Files.readString(output);
        assertTrue(ended, "still running after " + SECONDS_MAX + " s:\n" + text);
        assertEquals(0, process.exitValue(), text);
        return text;
    }
}
