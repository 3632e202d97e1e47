package io.quorate.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;

final class JsonTest {
    @Test
    void readsWhatIsWritten() {
        String odd = "a \"quoted\" \\ line\nand\u0001more …";
        assertEquals(odd, Json.parse(Json.quote(odd)));
        for (double number : new double[] {0, 1, -2.5, 100, 1e6, 0.0001, 123456.7891}) {
            assertEquals(number, Json.parse(Json.number(number)));
        }
        assertEquals("100", Json.number(100));
        assertEquals(
                Map.of("a", List.of(1.0, 2.0), "b", Map.of(), "c", List.of()),
                Json.parse(" {\"a\": [1, 2], \"b\": {}, \"c\" : [ ]}\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "{", "[1,", "[1 2]", "{\"a\"}", "\"open", "nil", "{} {}", "\"\\x\""})
    void refusesWhatIsNoJson(String text) {
        assertThrows(IllegalArgumentException.class, () -> Json.parse(text));
    }
}
