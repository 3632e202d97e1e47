package io.quorate.engine.grpc;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RangeStreamResponse;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.RangeQuery;
import io.quorate.engine.state.RangeResult;

import java.util.Arrays;

/**
 * One range sent in pieces (KV-25 to KV-30).
 *
 * <p>All pieces are read at the revision at which the first one was (KV-28). The next piece is read
 * when the client has taken what was sent, so a slow client costs one piece of memory. The first
 * piece has few keys; the number doubles or halves until pieces are about as large as a request may
 * be (KV-26).
 *
 * <p>Runs in the call's thread, which gRPC lets do one thing at a time.
 */
final class RangeStreaming implements Runnable {
    private static final long FIRST_KEYS = 10;

    private final Node node;
    private final int pieceBytes;
    private final Answers answers;
    private final ServerCallStreamObserver<RangeStreamResponse> observer;
    private final RangeQuery whole;

    private boolean running;
    private RangeQuery next;

    /** Of the header: the store's when the first piece was read. */
    private long revision;

    /** Keys in the range, and how many of them are still to be sent. */
    private long count;

    private long left;

    /**
     * @param query has been through {@link #check}
     */
    RangeStreaming(
            Node node,
            RangeQuery query,
            int pieceBytes,
            Answers answers,
            ServerCallStreamObserver<RangeStreamResponse> observer) {
        this.node = node;
        this.whole = query;
        this.pieceBytes = pieceBytes;
        this.answers = answers;
        this.observer = observer;
        this.left = query.limit() > 0 ? query.limit() : Long.MAX_VALUE;
        this.next = piece(query.key(), query.revision(), Math.min(FIRST_KEYS, left));
    }

    /** Refuses what cannot be answered piece by piece (KV-29). */
    static RangeQuery check(RangeQuery query) {
        boolean keyOrder =
                query.order() == RangeQuery.Order.NONE
                        || query.order() == RangeQuery.Order.ASCEND
                                && query.sortTarget() == RangeQuery.SortTarget.KEY;
        if (!keyOrder) {
            throw unimplemented("RangeStream does not support custom sort orders");
        }
        if (query.minModRevision() != 0
                || query.maxModRevision() != 0
                || query.minCreateRevision() != 0
                || query.maxCreateRevision() != 0) {
            throw unimplemented("RangeStream does not support revision filters");
        }
        return query;
    }

    private static RuntimeException unimplemented(String text) {
        return Status.UNIMPLEMENTED.withDescription(text).asRuntimeException();
    }

    /** To be called once the state may be read; before that, readiness is ignored. */
    void begin() {
        running = true;
        run();
    }

    /** Sends while the client takes. */
    @Override
    public void run() {
        try {
            while (running && observer.isReady() && !observer.isCancelled()) {
                sendPiece();
            }
        } catch (RuntimeException failure) {
            running = false;
            observer.onError(Failures.status(failure).asRuntimeException());
        }
    }

    private void sendPiece() {
        RangeResult result = node.state().range(next);
        if (revision == 0) {
            revision = result.revision();
            count = result.count();
        }
        left -= result.kvs().size();
        boolean last = !result.more() || left == 0;
        RangeResponse.Builder piece = Answers.keys(result);
        if (last) {
            piece.setHeader(answers.header(revision)).setMore(result.more()).setCount(count);
        }
        RangeResponse message = piece.build();
        observer.onNext(RangeStreamResponse.newBuilder().setRangeResponse(message).build());
        if (last) {
            running = false;
            observer.onCompleted();
        } else {
            next = following(result, message.getSerializedSize());
        }
    }

    private RangeQuery following(RangeResult sent, int bytes) {
        byte[] key = sent.kvs().getLast().key();
        long pinned = whole.revision() > 0 ? whole.revision() : revision;
        // A key and a zero byte is what comes directly after the key.
        return piece(Arrays.copyOf(key, key.length + 1), pinned, keysNear(next.limit(), bytes));
    }

    private long keysNear(long keys, int bytes) {
        long wanted = keys;
        if (bytes < pieceBytes / 2) {
            wanted = keys * 2;
        } else if (bytes > pieceBytes * 2L) {
            wanted = Math.max(1, keys / 2);
        }
        return Math.min(wanted, left);
    }

    private RangeQuery piece(byte[] key, long atRevision, long keys) {
        return new RangeQuery(
                key,
                whole.rangeEnd(),
                keys,
                atRevision,
                RangeQuery.Order.NONE,
                RangeQuery.SortTarget.KEY,
                whole.keysOnly(),
                whole.countOnly(),
                0,
                0,
                0,
                0);
    }
}
