package io.quorate.spi.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import java.time.Duration;
import java.util.List;
import java.util.Map;

class SettingsTest {
    private enum Sync {
        ALWAYS,
        NOW_AND_THEN
    }

    private static Settings of(String key, String value) {
        return new Settings("state store file", Map.of(key, value));
    }

    private static String refusal(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }

    @Test
    void absentSettingsHaveTheirDefaults() {
        Settings none = new Settings("x", Map.of());
        assertEquals("t", none.text("a", "t"));
        assertEquals(3, none.number("a", 3, 0, 9));
        assertEquals(4096, none.bytes("a", 4096, 0, 9000));
        assertEquals(true, none.flag("a", true));
        assertEquals(Sync.ALWAYS, none.choice("a", Sync.ALWAYS));
        Duration second = Duration.ofSeconds(1);
        assertEquals(second, none.duration("a", second, Duration.ZERO, second));
    }

    @Test
    void sizesCarryUnits() {
        long max = Long.MAX_VALUE;
        assertEquals(64L << 20, of("k", "64MiB").bytes("k", 0, 0, max));
        assertEquals(5L << 10, of("k", " 5 KiB ").bytes("k", 0, 0, max));
        assertEquals(2L << 40, of("k", "2TiB").bytes("k", 0, 0, max));
        assertEquals(17, of("k", "17").bytes("k", 0, 0, max));
        assertEquals(17, of("k", "17B").bytes("k", 0, 0, max));
        for (String bad : List.of("64MB", "-1", "1.5GiB", "", "99999999999TiB", "MiB")) {
            assertThrows(
                    IllegalArgumentException.class, () -> of("k", bad).bytes("k", 0, 0, max), bad);
        }
    }

    @Test
    void aSizeOutOfRangeIsToldTheRange() {
        assertEquals(
                "state store file: setting k is \"2GiB\"; it must be a size from 64KiB to 1GiB,"
                        + " such as 64MiB",
                refusal(() -> of("k", "2GiB").bytes("k", 0, 64 << 10, 1 << 30)));
    }

    @Test
    void durationsCarryUnits() {
        Duration max = Duration.ofHours(2);
        assertEquals(
                Duration.ofMillis(100), of("k", "100ms").duration("k", max, Duration.ZERO, max));
        assertEquals(Duration.ofNanos(3000), of("k", "3us").duration("k", max, Duration.ZERO, max));
        assertEquals(Duration.ofHours(1), of("k", "1h").duration("k", max, Duration.ZERO, max));
        for (String bad : List.of("100", "3h", "1 day", "-1s")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> of("k", bad).duration("k", max, Duration.ZERO, max),
                    bad);
        }
    }

    @Test
    void numbersFlagsAndChoicesAreChecked() {
        assertEquals(9, of("k", "9").number("k", 0, 0, 9));
        assertTrue(refusal(() -> of("k", "10").number("k", 0, 0, 9)).contains("from 0 to 9"));
        assertTrue(refusal(() -> of("k", "x").number("k", 0, 0, 9)).contains("\"x\""));
        assertTrue(refusal(() -> of("k", "yes").flag("k", true)).contains("true or false"));
        assertEquals(Sync.NOW_AND_THEN, of("k", "now-and-then").choice("k", Sync.ALWAYS));
        assertTrue(
                refusal(() -> of("k", "never").choice("k", Sync.ALWAYS))
                        .contains("one of always, now-and-then"));
    }

    @Test
    void unknownSettingsAreRefusedWithTheNearest() {
        Settings settings =
                new Settings("log file", Map.of("segment-byte", "1", "colour", "red", "a", "b"));
        settings.text("segment-bytes", "");
        settings.text("a", "");
        assertEquals(
                "log file has no setting \"colour\", \"segment-byte\" (did you mean"
                        + " \"segment-bytes\"?); it has: a, segment-bytes",
                refusal(settings::refuseUnknown));
    }

    @Test
    void nearestIsNearOrNothing() {
        assertEquals("xodus", Nearest.of("xodos", List.of("file", "memory", "xodus")));
        assertNull(Nearest.of("rocksdb", List.of("file", "memory", "xodus")));
    }
}
