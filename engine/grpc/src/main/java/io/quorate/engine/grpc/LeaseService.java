package io.quorate.engine.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quorate.api.grpc.SendBatch;
import io.quorate.api.proto.LeaseGrantRequest;
import io.quorate.api.proto.LeaseGrantResponse;
import io.quorate.api.proto.LeaseGrpc;
import io.quorate.api.proto.LeaseKeepAliveRequest;
import io.quorate.api.proto.LeaseKeepAliveResponse;
import io.quorate.api.proto.LeaseLeasesRequest;
import io.quorate.api.proto.LeaseLeasesResponse;
import io.quorate.api.proto.LeaseRevokeRequest;
import io.quorate.api.proto.LeaseRevokeResponse;
import io.quorate.api.proto.LeaseStatus;
import io.quorate.api.proto.LeaseTimeToLiveRequest;
import io.quorate.api.proto.LeaseTimeToLiveResponse;
import io.quorate.engine.node.LeaseTime;
import io.quorate.engine.node.Node;
import io.quorate.engine.state.AuthState;
import io.quorate.engine.state.Caller;
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Result;

import java.util.List;
import java.util.Optional;

/** Leases (LE-*). */
final class LeaseService extends LeaseGrpc.LeaseImplBase {
    /** LE-10. */
    private static final long GONE = -1;

    private final Node node;
    private final Callers callers;
    private final Answers answers;

    LeaseService(Node node, Callers callers, Answers answers) {
        this.node = node;
        this.callers = callers;
        this.answers = answers;
    }

    @Override
    public void leaseGrant(LeaseGrantRequest request, StreamObserver<LeaseGrantResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Caller caller = requireUser();
                    Result.LeaseGrant granted =
                            (Result.LeaseGrant)
                                    node.grantLease(request.getID(), request.getTTL(), caller)
                                            .join();
                    return LeaseGrantResponse.newBuilder()
                            .setHeader(answers.header(granted.revision()))
                            .setID(granted.id())
                            .setTTL(granted.ttl())
                            .build();
                });
    }

    @Override
    public void leaseRevoke(
            LeaseRevokeRequest request, StreamObserver<LeaseRevokeResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Command revoke = new Command.LeaseRevoke(request.getID());
                    Result done = node.propose(revoke, requireUser()).join();
                    return LeaseRevokeResponse.newBuilder()
                            .setHeader(answers.header(done.revision()))
                            .build();
                });
    }

    @Override
    public StreamObserver<LeaseKeepAliveRequest> leaseKeepAlive(
            StreamObserver<LeaseKeepAliveResponse> observer) {
        return new KeepAlives((ServerCallStreamObserver<LeaseKeepAliveResponse>) observer);
    }

    @Override
    public void leaseTimeToLive(
            LeaseTimeToLiveRequest request, StreamObserver<LeaseTimeToLiveResponse> observer) {
        Unary.answer(observer, () -> timeToLive(request));
    }

    private LeaseTimeToLiveResponse timeToLive(LeaseTimeToLiveRequest request) {
        Caller caller = requireUser();
        // LE-14
        if (request.getKeys()) {
            callers.auth().requireReads(caller, node.state().leaseKeys(request.getID()));
        }
        Optional<LeaseTime> time = node.leaseTimeToLive(request.getID()).join();
        LeaseTimeToLiveResponse.Builder response =
                LeaseTimeToLiveResponse.newBuilder()
                        .setHeader(answers.header(node.state().revision()))
                        .setID(request.getID())
                        .setTTL(time.map(LeaseTime::left).orElse(GONE))
                        .setGrantedTTL(time.map(LeaseTime::granted).orElse(0L));
        if (request.getKeys()) {
            List<byte[]> keys = node.state().leaseKeys(request.getID());
            // Keys may have come since, and rights gone.
            callers.auth().requireReads(caller, keys);
            callers.auth().requireCurrent(caller);
            keys.forEach(key -> response.addKeys(Bytes.of(key)));
        }
        return response.build();
    }

    @Override
    public void leaseLeases(
            LeaseLeasesRequest request, StreamObserver<LeaseLeasesResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Caller caller = requireUser();
                    LeaseLeasesResponse.Builder response = LeaseLeasesResponse.newBuilder();
                    List<Long> ids = node.leases();
                    requireReads(caller, ids);
                    ids.forEach(id -> response.addLeases(LeaseStatus.newBuilder().setID(id)));
                    return response.setHeader(answers.header(node.state().revision())).build();
                });
    }

    /** SE-93. */
    private Caller requireUser() {
        Caller caller = callers.current();
        callers.auth().requireUser(caller);
        return caller;
    }

    // As etcd: who may not read a key hears of no lease.
    private void requireReads(Caller caller, List<Long> leases) {
        AuthState auth = callers.auth();
        if (!auth.enabled()) {
            return;
        }
        for (long id : leases) {
            auth.requireReads(caller, node.state().leaseKeys(id));
        }
        callers.auth().requireCurrent(caller);
    }

    /** SE-111: who could not write a lease's keys must not keep them alive. */
    private void requireRenewal(long id) {
        if (!callers.auth().enabled()) {
            return;
        }
        Caller caller = requireUser();
        callers.auth().requireWrites(caller, node.state().leaseKeys(id));
        callers.auth().requireCurrent(caller);
    }

    /**
     * One stream that keeps many leases alive (LE-07): each request is answered in its turn. A
     * client that does not take its answers is not read any further.
     */
    private final class KeepAlives implements StreamObserver<LeaseKeepAliveRequest> {
        /** Requests in hand, so that the answers of a burst leave together. */
        private static final int WINDOW = 64;

        private final ServerCallStreamObserver<LeaseKeepAliveResponse> observer;

        /** Requests answered that are not asked for again yet. */
        private int owed;

        private boolean failed;

        KeepAlives(ServerCallStreamObserver<LeaseKeepAliveResponse> observer) {
            this.observer = observer;
            observer.setOnCancelHandler(() -> {});
            observer.setOnReadyHandler(this::ask);
            observer.disableAutoRequest();
            observer.request(WINDOW);
        }

        private void ask() {
            if (owed > 0 && observer.isReady()) {
                observer.request(owed);
                owed = 0;
            }
        }

        @Override
        public void onNext(LeaseKeepAliveRequest request) {
            if (failed) {
                return;
            }
            try {
                LeaseKeepAliveResponse answer = answer(request.getID());
                SendBatch.run(() -> observer.onNext(answer));
                owed++;
                ask();
            } catch (RuntimeException failure) {
                failed = true;
                observer.onError(Failures.status(failure).asRuntimeException());
            }
        }

        /**
         * LE-08: a client that sees the revision of its lease's end never sees it renewed at it.
         */
        private LeaseKeepAliveResponse answer(long id) {
            LeaseKeepAliveResponse.Builder response =
                    LeaseKeepAliveResponse.newBuilder()
                            .setHeader(answers.header(node.state().revision()))
                            .setID(id);
            requireRenewal(id);
            return response.setTTL(node.renewLease(id).join()).build();
        }

        @Override
        public void onError(Throwable gone) {
            // The client is not there any more; its leases live on until they end.
        }

        @Override
        public void onCompleted() {
            if (!failed) {
                observer.onCompleted();
            }
        }
    }
}
