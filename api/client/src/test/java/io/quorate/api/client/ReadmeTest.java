package io.quorate.api.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The example in this module's README, as a user would compile and run it. */
@Timeout(120)
final class ReadmeTest {
    @TempDir Path dir;

    @Test
    void exampleCompilesAndRuns() throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        int from = readme.indexOf("```java\n") + "```java\n".length();
        assertTrue(from > 8, "README.md has no java block");
        String source = readme.substring(from, readme.indexOf("```", from));
        Path file = Files.writeString(dir.resolve("Example.java"), source);
        run(
                "javac",
                "-Xlint:all,-path",
                "-Werror",
                "-d",
                dir.toString(),
                "-cp",
                classPath(),
                file.toString());
        try (FakeCluster cluster = new FakeCluster()) {
            String printed =
                    run(
                            "java",
                            "-cp",
                            dir + File.pathSeparator + classPath(),
                            "Example",
                            cluster.start().endpoint());
            assertEquals("0\nPUT greeting\nlease ended\n", printed);
        }
    }

    /** All of it as a class path: the modules this test runs with, or its class path. */
    private static String classPath() {
        return System.getProperty("jdk.module.path", "")
                + File.pathSeparator
                + System.getProperty("java.class.path");
    }

    private String run(String tool, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", tool).toString());
        command.addAll(List.of(arguments));
        Path errors = dir.resolve(tool + ".err");
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String printed = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), tool + " hangs");
        assertEquals(0, process.exitValue(), () -> printed + read(errors));
        return printed;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }
}
