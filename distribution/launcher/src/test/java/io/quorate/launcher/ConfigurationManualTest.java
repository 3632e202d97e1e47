package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.launcher.Flag.Section;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The tables of {@code docs/configuration.md} are made from the table of flags. After a change of
 * the flags, {@code -Dquorate.write.docs=true} writes them anew.
 */
class ConfigurationManualTest {
    private static final String BEGIN = "<!-- flags: made from the table in the code -->\n";
    private static final String END = "<!-- end of flags -->\n";

    @Test
    void theManualHasTheFlagsOfTheCode() throws IOException {
        Path manual = manual();
        String text = java.nio.file.Files.readString(manual);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        String wanted = text.substring(0, begin) + tables() + text.substring(end);
        if (Boolean.getBoolean("quorate.write.docs")) {
            java.nio.file.Files.writeString(manual, wanted);
            return;
        }
        assertEquals(wanted, text, "run this test with -Dquorate.write.docs=true");
    }

    private static String tables() {
        StringBuilder text = new StringBuilder();
        for (Section section : Section.values()) {
            text.append("\n### ").append(section.title).append("\n\n");
            text.append("| flag | default | value | this release | meaning |\n");
            text.append("|---|---|---|---|---|\n");
            for (Flag flag : Flags.ALL) if (flag.section() == section) row(text, flag);
        }
        return text.append('\n').toString();
    }

    private static void row(StringBuilder text, Flag flag) {
        String fallback = flag.shown().isEmpty() ? "" : "`" + flag.shown() + "`";
        text.append("| `--").append(flag.name()).append("` | ").append(fallback).append(" | ");
        text.append(flag.type().form).append(" | ").append(flag.support().title).append(" | ");
        text.append(flag.help());
        if (!flag.note().isEmpty()) text.append(' ').append(flag.note());
        text.append(" |\n");
    }

    private static Path manual() {
        Path folder = Path.of("").toAbsolutePath();
        while (!java.nio.file.Files.exists(folder.resolve("docs/configuration.md"))) {
            folder = folder.getParent();
        }
        return folder.resolve("docs/configuration.md");
    }
}
