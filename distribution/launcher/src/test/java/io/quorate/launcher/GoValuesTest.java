package io.quorate.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.launcher.GoValues.BadValue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoValuesTest {
    @ParameterizedTest
    @CsvSource({
        "0,0s",
        "1ns,1ns",
        "1500ns,1.5µs",
        "100ms,100ms",
        "1.5s,1.5s",
        "60s,1m0s",
        "90m,1h30m0s",
        "1h,1h0m0s",
        "-1.5h,-1h30m0s",
        ".5s,500ms",
        "1m30s,1m30s",
        "2us,2µs"
    })
    void durationsReadAndPrintAsInGo(String text, String printed) {
        assertEquals(printed, GoValues.print(GoValues.duration(text)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "5x", "s", ".s", "1.2.3s", "1 s", "-", "9999999999h", "1h2"})
    void otherDurationsAreParseErrors(String text) {
        assertEquals(
                "parse error",
                assertThrows(BadValue.class, () -> GoValues.duration(text)).getMessage());
    }

    @ParameterizedTest
    @CsvSource({"0,0", "10,10", "0x10,16", "010,8", "0o17,15", "0b101,5", "0x1_0,16"})
    void numbersHaveGosPrefixes(String text, long number) {
        assertEquals(number, GoValues.unsigned(text));
        assertEquals(-number, GoValues.signed("-" + text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "+1", "1.5", "1e3", "x", "08", "0x", "1_000", " 1"})
    void otherNumbersAreParseErrors(String text) {
        assertEquals(
                "parse error",
                assertThrows(BadValue.class, () -> GoValues.unsigned(text)).getMessage());
    }
}
