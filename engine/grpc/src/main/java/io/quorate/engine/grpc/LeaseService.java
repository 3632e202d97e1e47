package io.quorate.engine.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
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
import io.quorate.engine.state.Command;
import io.quorate.engine.state.Result;

import java.util.Optional;

/** Leases (LE-*). */
final class LeaseService extends LeaseGrpc.LeaseImplBase {
    /** LE-10. */
    private static final long GONE = -1;

    private final Node node;
    private final Answers answers;

    LeaseService(Node node, Answers answers) {
        this.node = node;
        this.answers = answers;
    }

    @Override
    public void leaseGrant(LeaseGrantRequest request, StreamObserver<LeaseGrantResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Result.LeaseGrant granted =
                            (Result.LeaseGrant)
                                    node.grantLease(request.getID(), request.getTTL()).join();
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
                    Result done = node.propose(new Command.LeaseRevoke(request.getID())).join();
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
        Optional<LeaseTime> time = node.leaseTimeToLive(request.getID()).join();
        LeaseTimeToLiveResponse.Builder response =
                LeaseTimeToLiveResponse.newBuilder()
                        .setHeader(answers.header(node.state().revision()))
                        .setID(request.getID())
                        .setTTL(time.map(LeaseTime::left).orElse(GONE))
                        .setGrantedTTL(time.map(LeaseTime::granted).orElse(0L));
        if (request.getKeys()) {
            node.state().leaseKeys(request.getID()).forEach(key -> response.addKeys(Bytes.of(key)));
        }
        return response.build();
    }

    @Override
    public void leaseLeases(
            LeaseLeasesRequest request, StreamObserver<LeaseLeasesResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    LeaseLeasesResponse.Builder response = LeaseLeasesResponse.newBuilder();
                    node.leases()
                            .forEach(id -> response.addLeases(LeaseStatus.newBuilder().setID(id)));
                    return response.setHeader(answers.header(node.state().revision())).build();
                });
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
                observer.onNext(answer(request.getID()));
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
