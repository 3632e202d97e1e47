package io.quorate.engine.state;

import static io.quorate.engine.state.Requests.all;
import static io.quorate.engine.state.Requests.put;
import static io.quorate.engine.state.Requests.range;
import static io.quorate.engine.state.Requests.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.engine.state.RangeQuery.Order;
import io.quorate.engine.state.RangeQuery.SortTarget;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/** A read in chunks. */
class RangeStreamTest {
    private static final int KEYS = 100;

    private final Story story = new Story();

    @BeforeEach
    void fill() {
        for (int i = 0; i < KEYS; i++) story.put("k%03d".formatted(i), "x".repeat(100));
    }

    @AfterEach
    void close() {
        story.close();
    }

    private List<RangeStream.Chunk> read(Requests.Query query, long targetBytes) {
        List<RangeStream.Chunk> chunks = new ArrayList<>();
        story.state.rangeStream(query.query(), targetBytes).forEachRemaining(chunks::add);
        return chunks;
    }

    private static List<Integer> sizes(List<RangeStream.Chunk> chunks) {
        return chunks.stream().map(chunk -> chunk.part().kvs().size()).toList();
    }

    @Test
    @Tag("KV-25")
    @Tag("KV-26")
    void chunksGrowFromTenTowardsTheTarget() {
        assertEquals(List.of(10, 20, 40, 30), sizes(read(all(), 1 << 20)));
        // 2500 bytes are about 19 of these keys: 20 are near enough.
        assertEquals(List.of(10, 20, 20, 20, 20, 10), sizes(read(all(), 2600)));
        List<Integer> tiny = sizes(read(all(), 1));
        assertEquals(List.of(10, 5, 2, 1, 1), tiny.subList(0, 5));
        assertEquals(KEYS, tiny.stream().mapToInt(Integer::intValue).sum());
    }

    @Test
    @Tag("KV-27")
    void onlyTheLastChunkTellsRevisionAndCount() {
        List<RangeStream.Chunk> chunks = read(all(), 1 << 20);
        for (RangeStream.Chunk chunk : chunks.subList(0, 3)) {
            assertFalse(chunk.last());
            assertEquals(0, chunk.part().revision());
            assertEquals(0, chunk.part().count());
            assertFalse(chunk.part().more());
        }
        assertTrue(chunks.getLast().last());
        assertEquals(KEYS + 1, chunks.getLast().part().revision());
        assertEquals(KEYS, chunks.getLast().part().count());
        assertFalse(chunks.getLast().part().more());
    }

    @Test
    @Tag("KV-27")
    void aLimitLeavesTheCountWhole() {
        List<RangeStream.Chunk> chunks = read(range("k010", "k090").limit(25), 1 << 20);
        assertEquals(List.of(10, 15), sizes(chunks));
        assertTrue(chunks.getLast().part().more());
        assertEquals(80, chunks.getLast().part().count());
        assertEquals(List.of(3), sizes(read(all().limit(3), 1 << 20)));
        assertFalse(read(all().limit(KEYS), 1 << 20).getLast().part().more());
    }

    @Test
    @Tag("KV-28")
    void allChunksAreOfTheFirstOnesRevision() {
        RangeStream stream = story.state.rangeStream(all().query(), 1 << 20);
        stream.next();
        story.apply(Requests.delete("k", "l"));
        story.apply(put("k0105", "new"));
        RangeStream.Chunk chunk = stream.next();
        assertEquals("k010", text(chunk.part().kvs().getFirst().key()));
        while (!chunk.last()) chunk = stream.next();
        assertEquals(KEYS + 1, chunk.part().revision());
        assertEquals(KEYS, chunk.part().count());
        assertFalse(stream.hasNext());
        assertThrows(NoSuchElementException.class, stream::next);
    }

    @Test
    void aReaderThatIsTooSlowLearnsOfTheCompaction() {
        RangeStream stream = story.state.rangeStream(all().query(), 1 << 20);
        stream.next();
        story.put("k", "1");
        story.compact(KEYS + 2);
        EtcdException late = assertThrows(EtcdException.class, stream::next);
        assertEquals(EtcdError.COMPACTED, late.error());
    }

    @Test
    @Tag("KV-30")
    void countOnlyIsOneChunk() {
        List<RangeStream.Chunk> chunks = read(all().countOnly(), 1 << 20);
        assertEquals(1, chunks.size());
        assertEquals(KEYS, chunks.getFirst().part().count());
        assertEquals(KEYS + 1, chunks.getFirst().part().revision());
    }

    @Test
    void anEmptyRangeIsOneChunk() {
        List<RangeStream.Chunk> chunks = read(range("x", "y"), 1 << 20);
        assertEquals(1, chunks.size());
        assertTrue(chunks.getFirst().last());
        assertEquals(KEYS + 1, chunks.getFirst().part().revision());
    }

    @Test
    @Tag("KV-29")
    void sortsAndFiltersAreNotForStreams() {
        assertRefused(EtcdError.STREAM_SORT, all().sort(SortTarget.MOD, Order.ASCEND));
        assertRefused(EtcdError.STREAM_SORT, all().sort(SortTarget.KEY, Order.DESCEND));
        assertRefused(EtcdError.STREAM_FILTERS, all().mod(1, 0));
        assertRefused(EtcdError.KEY_NOT_PROVIDED, range("", "\0"));
        RequestChecks.checkStream(all().sort(SortTarget.KEY, Order.ASCEND).query());
    }

    private static void assertRefused(EtcdError error, Requests.Query query) {
        var refused =
                assertThrows(EtcdException.class, () -> RequestChecks.checkStream(query.query()));
        assertEquals(error, refused.error());
    }
}
