package io.quorate.spi.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

class FoundersTest {
    @Test
    @Tag("FL-33")
    void aMemberMayHaveSeveralUrls() {
        Founders founders = Founders.parse("b=http://b:1,a=http://a:2,,a=http://a:1", "t");
        assertEquals(
                Map.of("a", List.of("http://a:1", "http://a:2"), "b", List.of("http://b:1")),
                founders.peerUrls());
        assertEquals("t", founders.token());
        assertEquals("a=http://a:1,a=http://a:2,b=http://b:1", founders.toString());
    }

    @Test
    void theOrderOfTheTextDoesNotMatter() {
        assertEquals(
                Founders.parse("b=http://b:1,a=http://a:1", "t"),
                Founders.parse("a=http://a:1,b=http://b:1,b=http://b:1", "t"));
    }

    @Test
    void aNameWithoutUrlKeepsItsPlaceForTheServerToRefuse() {
        assertEquals(Map.of("a", List.of("")), Founders.parse("a", "t").peerUrls());
        assertEquals(Map.of(), Founders.parse("", "t").peerUrls());
    }
}
