package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.server.ConfigException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

class LogTest {
    private static final Log.Settings CONSOLE =
            new Log.Settings(Log.Level.INFO, Log.Format.CONSOLE);

    private final CapturedLog captured = new CapturedLog();
    @TempDir Path directory;

    @Test
    @Tag("PK-14")
    void aLineIsJsonWithLevelTimeCallerMessageAndFields() {
        captured.log()
                .info("hello \"you\"\n", "took", Duration.ofMinutes(1), "urls", List.of("a", "b"));
        assertTrue(
                captured.text()
                        .matches(
                                "\\{\"level\":\"info\","
                                        + "\"ts\":\"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}(Z|[+-]\\d{4})\","
                                        + "\"caller\":\"launcher/LogTest\\.java:\\d+\","
                                        + "\"msg\":\"hello \\\\\"you\\\\\"\\\\n\","
                                        + "\"took\":\"1m0s\",\"urls\":\\[\"a\",\"b\"\\]\\}\n"),
                captured.text());
    }

    @Test
    @Tag("PK-14")
    void aFailureHasItsMessageAndFromErrorOnItsTrace() {
        Exception failure = new IllegalStateException("broken");
        captured.log().warn("w", "error", failure);
        assertTrue(captured.has("\"msg\":\"w\"", "\"error\":\"broken\"}"));
        captured.log().error("e", "error", failure);
        assertTrue(
                captured.has(
                        "\"error\":\"broken\",\"stacktrace\":\"java.lang.IllegalStateException"));
    }

    @Test
    void loggersOfTheEngineGiveFieldsAsOneMapAndBracesAreText() {
        System.Logger logger = new JsonLogger("io.quorate.engine.node", captured.log());
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("local-member-id", "ab");
        logger.log(System.Logger.Level.INFO, "a {b} 'c'", fields);
        assertTrue(captured.has("\"msg\":\"a {b} 'c'\",\"local-member-id\":\"ab\""));
        assertFalse(captured.has("\"logger\""));
    }

    @Test
    void foreignLoggersAreNamedAndQuiet() {
        System.Logger logger = new JsonLogger("io.helidon.webserver", captured.log());
        logger.log(System.Logger.Level.INFO, "bound");
        logger.log(System.Logger.Level.WARNING, "odd {0}", "thing");
        assertFalse(captured.has("bound"));
        assertTrue(captured.has("\"logger\":\"io.helidon.webserver\"", "\"msg\":\"odd thing\""));
        new JsonLogger("io.quorate.engine.raft", captured.log())
                .log(System.Logger.Level.INFO, "became leader");
        assertTrue(captured.has("\"logger\":\"raft\"", "became leader"));
    }

    @Test
    @Tag("PK-16")
    void floodsAreThinnedOut() {
        for (int i = 0; i < 1000; i++) captured.log().info("again");
        long lines = captured.text().lines().count();
        // A hundred and then nine; once more each time the clock turns to another second.
        assertTrue(lines >= 109 && lines < 1000, "lines " + lines);
    }

    @Test
    @Tag("FL-85")
    @Tag("PK-17")
    void consoleLinesAndFilesAsOutputs() throws IOException {
        Path file = directory.resolve("log");
        Log log = new Log(new java.io.ByteArrayOutputStream());
        log.configure(CONSOLE, List.of(file.toString()), Optional.empty());
        log.info("started", "args", List.of("a", "b"), "n", 1);
        String line = java.nio.file.Files.readString(file);
        String[] parts = line.strip().split("\t");
        assertEquals("info", parts[1]);
        assertEquals("started", parts[3]);
        assertEquals("{\"args\": [\"a\", \"b\"], \"n\": 1}", parts[4]);
    }

    @Test
    @Tag("FL-84")
    void linesBelowTheLevelAreLeftOut() {
        assertEquals(Log.Level.WARN, Log.Level.parse("warn"));
        assertEquals(Log.Level.INFO, Log.Level.parse(""));
        Log log = captured.log();
        assertFalse(log.enabled(Log.Level.DEBUG));
        assertTrue(log.enabled(Log.Level.FATAL));
        assertEquals(
                "unrecognized level: \"zzz\"",
                assertThrows(ConfigException.class, () -> Log.Level.parse("zzz")).getMessage());
    }

    @Test
    @Tag("FL-83")
    void outputsThatCannotBeAreRefused() {
        Log log = captured.log();
        Path missing = directory.resolve("no").resolve("x");
        assertEquals(
                "open sink \"" + missing + "\": open " + missing + ": no such file or directory",
                assertThrows(
                                ConfigException.class,
                                () ->
                                        log.configure(
                                                CONSOLE,
                                                List.of(missing.toString()),
                                                Optional.empty()))
                        .getMessage());
        assertEquals(
                "multi logoutput for \"default\" is not supported yet",
                assertThrows(
                                ConfigException.class,
                                () ->
                                        log.configure(
                                                CONSOLE,
                                                List.of("default", "stderr"),
                                                Optional.empty()))
                        .getMessage());
    }
}
