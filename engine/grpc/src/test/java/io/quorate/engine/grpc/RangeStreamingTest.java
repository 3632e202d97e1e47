package io.quorate.engine.grpc;

import static io.quorate.engine.grpc.Texts.all;
import static io.quorate.engine.grpc.Texts.assertRefused;
import static io.quorate.engine.grpc.Texts.bytes;
import static io.quorate.engine.grpc.Texts.get;
import static io.quorate.engine.grpc.Texts.put;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quorate.api.proto.RangeRequest;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RangeStreamResponse;
import io.quorate.api.proto.TxnRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Ranges in pieces as a client meets them. */
class RangeStreamingTest {
    private static final int PIECE_BYTES = 16 << 10;
    private static final int VALUE_BYTES = 1 << 10;
    private static final int KEYS = 100;

    private final TestServer server =
            new TestServer(
                    new ServiceSettings(
                            PIECE_BYTES,
                            ServiceSettings.DEFAULT_MAX_TXN_OPS,
                            ServiceSettings.DEFAULT_QUOTA_BYTES,
                            ServiceSettings.DEFAULT_SLOW_CALL,
                            ServiceSettings.DEFAULT_WATCH_PROGRESS_INTERVAL,
                            false,
                            ServiceSettings.DEFAULT_BCRYPT_COST));

    @AfterEach
    void stop() {
        server.close();
        assertFalse(server.failure.isDone(), "the member failed");
    }

    @Test
    @Tag("KV-25")
    @Tag("KV-26")
    @Tag("KV-27")
    void thePiecesTogetherAreTheAnswer() {
        fill(KEYS);
        List<RangeResponse> pieces = stream(all());

        assertTrue(pieces.size() > 3, pieces.size() + " pieces");
        assertEquals(10, pieces.getFirst().getKvsCount());
        for (RangeResponse piece : pieces) {
            assertTrue(piece.getKvsCount() > 0);
            assertTrue(piece.getSerializedSize() <= 2 * (PIECE_BYTES + 2 * VALUE_BYTES));
        }
        for (RangeResponse piece : pieces.subList(0, pieces.size() - 1)) {
            assertFalse(piece.hasHeader());
            assertFalse(piece.getMore());
            assertEquals(0, piece.getCount());
        }
        assertEquals(server.kv.range(all()), merged(pieces));
    }

    @Test
    @Tag("KV-27")
    void aLimitEndsTheStreamWithMore() {
        fill(KEYS);
        RangeRequest some = all().toBuilder().setLimit(33).build();
        RangeResponse merged = merged(stream(some));
        assertEquals(server.kv.range(some), merged);
        assertTrue(merged.getMore());
        assertEquals(KEYS, merged.getCount());
    }

    @Test
    @Tag("KV-28")
    void allPiecesAreReadAtTheRevisionOfTheFirst() {
        fill(KEYS);
        RangeResponse before = server.kv.range(all());
        Iterator<RangeStreamResponse> stream = server.kv.rangeStream(all());
        List<RangeResponse> pieces = new ArrayList<>();
        pieces.add(stream.next().getRangeResponse());

        server.kv.put(put("zz", "written after the first piece"));
        stream.forEachRemaining(piece -> pieces.add(piece.getRangeResponse()));

        assertEquals(before, merged(pieces));
    }

    @Test
    @Tag("KV-29")
    void whatCannotBeAnsweredInPiecesIsNotImplemented() {
        String sort = "RangeStream does not support custom sort orders";
        String filters = "RangeStream does not support revision filters";
        RangeRequest.Builder range = all().toBuilder();
        assertUnimplemented(sort, range.setSortOrder(RangeRequest.SortOrder.DESCEND));
        range.setSortOrder(RangeRequest.SortOrder.ASCEND);
        assertUnimplemented(sort, range.setSortTarget(RangeRequest.SortTarget.MOD));
        range.clear().mergeFrom(all());
        assertUnimplemented(filters, range.setMinModRevision(1));
        assertUnimplemented(filters, range.clearMinModRevision().setMaxModRevision(1));
        assertUnimplemented(filters, range.clearMaxModRevision().setMinCreateRevision(1));
        assertUnimplemented(filters, range.clearMinCreateRevision().setMaxCreateRevision(1));
        assertRefused(
                Status.Code.OUT_OF_RANGE,
                "etcdserver: mvcc: required revision is a future revision",
                () -> stream(get("k").toBuilder().setRevision(9).build()));
    }

    private void assertUnimplemented(String text, RangeRequest.Builder range) {
        assertRefused(Status.Code.UNIMPLEMENTED, text, () -> stream(range.build()));
    }

    @Test
    @Tag("KV-30")
    void aCountIsOnePiece() {
        fill(KEYS);
        List<RangeResponse> pieces = stream(all().toBuilder().setCountOnly(true).build());
        assertEquals(1, pieces.size());
        assertEquals(KEYS, pieces.getFirst().getCount());
        assertEquals(server.kv.range(all()).getHeader(), pieces.getFirst().getHeader());
    }

    @Test
    @Tag("KV-25")
    void anEmptyRangeIsOnePieceWithTheHeader() {
        assertEquals(List.of(server.kv.range(all())), stream(all()));
    }

    /** More than a client buffers, so that the server would have to wait for it. */
    @Test
    @Tag("KV-24")
    void aClientThatGoesAwayStopsTheReading() {
        fill(3000);
        AtomicReference<Iterator<RangeStreamResponse>> stream = new AtomicReference<>();
        Context.CancellableContext call = Context.current().withCancellation();
        call.run(() -> stream.set(server.kv.rangeStream(all())));
        stream.get().next();

        call.cancel(null);

        assertThrows(
                StatusRuntimeException.class, () -> stream.get().forEachRemaining(piece -> {}));
        String cancelled =
                "grpc_server_handled_total{grpc_code=\"Canceled\",grpc_method=\"RangeStream\","
                        + "grpc_service=\"etcdserverpb.KV\",grpc_type=\"server_stream\"} 1\n";
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!server.metricsText().contains(cancelled)) {
            assertTrue(System.nanoTime() < deadline, "the call was not ended");
            Thread.onSpinWait();
        }
        assertEquals(3000, server.kv.range(all()).getCount());
    }

    private void fill(int keys) {
        ByteString value = ByteString.copyFrom(new byte[VALUE_BYTES]);
        for (int first = 0; first < keys; first += KEYS) {
            TxnRequest.Builder some = TxnRequest.newBuilder();
            for (int i = first; i < first + KEYS; i++) {
                some.addSuccessBuilder()
                        .getRequestPutBuilder()
                        .setKey(bytes("key%05d".formatted(i)))
                        .setValue(value);
            }
            server.kv.txn(some.build());
        }
    }

    private List<RangeResponse> stream(RangeRequest range) {
        List<RangeResponse> pieces = new ArrayList<>();
        server.kv.rangeStream(range).forEachRemaining(p -> pieces.add(p.getRangeResponse()));
        return pieces;
    }

    private static RangeResponse merged(List<RangeResponse> pieces) {
        RangeResponse.Builder all = RangeResponse.newBuilder();
        pieces.forEach(all::mergeFrom);
        return all.build();
    }
}
