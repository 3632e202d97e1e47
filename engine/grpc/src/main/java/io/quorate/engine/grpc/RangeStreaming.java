package io.quorate.engine.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.quorate.api.proto.RangeResponse;
import io.quorate.api.proto.RangeStreamResponse;
import io.quorate.engine.state.RangeResult;
import io.quorate.engine.state.RangeStream;

/**
 * Sends one range in pieces (KV-25 to KV-30). The next piece is read when the client has taken the
 * one before, so a slow client costs one piece of memory, and one that goes away ends the read.
 *
 * <p>Runs in the call's thread, which gRPC lets do one thing at a time.
 */
final class RangeStreaming implements Runnable {
    private final Answers answers;
    private final ServerCallStreamObserver<RangeStreamResponse> observer;

    /** Null before the state may be read, and after the end. */
    private RangeStream pieces;

    private Runnable lastCheck = () -> {};

    RangeStreaming(Answers answers, ServerCallStreamObserver<RangeStreamResponse> observer) {
        this.answers = answers;
        this.observer = observer;
    }

    /**
     * @param check before the end is told; throws when the client may not have what it was sent
     */
    void begin(RangeStream range, Runnable check) {
        pieces = range;
        lastCheck = check;
        run();
    }

    /** Sends while the client takes. */
    @Override
    public void run() {
        try {
            while (pieces != null && observer.isReady() && !observer.isCancelled()) {
                send(pieces.next());
            }
        } catch (RuntimeException failure) {
            pieces = null;
            observer.onError(Failures.status(failure).asRuntimeException());
        }
    }

    private void send(RangeStream.Chunk chunk) {
        observer.onNext(RangeStreamResponse.newBuilder().setRangeResponse(piece(chunk)).build());
        if (chunk.last()) {
            lastCheck.run();
            pieces = null;
            observer.onCompleted();
        }
    }

    /** KV-27: header, more and count come with the last piece alone. */
    private RangeResponse piece(RangeStream.Chunk chunk) {
        RangeResult part = chunk.part();
        return chunk.last() ? answers.range(part) : Answers.keys(part).build();
    }
}
