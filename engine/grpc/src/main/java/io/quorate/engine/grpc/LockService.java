package io.quorate.engine.grpc;

import io.grpc.stub.StreamObserver;
import io.quorate.api.proto.lock.LockGrpc;
import io.quorate.api.proto.lock.LockRequest;
import io.quorate.api.proto.lock.LockResponse;
import io.quorate.api.proto.lock.UnlockRequest;
import io.quorate.api.proto.lock.UnlockResponse;

/**
 * Locks (LK-*). A lock is held as long as its key is there with the create revision that it had;
 * that revision is a fencing token: a transaction that compares it fails once the lock is lost
 * (T14).
 */
final class LockService extends LockGrpc.LockImplBase {
    private static final byte[] NO_VALUE = {};

    private final Turns turns;
    private final Answers answers;

    LockService(Turns turns, Answers answers) {
        this.turns = turns;
        this.answers = answers;
    }

    @Override
    public void lock(LockRequest request, StreamObserver<LockResponse> observer) {
        Turns.answer(
                observer,
                () -> {
                    Turns.Place place =
                            turns.join(Bytes.of(request.getName()), request.getLease(), NO_VALUE);
                    long revision = place.isFirst() ? place.revision() : await(place);
                    return LockResponse.newBuilder()
                            .setHeader(answers.header(revision))
                            .setKey(Bytes.of(place.key()))
                            .build();
                });
    }

    /** LK-03, LK-05. */
    private long await(Turns.Place place) {
        try (Patience patience = new Patience()) {
            return turns.await(place, patience);
        } catch (Turns.Lost lost) {
            throw Turns.refusal("mutex: session is expired");
        } catch (RuntimeException failure) {
            turns.leave(place, failure);
            throw failure;
        }
    }

    /** LK-04. */
    @Override
    public void unlock(UnlockRequest request, StreamObserver<UnlockResponse> observer) {
        Turns.answer(
                observer,
                () -> {
                    long revision = turns.delete(Bytes.of(request.getKey())).revision();
                    return UnlockResponse.newBuilder().setHeader(answers.header(revision)).build();
                });
    }
}
