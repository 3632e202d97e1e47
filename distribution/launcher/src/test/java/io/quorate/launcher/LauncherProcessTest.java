package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The real process: its own JVM, on the module path of this test. */
@Timeout(180)
class LauncherProcessTest {
    @TempDir Path directory;

    @Test
    @Tag("EX-01")
    void mistakesEndWithEtcdsCodes() throws Exception {
        Process flag = start("--foo");
        assertEquals("flag provided but not defined: -foo", flag.errorReader().readLine());
        assertEquals(2, end(flag));
        Process argument = start("foo");
        assertTrue(waitFor(argument, "failed to verify flags"));
        assertEquals(1, end(argument));
    }

    private Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
        command.addAll(List.of("-p", System.getProperty("jdk.module.path")));
        command.addAll(List.of("-m", "io.quorate.launcher/io.quorate.launcher.Main"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().keySet().removeIf(name -> name.startsWith("ETCD_"));
        return builder.start();
    }

    /** Reads on to the next line with this text; false when the process ends without one. */
    private static boolean waitFor(Process process, String text) throws IOException {
        BufferedReader lines = process.errorReader();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.contains(text)) return true;
        }
        return false;
    }

    private static int end(Process process) throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) process.destroyForcibly();
        return process.waitFor();
    }
}
