package io.quorate.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The scripts by which shells complete a tool's command lines: they ask the tool itself. */
public final class CompletionScript {
    private CompletionScript() {}

    /**
     * The script as a byte string.
     *
     * @param shell {@code bash}, {@code zsh}, {@code fish} or {@code powershell}
     * @param tool the tool's name
     */
    public static String of(String shell, String tool) {
        try (InputStream script =
                CompletionScript.class.getResourceAsStream("completion." + shell)) {
            if (script == null) throw new IllegalArgumentException("no script for " + shell);
            return Bytes.of(script.readAllBytes()).replace("@TOOL@", tool);
        } catch (IOException e) {
            throw new UncheckedIOException("the tool's own jar cannot be read", e);
        }
    }
}
