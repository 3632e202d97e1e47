package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.bytes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.quorate.spi.storage.StorageException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.HexFormat;

/** Rows and their keys, byte for byte. */
class RowCodecTest {
    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    @Test
    @Tag("DD-06")
    void aRowIsWhatProtobufWrites() {
        assertArrayEquals(
                hex("0a03666f6f 1002 18ac02 2001 2a03626172 30ffffffffffffffffff01"),
                RowCodec.encode(bytes("foo"), 2, 300, 1, bytes("bar"), -1));
        assertArrayEquals(
                hex("0a0161 1002 1803 2002"), RowCodec.encode(bytes("a"), 2, 3, 2, new byte[0], 0));
        assertArrayEquals(hex("0a0161"), RowCodec.tombstone(bytes("a")));
        byte[] large = RowCodec.encode(bytes("a"), 0, 0, 0, new byte[200], 0);
        assertArrayEquals(hex("0a0161 2ac801"), java.util.Arrays.copyOf(large, 6));
    }

    @Test
    void aRowComesBackAsItWas() {
        long[] numbers = {1, 127, 128, 16383, 16384, Integer.MAX_VALUE, Long.MAX_VALUE};
        for (long number : numbers) {
            byte[] row = RowCodec.encode(bytes("k"), number, number, number, bytes("v"), -number);
            KeyValue kv = RowCodec.decode(row);
            assertEquals(number, kv.createRevision());
            assertEquals(number, kv.modRevision());
            assertEquals(number, kv.version());
            assertEquals(-number, kv.lease());
            assertArrayEquals(bytes("k"), kv.key());
            assertArrayEquals(bytes("v"), kv.value());
        }
    }

    @Test
    void unknownFieldsArePassedOver() {
        byte[] row = hex("0a0161 3805 1002 420178 4901020304050607ff 5501020304 2a0162");
        KeyValue kv = RowCodec.decode(row);
        assertEquals(2, kv.createRevision());
        assertArrayEquals(bytes("b"), kv.value());
    }

    @Test
    void damagedRowsAreCorruption() {
        for (String bad :
                "0a0561 | 10 | 10ffffffffffffffffffff01 | 0b | 49 | 0affffffff0f".split("\\|"))
            assertThrows(
                    StorageException.Corruption.class,
                    () -> RowCodec.decode(hex(bad)),
                    () -> "accepted " + bad);
    }

    @Test
    @Tag("DD-06")
    void revisionKeysSortByRevision() {
        assertArrayEquals(
                hex("0000000000000102 5f 0000000000000003"), RevisionKey.of(258, 3, false));
        assertArrayEquals(
                hex("0000000000000102 5f 0000000000000003 74"), RevisionKey.of(258, 3, true));
        assertEquals(258, RevisionKey.main(RevisionKey.of(258, 3, true)));
        assertEquals(3, RevisionKey.sub(RevisionKey.of(258, 3, true)));
        for (String bad :
                "00 | 0000000000000102 5e 0000000000000003 | 0000000000000102 5f 0000000000000003 75"
                        .split("\\|"))
            assertThrows(StorageException.Corruption.class, () -> RevisionKey.main(hex(bad)));
    }
}
