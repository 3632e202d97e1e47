package io.quorate.api.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.ByteBufUtil;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2HeadersEncoder;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** The HPACK decoder against the RFC's examples and against Netty's encoder. */
final class HpackTest {
    private final HpackDecoder decoder = new HpackDecoder(4096, 1 << 20);

    private ReceivedHeaders decode(String hex) throws ConnectionException {
        byte[] block = HexFormat.of().parseHex(hex.replace(" ", ""));
        return decoder.decode(block, 0, block.length);
    }

    @Test
    void examplesOfTheRfc() throws ConnectionException {
        // RFC 7541 C.4: three requests with Huffman coding on one connection.
        var first = decode("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff");
        assertEquals("GET", first.method());
        assertEquals("www.example.com", first.authority());
        var second = decode("8286 84be 5886 a8eb 1064 9cbf");
        assertEquals("www.example.com", second.authority());
        assertEquals("no-cache", second.first("cache-control"));
        var third = decode("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf");
        assertEquals("/index.html", third.path());
        assertEquals("custom-value", third.first("custom-key"));
        assertFalse(third.malformed());
    }

    @Test
    void malformedBlocksEndTheConnection() {
        for (String hex :
                List.of(
                        "80", // index 0
                        "be", // beyond the tables
                        "ffffffffffff", // integer without an end
                        "0001", // cut short
                        "0085ffffffffff00", // EOS in a Huffman string
                        "3fe21f", // table of 4097 bytes
                        "8220")) { // size update after a field
            var thrown = assertThrows(ConnectionException.class, () -> decode(hex), () -> hex);
            assertEquals(ErrorCode.COMPRESSION_ERROR, thrown.code);
        }
    }

    @Test
    void whatNettyEncodesIsDecoded() throws Exception {
        long seed = Long.getLong("quorate.seed", System.nanoTime());
        System.out.println("HpackTest seed " + seed);
        Random random = new Random(seed);
        var encoder =
                new DefaultHttp2HeadersEncoder(Http2HeadersEncoder.NEVER_SENSITIVE, false, 64, 0);
        HpackDecoder ours = new HpackDecoder(4096, 1 << 20);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            names.add(name(random));
        }
        for (int round = 0; round < 2_000; round++) {
            var headers = new DefaultHttp2Headers(false);
            List<String> expected = new ArrayList<>();
            for (int i = random.nextInt(12); i > 0; i--) {
                String name = names.get(random.nextInt(names.size()));
                String value = value(random);
                headers.add(name, value);
            }
            headers.forEach(e -> expected.add(e.getKey() + "=" + e.getValue()));
            ByteBuf buffer = Unpooled.buffer();
            encoder.encodeHeaders(3, headers, buffer);
            byte[] block = ByteBufUtil.getBytes(buffer);
            ReceivedHeaders decoded = ours.decode(block, 0, block.length);
            List<String> actual = new ArrayList<>();
            for (int i = 0; i < decoded.size(); i++) {
                actual.add(decoded.name(i) + "=" + decoded.value(i));
            }
            assertEquals(expected, actual, () -> "seed " + seed);
        }
    }

    private static String name(Random random) {
        StringBuilder name = new StringBuilder("x");
        for (int i = random.nextInt(20); i > 0; i--) {
            name.append((char) ('a' + random.nextInt(26)));
        }
        return name.toString();
    }

    /** Any byte may be in a value; few values come back, so that tables are used. */
    private static String value(Random random) {
        if (random.nextBoolean()) {
            return "value " + random.nextInt(50);
        }
        StringBuilder value = new StringBuilder();
        for (int i = random.nextInt(200); i > 0; i--) {
            value.append((char) (1 + random.nextInt(255)));
        }
        return value.toString();
    }

    @Test
    void tableNeverGrowsOverItsLimit() throws ConnectionException {
        HeaderTable table = new HeaderTable(200);
        for (int i = 0; i < 1_000; i++) {
            table.add("name-" + i, "v".repeat(i % 40));
            assertTrue(table.bytes() <= 200);
        }
        table.add("huge", "v".repeat(500));
        assertEquals(0, table.bytes());
        assertThrows(ConnectionException.class, () -> table.name(62));
        table.add("a", "b");
        assertEquals("a", table.name(62));
    }

    @Test
    void listOverTheLimitIsMarkedAndTheTableStaysInStep() throws ConnectionException {
        HpackDecoder small = new HpackDecoder(4096, 100);
        byte[] block =
                HexFormat.of().parseHex("400161" + "0162" + "4001630164" + "40016501" + "66");
        ReceivedHeaders headers = small.decode(block, 0, block.length);
        assertTrue(headers.tooLarge());
        assertEquals(2, headers.size());
        byte[] reference = {(byte) (0x80 | 62)};
        assertEquals("f", small.decode(reference, 0, 1).first("e"));
    }
}
