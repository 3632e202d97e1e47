package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.server.ConfigException;
import io.quorate.launcher.RotatingFile.Rules;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

@Tag("FL-86")
@Tag("FL-87")
class RotatingFileTest {
    private static final Instant START = Instant.parse("2026-01-31T23:59:58.250Z");

    @TempDir Path folder;
    private Instant now = START;

    @Test
    void aFullFileIsPutAsideUnderTheTimeAndNoLineIsSplit() throws IOException {
        try (RotatingFile log = open(new Rules(10, 0, 0, false, false))) {
            write(log, "first\n");
            write(log, "abc\n");
            write(log, "second\n");
        }
        assertEquals(List.of("etcd-2026-01-31T23-59-58.250.log", "etcd.log"), names());
        assertEquals("first\nabc\n", Files.readString(folder.resolve(names().getFirst())));
        assertEquals("second\n", Files.readString(folder.resolve("etcd.log")));
    }

    @Test
    void aLineLongerThanTheSizeHasAFileOfItsOwn() throws IOException {
        try (RotatingFile log = open(new Rules(4, 0, 0, false, false))) {
            write(log, "longer than that\n");
            write(log, "x\n");
        }
        assertEquals(2, names().size());
        assertEquals("x\n", Files.readString(folder.resolve("etcd.log")));
    }

    @Test
    void whatWasThereBeforeCounts() throws IOException {
        Files.writeString(folder.resolve("etcd.log"), "of an earlier start\n");
        try (RotatingFile log = open(new Rules(21, 0, 0, false, false))) {
            write(log, "x\n");
        }
        assertEquals(2, names().size());
        assertEquals("x\n", Files.readString(folder.resolve("etcd.log")));
    }

    @Test
    void onlySoManyOldFilesAreKeptTheNewest() throws IOException {
        try (RotatingFile log = open(new Rules(1, 0, 2, false, false))) {
            for (String line : List.of("a", "b", "c", "d", "e")) {
                write(log, line);
                now = now.plusSeconds(1);
            }
        }
        assertEquals(3, names().size());
        assertEquals("c", Files.readString(folder.resolve(names().get(0))));
        assertEquals("d", Files.readString(folder.resolve(names().get(1))));
        assertEquals("e", Files.readString(folder.resolve("etcd.log")));
    }

    @Test
    void oldFilesGoWhenTheyAreTooOldAndOthersAreLeftAlone() throws IOException {
        Files.writeString(folder.resolve("etcd-of-somebody.log"), "");
        Files.writeString(folder.resolve("etcd-2026-01-01T00-00-00.000.log.gz"), "");
        try (RotatingFile log = open(new Rules(1, 7, 0, false, false))) {
            write(log, "a");
            write(log, "b");
            now = now.plus(Duration.ofDays(6));
            write(log, "c");
            assertEquals(4, names().size());
            now = now.plus(Duration.ofDays(2));
            write(log, "d");
        }
        assertEquals(
                List.of(
                        "etcd-2026-02-06T23-59-58.250.log",
                        "etcd-2026-02-08T23-59-58.250.log",
                        "etcd-of-somebody.log",
                        "etcd.log"),
                names());
    }

    @Test
    void oldFilesAreCompressed() throws IOException {
        try (RotatingFile log = open(new Rules(1, 0, 0, false, true))) {
            write(log, "a");
            write(log, "b");
        }
        assertEquals(List.of("etcd-2026-01-31T23-59-58.250.log.gz", "etcd.log"), names());
        try (var in =
                new GZIPInputStream(Files.newInputStream(folder.resolve(names().getFirst())))) {
            assertEquals("a", new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void etcdsJsonIsRead() {
        assertEquals(
                new Rules(100L << 20, 0, 0, false, false),
                Rules.parse(Flags.get("log-rotation-config-json").fallback()));
        assertEquals(
                new Rules(3L << 20, 4, 5, true, true),
                Rules.parse(
                        "{\"MaxSize\":3,\"maxage\":4,\"maxbackups\":5,\"localtime\":true,"
                                + "\"compress\":true,\"other\":1}"));
        assertEquals(new Rules(100L << 20, 0, 0, false, false), Rules.parse("{}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "'' | improperly formatted log rotation config: ",
                "{] | improperly formatted log rotation config: ",
                "maxsize: 1 | improperly formatted log rotation config: ",
                "{\"maxsize\":\"1\"} | invalid log rotation config: ",
                "{\"maxage\":1.5} | invalid log rotation config: ",
                "{\"compress\":1} | invalid log rotation config: ",
            })
    void badJsonIsRefused(String json, String words) {
        String said = assertThrows(ConfigException.class, () -> Rules.parse(json)).getMessage();
        assertTrue(said.startsWith(words), said);
    }

    private RotatingFile open(Rules rules) throws IOException {
        return new RotatingFile(folder.resolve("etcd.log"), rules, () -> now, Runnable::run);
    }

    private static void write(RotatingFile log, String line) throws IOException {
        log.write(line.getBytes(StandardCharsets.UTF_8));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
