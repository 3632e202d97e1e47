package io.quorate.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonReaderTest {
    @Test
    void readsWhatItsCallerWantsAndPassesOverTheRest() {
        JsonReader json =
                new JsonReader(
                        " {\"n\" : -1.5e3,\"other\":{\"a\":[1,{}, \"]\"],\"b\":null} ,\"t\":[\"x\"]}\n");
        assertEquals(JsonReader.Kind.OBJECT, json.kind());
        assertTrue(json.beginObject());
        assertEquals("n", json.name());
        assertEquals("-1.5e3", json.word());
        assertTrue(json.moreFields());
        assertEquals("other", json.name());
        json.skip();
        assertTrue(json.moreFields());
        assertEquals("t", json.name());
        assertEquals(JsonReader.Kind.ARRAY, json.kind());
        assertTrue(json.beginArray());
        assertEquals("x", json.text());
        assertFalse(json.moreElements());
        assertFalse(json.moreFields());
        json.end();
    }

    @Test
    void readsEveryTextThatIsWritten() {
        StringBuilder all = new StringBuilder("é € 😀 \u2028");
        for (char c = 0; c < 128; c++) all.append(c);
        JsonReader json = new JsonReader(MemberJson.quote(all.toString()));
        assertEquals(all.toString(), json.text());
        json.end();
        assertEquals("/A", new JsonReader("\"\\/\\u0041\"").text());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1",
                "{\"a\":1,}",
                "{\"a\":}",
                "{a:1}",
                "[1",
                "[1 2]",
                "[,]",
                "\"open",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\\u12g4\"",
                "{} {}",
                "[]]"
            })
    void refusesWhatIsNoJson(String text) {
        JsonReader json = new JsonReader(text);
        assertThrows(
                IllegalArgumentException.class,
                () -> {
                    json.skip();
                    json.end();
                });
    }

    @Test
    void refusesDepthThatNobodyNeeds() {
        JsonReader json = new JsonReader("[".repeat(100_000));
        assertThrows(IllegalArgumentException.class, json::skip);
    }
}
