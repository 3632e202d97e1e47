package io.quorate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.cli.GoText.BadValue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.List;
import java.util.Random;

/** The expected texts are what Go prints. */
final class GoTextTest {
    @Test
    void quotesWhatCannotBePrinted() {
        assertEquals("\"a \\\"b\\\" \\\\\"", GoText.quote("a \"b\" \\"));
        assertEquals("\"\\t\\x01\\xff\\u2028\"", GoText.quote("\t\u0001\u00ff\u00e2\u0080\u00a8"));
        assertEquals("\"\\a\\b\\f\\n\\r\\v\\x7f\"", GoText.quote("\u0007\b\f\n\r\u000b\u007f"));
        assertEquals(Bytes.ofText("\"é€😀\""), GoText.quote(Bytes.ofText("é€😀")));
        assertEquals("\"\\U000e0001\"", GoText.quote(Bytes.ofText("\udb40\udc01")));
        // Overlong forms and surrogates are no characters.
        assertEquals(
                "\"\\xc0\\x80\\xed\\xa0\\x80\"", GoText.quote("\u00c0\u0080\u00ed\u00a0\u0080"));
    }

    /** Replay with -Dseed=N. */
    @Test
    void anyBytesComeBackFromTheirQuotes() throws BadValue {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            String text = Bytes.of(bytes);
            assertEquals(text, GoText.unquote(GoText.quote(text)), () -> "seed " + seed);
        }
    }

    @Test
    void unquotesAllOfGosEscapes() throws BadValue {
        assertEquals("A\u00ffB\n", GoText.unquote("\"\\101\\xff\\u0042\\n\""));
        assertEquals("a\\q", GoText.unquote("`a\\q`"));
        for (String bad : List.of("\"\\q\"", "\"\\x4\"", "\"", "\"a", "\"a\"b\"", "'a'")) {
            assertThrows(BadValue.class, () -> GoText.unquote(bad), bad);
        }
    }

    @ParameterizedTest
    @CsvSource({"0x10,16", "-0x10,-16", "010,8", "0o17,15", "0b101,5", "0,0", "1_0,", "12,12"})
    void integersHaveGosPrefixes(String text, Long value) throws BadValue {
        if (value == null) assertThrows(BadValue.class, () -> GoText.parseInt(text, 0));
        else assertEquals(value, GoText.parseInt(text, 0));
    }

    @Test
    void numbersAreRefusedInGosWords() throws BadValue {
        assertEquals(
                "strconv.ParseInt: parsing \"zz\": invalid syntax",
                assertThrows(BadValue.class, () -> GoText.parseInt("zz", 16)).getMessage());
        assertEquals(
                "strconv.ParseUint: parsing \"-1\": invalid syntax",
                assertThrows(BadValue.class, () -> GoText.parseUint("-1", 0)).getMessage());
        assertEquals(
                "strconv.ParseInt: parsing \"9223372036854775808\": value out of range",
                assertThrows(BadValue.class, () -> GoText.parseInt("9223372036854775808", 10))
                        .getMessage());
        assertEquals(-1L, GoText.parseUint("ffffffffffffffff", 16));
    }

    @ParameterizedTest
    @CsvSource({
        "1h30m,1h30m0s",
        "1.5s,1.5s",
        "-100ms,-100ms",
        "0,0s",
        "60s,1m0s",
        "2us,2µs",
        "3ns,3ns"
    })
    void durationsComeInManyForms(String text, String printed) throws BadValue {
        Duration duration = GoText.parseDuration(Bytes.ofText(text));
        assertEquals(Bytes.ofText(printed), GoText.duration(duration));
    }

    @ParameterizedTest
    @CsvSource({
        "5,time: missing unit in duration \"5\"",
        "5x,time: unknown unit \"x\" in duration \"5x\"",
        "x,time: invalid duration \"x\""
    })
    void durationsAreRefusedInGosWords(String text, String message) {
        assertEquals(
                message,
                assertThrows(BadValue.class, () -> GoText.parseDuration(text)).getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "0,0 B",
        "9,9 B",
        "10,10 B",
        "999,999 B",
        "1000,1.0 kB",
        "20480,20 kB",
        "2147483648,2.1 GB"
    })
    void sizesAreInPowersOfThousand(long bytes, String text) {
        assertEquals(text, GoText.size(bytes));
    }

    @Test
    void listsMayHaveQuotedFields() throws BadValue {
        assertEquals(List.of("a", "b,c", "d\"e"), GoText.parseCsv("a,\"b,c\",\"d\"\"e\""));
        assertEquals(List.of(), GoText.parseCsv(""));
        assertEquals(
                "parse error on line 1, column 3: bare \" in non-quoted-field",
                assertThrows(BadValue.class, () -> GoText.parseCsv("ab\"")).getMessage());
    }
}
