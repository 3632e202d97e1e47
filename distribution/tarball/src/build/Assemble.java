import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/**
 * Turns the folder with the jars into the distribution: scripts and configuration beside {@code
 * lib}, the licenses of all jars, the AOT cache of this place, and the two tarballs (one for a JDK
 * that is there already, one with a JDK runtime inside).
 */
public final class Assemble {
    /**
     * What the server and its libraries use of the JDK; automatic modules do not say so themselves.
     */
    private static final String JDK_MODULES =
            "java.base,java.compiler,java.desktop,java.instrument,java.logging,java.management,java.naming,"
                    + "java.net.http,java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.jfr,"
                    + "jdk.management,jdk.naming.dns,jdk.net,jdk.unsupported,jdk.zipfs,jdk.jcmd";

    /** The tools that have a start-up cache of their own. */
    /** The scripts that start from a cache, each with a word that makes it start and end. */
    private static final Map<String, String> CACHED =
            Map.of("etcd", "--version", "etcdctl", "version");

    public static void main(String[] args) throws Exception {
        Path skeleton = Path.of(args[0]);
        Path home = Path.of(args[1]);
        Path license = Path.of(args[2]);
        String name = "quorate-" + args[3];
        FileTime time = FileTime.from(Instant.parse(args[4]));
        copyTree(skeleton, home);
        try (Stream<Path> scripts = Files.list(home.resolve("bin"))) {
            for (Path script : scripts.toList()) executable(script);
        }
        Files.copy(license, home.resolve("LICENSE"), StandardCopyOption.REPLACE_EXISTING);
        licenses(home.resolve("lib"), home.resolve("licenses"));
        for (Path file : files(home)) Files.setLastModifiedTime(file, time);

        Path target = home.getParent();
        pack(target, home, List.of(), name + ".tar.gz", name, args[4]);
        Path runtime = target.resolve("runtime");
        link(runtime);
        pack(
                target,
                home,
                List.of(runtime),
                name + "-linux-" + arch() + "-with-runtime.tar.gz",
                name,
                args[4]);
        recordCaches(home);
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path file : tree.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) Files.createDirectories(target);
                else Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static List<Path> files(Path home) throws IOException {
        try (Stream<Path> tree = Files.walk(home)) {
            return tree.filter(Files::isRegularFile).toList();
        }
    }

    /**
     * One list of all jars with the license each names, and the license texts that the jars carry.
     */
    private static void licenses(Path lib, Path licenses) throws IOException {
        Files.createDirectories(licenses);
        Map<String, String> named = new TreeMap<>();
        try (Stream<Path> jars = Files.list(lib)) {
            for (Path jar :
                    jars.filter(file -> file.toString().endsWith(".jar")).sorted().toList()) {
                String jarName = jar.getFileName().toString();
                try (JarFile file = new JarFile(jar.toFile())) {
                    String declared =
                            file.getManifest() == null
                                    ? null
                                    : file.getManifest()
                                            .getMainAttributes()
                                            .getValue("Bundle-License");
                    named.put(
                            jarName,
                            declared == null
                                    ? KNOWN_LICENSES.getOrDefault(family(jarName), "see the jar")
                                    : declared);
                    for (ZipEntry entry : file.stream().toList()) {
                        if (!entry.getName().matches("(META-INF/)?(LICENSE|NOTICE|LICENCE)[^/]*"))
                            continue;
                        String text =
                                jarName.replace(".jar", "")
                                        + "-"
                                        + entry.getName().replaceAll(".*/", "");
                        try (InputStream in = file.getInputStream(entry)) {
                            Files.copy(
                                    in,
                                    licenses.resolve(text),
                                    StandardCopyOption.REPLACE_EXISTING);
                        }
                    }
                }
            }
        }
        StringBuilder list =
                new StringBuilder("# Libraries in this distribution and their licenses\n\n");
        named.forEach((jar, text) ->
                list.append("- ").append(jar).append(": ").append(text).append('\n'));
        Files.writeString(licenses.resolve("README.md"), list);
    }

    /** Licenses of jars whose manifest names none, by the jar's name up to its version. */
    private static final Map<String, String> KNOWN_LICENSES =
            new TreeMap<>(
                    Map.ofEntries(
                            Map.entry("quorate", "Apache-2.0"),
                            Map.entry("helidon", "Apache-2.0"),
                            Map.entry("grpc", "Apache-2.0"),
                            Map.entry("protobuf", "BSD-3-Clause"),
                            Map.entry("proto", "Apache-2.0"),
                            Map.entry("guava", "Apache-2.0"),
                            Map.entry("failureaccess", "Apache-2.0"),
                            Map.entry("listenablefuture", "Apache-2.0"),
                            Map.entry("gson", "Apache-2.0"),
                            Map.entry("perfmark", "Apache-2.0"),
                            Map.entry("annotations", "Apache-2.0"),
                            Map.entry("animal", "MIT"),
                            Map.entry("error_prone_annotations", "Apache-2.0"),
                            Map.entry("j2objc", "Apache-2.0"),
                            Map.entry("kotlin", "Apache-2.0"),
                            Map.entry("slf4j", "MIT"),
                            Map.entry("jspecify", "Apache-2.0"),
                            Map.entry("jsr305", "BSD-3-Clause"),
                            Map.entry("snakeyaml", "Apache-2.0"),
                            Map.entry("spring", "Apache-2.0"),
                            Map.entry("jakarta.inject", "Apache-2.0")));

    private static String family(String jar) {
        return jar.replaceAll("-.*", "").replaceAll("\\.jar$", "");
    }

    private static String arch() {
        return System.getProperty("os.arch").equals("aarch64")
                ? "arm64"
                : System.getProperty("os.arch");
    }

    private static void link(Path runtime) throws Exception {
        if (Files.isDirectory(runtime)) run(List.of("rm", "-rf", runtime.toString()), Map.of());
        run(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
                        "--add-modules",
                        JDK_MODULES,
                        "--strip-debug",
                        "--no-man-pages",
                        "--no-header-files",
                        "--compress",
                        "zip-6",
                        "--output",
                        runtime.toString()),
                Map.of());
    }

    private static void pack(
            Path target, Path home, List<Path> more, String file, String root, String time)
            throws Exception {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "tar",
                                "--sort=name",
                                "--owner=0",
                                "--group=0",
                                "--numeric-owner",
                                "--mtime=" + time,
                                "--exclude=*.aot*",
                                "--transform=s,^" + home.getFileName() + "," + root + ",",
                                "--transform=s,^runtime," + root + "/runtime,",
                                "-C",
                                target.toString(),
                                "-czf",
                                target.resolve(file).toString(),
                                home.getFileName().toString()));
        for (Path folder : more) command.add(folder.getFileName().toString());
        run(command, Map.of("GZIP", "-n"));
    }

    /** The same step that the scripts take at their first start in a new place. */
    private static void recordCaches(Path home) throws Exception {
        Map<String, String> jdk = Map.of("JAVA_HOME", System.getProperty("java.home"));
        for (var command : CACHED.entrySet()) {
            Files.deleteIfExists(home.resolve("lib/" + command.getKey() + ".aot.stamp"));
            String script = home.resolve("bin/" + command.getKey()).toString();
            run(List.of(script, command.getValue()), jdk);
        }
    }

    private static void run(List<String> command, Map<String, String> environment)
            throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().putAll(environment);
        int exit = builder.start().waitFor();
        if (exit != 0) throw new IOException(String.join(" ", command) + " ended with " + exit);
    }
}
