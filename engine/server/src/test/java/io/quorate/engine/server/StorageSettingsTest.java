package io.quorate.engine.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.quorate.spi.storage.StorageProvider.Part;

import org.junit.jupiter.api.Test;

import java.util.Map;

/** A plugin that holds both halves gets the settings of each apart. */
class StorageSettingsTest {
    @Test
    void prefixesSendSettingsToOneHalfAndOthersGoToBoth() {
        Map<String, String> given =
                Map.of("log.segment-bytes", "1", "state.memtable-bytes", "2", "cache-bytes", "3");
        assertEquals(
                Map.of("segment-bytes", "1", "cache-bytes", "3"), Stores.ofPart(given, Part.LOG));
        assertEquals(
                Map.of("memtable-bytes", "2", "cache-bytes", "3"),
                Stores.ofPart(given, Part.STATE));
    }
}
