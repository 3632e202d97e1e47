package io.quorate.launcher;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A log whose lines a test can look at. */
final class CapturedLog {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Log log = new Log(bytes);

    Log log() {
        return log;
    }

    String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    boolean has(String... parts) {
        return text().lines()
                .anyMatch(line -> {
                    for (String part : parts) if (!line.contains(part)) return false;
                    return true;
                });
    }
}
