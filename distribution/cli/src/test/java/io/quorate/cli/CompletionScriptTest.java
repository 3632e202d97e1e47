package io.quorate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;

/** The bash script in a real bash, with a tool that answers as ours does. */
final class CompletionScriptTest {
    @TempDir Path folder;

    @Test
    @Tag("CT-60")
    void bashOffersWhatTheToolAnswers() throws IOException, InterruptedException {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "no bash here");
        Path tool = folder.resolve("tool");
        Files.writeString(
                tool,
                """
                #!/bin/sh
                echo "$@" >>"$0.asked"
                printf 'member\\nmake-mirror\\n:4\\n'
                """);
        Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwx------"));
        Path script = folder.resolve("script");
        Files.writeString(script, Bytes.toText(CompletionScript.of("bash", "tool")));
        String session =
                """
                source '%s'
                COMP_WORDS=('%s' -w json me)
                COMP_CWORD=3
                __tool_complete
                printf '%%s\\n' "${COMPREPLY[@]}"
                """
                        .formatted(script, tool);
        Process bash = new ProcessBuilder("/bin/bash", "-c", session).start();
        String offered = new String(bash.getInputStream().readAllBytes());
        String complaints = new String(bash.getErrorStream().readAllBytes());
        bash.waitFor(60, TimeUnit.SECONDS);
        assertEquals("member\n", offered, complaints);
        assertEquals(
                "__completeNoDesc -w json me\n", Files.readString(folder.resolve("tool.asked")));
    }
}
